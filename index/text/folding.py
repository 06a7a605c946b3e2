"""Text without accents and capitals: to look words up, letter for letter, or to know a question again."""

import re
import sys
import unicodedata
from functools import lru_cache

_NO_MARKS = dict.fromkeys(c for c in range(sys.maxunicode + 1) if unicodedata.combining(chr(c)))
_END = re.compile(r"[\s.,;:!?…]+$")


@lru_cache(maxsize=16384)
def fold(text: str) -> str:
    """`text` in small letters without accents; ligatures are written out. Terms are folded by it."""
    lowered = text.lower().replace("œ", "oe").replace("æ", "ae")
    if lowered.isascii():
        return lowered
    return unicodedata.normalize("NFKD", lowered).translate(_NO_MARKS).lower()


def fold_keeping_length(text: str) -> str:
    """`text` in small letters without accents and with straight apostrophes, as long as `text`: what is found in it has
    the same place in the text."""
    return "".join(map(_plain, text))


def same_question_key(question: str) -> str:
    """What is the same for questions that differ in case, spaces, the form of characters and final punctuation."""
    plain = unicodedata.normalize("NFKC", question).replace("’", "'").casefold()
    return " ".join(_END.sub("", plain).split()) or plain


@lru_cache(maxsize=4096)
def _plain(letter: str) -> str:
    return "'" if letter in "’ʼ" else unicodedata.normalize("NFD", letter.lower())[0]
