"""Terms of French text, which BM25 counts: the same for material and question."""

import re
import unicodedata
from functools import lru_cache

import Stemmer

from reperage.index.text.folding import fold
from reperage.index.text.word_lists import word_list

VERSION = 1
"""Part of every index's parameters: goes up with each change of the terms that a text gives."""

_WORD = re.compile(r"[^\W_]+(?:[_.'’-]+[^\W_]+)*")
_PART = re.compile(r"[^\W_]+")
_ELISION = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|quelqu|presqu)['’]", re.I)

STOP_WORDS = frozenset([*word_list("french", "stop_words"), *word_list("english", "stop_words")])
_stemmer = Stemmer.Stemmer("french")


def terms(text: str) -> list[str]:
    """The terms of `text` in its order: no elisions, no stop words, stemmed, accents folded after stemming.

    A compound such as `docker-compose.yml` gives its parts and itself.
    """
    result: list[str] = []
    # A combining accent is no letter and would part its word.
    for match in _WORD.finditer(unicodedata.normalize("NFC", text)):
        result += _word_terms(match.group())
    return result


@lru_cache(maxsize=65536)
def term_set(text: str) -> frozenset[str]:
    """The different terms of `text`; kept, as the same sentences are looked at for many questions."""
    return frozenset(terms(text))


@lru_cache(maxsize=65536)
def _word_terms(word: str) -> tuple[str, ...]:
    while (shorter := _ELISION.sub("", word, count=1)) != word:
        word = shorter
    parts = _PART.findall(word)
    stems = [_stem(part) for part in parts if fold(part) not in STOP_WORDS]
    if stems and len(parts) > 1 and not ("'" in word or "’" in word):
        stems.append(fold(word))
    return tuple(stems)


def _stem(word: str) -> str:
    return fold(_stemmer.stemWord(unicodedata.normalize("NFC", word.lower())))
