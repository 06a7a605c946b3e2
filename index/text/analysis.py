"""Terms of French text, which BM25 counts: the same for material and question."""

import re
import unicodedata
from functools import lru_cache

import Stemmer

from reperage.corpus.located import INVISIBLE
from reperage.index.text.dictionary import french
from reperage.index.text.folding import fold
from reperage.index.text.word_lists import word_list

VERSION = 2
"""Part of every index's parameters: goes up with each change of the terms that a text gives."""

# What only its marks tell apart: the options `-d` and `--rm`, C++ and C#, the operators `&&` and `=>`.
_EXACT = re.compile(
    r"(?<![\w-])--?[a-z][\w-]*|(?<!\w)[a-z]\w*(?:\+\+|#)(?!\w)|(?:->|=>|<-|!==?|[&|<>=+*/%^~:]{2,3})", re.I
)
_WORD = re.compile(r"[^\W_]+(?:[_.'’-]+[^\W_]+)*")
_PART = re.compile(r"[^\W_]+")
_SEEN = {ord(c): None for c in INVISIBLE} | {ord("ʼ"): "’"}
_ELISION = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|quelqu|presqu)['’]", re.I)

STOP_WORDS = frozenset([*word_list("french", "stop_words"), *word_list("english", "stop_words")])
_SHORTEST_PLURAL = 4
_LETTERS = frozenset("BCDEFGHJKLMNPQRSTUVWXZ")
"""Letters that name something where they are capitals: the language C, not "c'est"."""
_stemmer = Stemmer.Stemmer("french")


def terms(text: str) -> list[str]:
    """The terms of `text` in its order: no elisions, no stop words, stemmed, accents folded after stemming.

    A compound such as `docker-compose.yml` gives its parts and itself. The terms of what only marks tell apart come
    last.
    """
    # A combining accent is no letter and would part its word.
    text = unicodedata.normalize("NFC", text.translate(_SEEN))
    result: list[str] = []
    for match in _WORD.finditer(text):
        result += _word_terms(match.group())
    return [*result, *map(fold, _EXACT.findall(text))]


@lru_cache(maxsize=65536)
def term_set(text: str) -> frozenset[str]:
    """The different terms of `text`; kept, as the same sentences are looked at for many questions."""
    return frozenset(terms(text))


@lru_cache(maxsize=65536)
def _word_terms(word: str) -> tuple[str, ...]:
    while (shorter := _ELISION.sub("", word, count=1)) != word:
        word = shorter
    parts = _PART.findall(word)
    stems = [_stem(part) for part in parts if part in _LETTERS or fold(part) not in STOP_WORDS]
    if stems and len(parts) > 1 and not ("'" in word or "’" in word):
        stems.append(fold(word))
    return tuple(stems)


def _stem(word: str) -> str:
    return fold(_stemmer.stemWord(_singular(unicodedata.normalize("NFC", word))))


def _singular(word: str) -> str:
    """`word` in small letters; in the singular where the dictionary has it: the stemmer takes "permissions" for a verb
    and "noyaux" for the plural of "noyal"."""
    small = word.lower()
    if len(word) < _SHORTEST_PLURAL or not small.endswith(("s", "aux", "eux", "oux")):
        return small
    if word.endswith("s") and word[:-1].isupper():
        return small[:-1]
    candidates = [small[:-1]]
    if small.endswith("aux"):
        candidates += [f"{small[:-2]}il", f"{small[:-2]}l"]
    return next((other for other in candidates if fold(other) in french()), small)
