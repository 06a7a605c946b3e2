"""French text into the terms that BM25 counts; the same for material and question."""

import re
import sys
import unicodedata
from functools import lru_cache

import Stemmer

VERSION = 1
"""Part of every index's parameters: goes up with each change of the terms that a text gives."""

_WORD = re.compile(r"[^\W_]+(?:[_.'’-]+[^\W_]+)*")
_PART = re.compile(r"[^\W_]+")
_ELISION = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|quelqu|presqu)['’]", re.I)

# Words that stand in every French text and question, accents folded, as they are after elision.
_STOP_WORDS = """
    a afin ai ainsi alors as au aucun aucune aussi autre autres aux avaient avait avec avez avoir avons ayant c ca car
    ce ceci cela celle celles celui cependant ces cet cette ceux chaque chez ci comme comment d dans de des dont donc du
    elle elles en encore entre es est et etaient etait etant etc ete etes etre eu eux fait faire faut font ici il ils j
    je jusque l la laquelle le lequel les lesquelles lesquels leur leurs lors lorsque lui m ma mais me meme memes mes
    moi mon n ne ni nos notre nous on ont or ou par parce pas peu peut peuvent plus plusieurs plutot pour pourquoi
    puis puisque qu quand que quel quelle quelles quels qui quoi quelque quelques s sa sans se sera seront ses si
    soi soient soit son sont sous sur t ta tandis te tel telle telles tels tes toi ton tous tout toute toutes tres
    tu un une vers voici voila vos votre vous y
    koi kel kelle
    the of is are what how which and to in an
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())

_NO_MARKS = dict.fromkeys(c for c in range(sys.maxunicode + 1) if unicodedata.combining(chr(c)))
_stemmer = Stemmer.Stemmer("french")


def terms(text: str) -> list[str]:
    """The terms of `text` in its order: no elisions, no stop words, stemmed, accents folded after stemming.

    A compound such as `docker-compose.yml` gives its parts and itself.
    """
    found: list[str] = []
    # A combining accent is no letter and would part its word.
    for match in _WORD.finditer(unicodedata.normalize("NFC", text)):
        found += _word_terms(match.group())
    return found


@lru_cache(maxsize=65536)
def term_set(text: str) -> frozenset[str]:
    """The different terms of `text`; kept, as the same sentences are looked at for many questions."""
    return frozenset(terms(text))


@lru_cache(maxsize=16384)
def fold(text: str) -> str:
    """`text` in small letters without accents; ligatures are written out."""
    lowered = text.lower().replace("œ", "oe").replace("æ", "ae")
    if lowered.isascii():
        return lowered
    return unicodedata.normalize("NFKD", lowered).translate(_NO_MARKS).lower()


@lru_cache(maxsize=65536)
def _word_terms(word: str) -> tuple[str, ...]:
    while (shorter := _ELISION.sub("", word, count=1)) != word:
        word = shorter
    parts = _PART.findall(word)
    found = [_stem(part) for part in parts if fold(part) not in STOP_WORDS]
    if found and len(parts) > 1 and not ("'" in word or "’" in word):
        found.append(fold(word))
    return tuple(found)


def _stem(word: str) -> str:
    return fold(_stemmer.stemWord(unicodedata.normalize("NFC", word.lower())))
