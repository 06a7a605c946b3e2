"""BM25 over the chunks of a course."""

import logging
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import islice, takewhile
from math import log1p
from pathlib import Path

import bm25s
import numpy as np
from numpy.typing import NDArray

logging.getLogger("bm25s").setLevel(logging.WARNING)  # It sets itself to DEBUG.

K1 = 1.2
B = 0.75
_BEGINNING = 3
_ALIKE = 0.45


class Lexical:
    """BM25 scores with idf as Lucene computes it: log(1 + (N - df + 0.5) / (df + 0.5)).

    Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009; Kamphuis et al.,
    Which BM25 Do You Mean?, 2020, for the variant.
    """

    def __init__(self, bm25: bm25s.BM25 | None, idf: NDArray[np.float32]) -> None:
        self._bm25 = bm25
        self._idf = idf
        chunks = bm25.scores["num_docs"] if bm25 is not None else 0
        self.highest_idf = log1p(2 * chunks + 1)
        """The idf of a term that no chunk holds."""
        self._alike = lru_cache(maxsize=4096)(self._find_alike)

    @classmethod
    def build(cls, texts: Sequence[Sequence[str]]) -> "Lexical":
        """From the terms of each chunk."""
        vocabulary: dict[str, int] = {}
        ids = [[vocabulary.setdefault(term, len(vocabulary)) for term in terms] for terms in texts]
        if not vocabulary:
            return cls(None, np.zeros(0, dtype=np.float32))
        df = np.zeros(len(vocabulary), dtype=np.float64)
        for row in ids:
            df[list(set(row))] += 1
        bm25 = bm25s.BM25(method="lucene", k1=K1, b=B)
        bm25.index((ids, vocabulary), show_progress=False, create_empty_token=False)
        return cls(bm25, np.log1p((len(texts) - df + 0.5) / (df + 0.5)).astype(np.float32))

    def scores(self, terms: Sequence[str]) -> NDArray[np.float32]:
        """The BM25 score of every chunk for a question's terms, float32 [chunks]; empty without any chunk."""
        if self._bm25 is None:
            return np.zeros(0, dtype=np.float32)
        known = [i for term in terms if (i := self._bm25.vocab_dict.get(term)) is not None]
        if not known:
            return np.zeros(self._bm25.scores["num_docs"], dtype=np.float32)
        scores: NDArray[np.float32] = self._bm25.get_scores_from_ids(known)
        return scores

    def idf(self, term: str) -> float | None:
        """How much a term tells; `None` for one that no chunk holds."""
        i = self._bm25.vocab_dict.get(term) if self._bm25 else None
        return None if i is None else float(self._idf[i])

    def alike(self, term: str) -> Mapping[str, float]:
        """The other terms of the course that are written like `term`, and how much, at most 1.

        They begin with the same letters and share trigrams, counted by the coefficient of Dice: forms and derivations
        that the stemmer leaves apart, as `conteneur` and `conteneurisation`. Adamson and Boreham, The use of an
        association measure based on character structure, 1974.
        """
        return self._alike(term)

    def _find_alike(self, term: str) -> Mapping[str, float]:
        beginning = term[:_BEGINNING]
        if len(term) <= _BEGINNING:
            return {}
        own = _trigrams(term)
        first = bisect_left(self._sorted_terms, beginning)
        likeness: dict[str, float] = {}
        for other in takewhile(lambda other: other.startswith(beginning), islice(self._sorted_terms, first, None)):
            others = _trigrams(other)
            dice = 2 * len(own & others) / (len(own) + len(others))
            if dice > _ALIKE and other != term:
                likeness[other] = dice
        return likeness

    @cached_property
    def _sorted_terms(self) -> Sequence[str]:
        return sorted(self._bm25.vocab_dict) if self._bm25 else ()

    def holds(self, term: str, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each of the chunks at `rows` holds `term`, bool [len(rows)]."""
        i = self._bm25.vocab_dict.get(term) if self._bm25 else None
        if self._bm25 is None or i is None:
            return np.zeros(len(rows), dtype=np.bool_)
        start, end = self._bm25.scores["indptr"][i : i + 2]
        holders = self._bm25.scores["indices"][start:end]
        is_holder: NDArray[np.bool_] = holders[np.minimum(np.searchsorted(holders, rows), len(holders) - 1)] == rows
        return is_holder

    def save(self, folder: Path) -> None:
        """Write the arrays into `folder`; nothing but `idf.npy` where there is no term at all."""
        folder.mkdir()
        np.save(folder / "idf.npy", self._idf)
        if self._bm25 is not None:
            self._bm25.save(str(folder), show_progress=False)

    @classmethod
    def load(cls, folder: Path) -> "Lexical":
        """Open what `save` wrote; the arrays stay on disk until they are read."""
        idf = np.load(folder / "idf.npy")
        if not len(idf):
            return cls(None, idf)
        bm25 = bm25s.BM25.load(str(folder), mmap=True, show_progress=False)
        # Slices of numpy's class of mapped arrays are many times slower than those of plain ones.
        plain = {name: np.asarray(bm25.scores[name]) for name in ("data", "indices", "indptr")}
        bm25.scores = {**bm25.scores, **plain}
        return cls(bm25, idf)


def _trigrams(term: str) -> frozenset[str]:
    marked = f"_{term}_"
    return frozenset(marked[i : i + 3] for i in range(len(marked) - 2))
