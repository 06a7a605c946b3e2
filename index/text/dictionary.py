"""Dictionary of French and English: the words that are spelt right though a course does not hold them."""

import gzip
import json
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import spellchecker

from reperage.index.text.folding import fold

# The lists give 50 to words that a dictionary has and their own texts lack; the rare English ones are too many
# French misspellings ("prot", "memoir").
_LEAST_COUNT = {"fr": 50, "en": 51}


class WordList:
    """A set of words in one block of memory, about 12 bytes a word; looked up in microseconds."""

    def __init__(self, words: Iterable[str]) -> None:
        encoded = sorted({word.encode() for word in words})
        self._ends = array("Q", [0])
        for word in encoded:
            self._ends.append(self._ends[-1] + len(word))
        self._block = b"".join(encoded)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[str]:
        """The words in the order of their code points."""
        return (self._word(i).decode() for i in range(len(self)))

    def __contains__(self, word: str) -> bool:
        encoded = word.encode()
        i = bisect_left(range(len(self)), encoded, key=self._word)
        return i < len(self) and self._word(i) == encoded

    def _word(self, i: int) -> bytes:
        return self._block[self._ends[i] : self._ends[i + 1]]


@cache
def french() -> WordList:
    """The words of French, folded; read once, when the first is asked for."""
    return WordList(_words("fr"))


@cache
def dictionary() -> WordList:
    """The words of French and the usual ones of English, folded; read once, when the first is asked for."""
    return WordList([*french(), *_words("en")])


def _words(language: str) -> Iterator[str]:
    path = Path(spellchecker.__file__).parent / "resources" / f"{language}.json.gz"
    counts: dict[str, int] = json.loads(gzip.decompress(path.read_bytes()))
    return (fold(word) for word, count in counts.items() if count >= _LEAST_COUNT[language])
