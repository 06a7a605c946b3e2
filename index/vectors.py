"""Vectors of chunks in FAISS, vectors of sentences in one memory-mapped array."""

from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

EXACT_UP_TO = 100_000
"""Chunks up to which every vector is compared: 150 MB and about 10 ms a question at 384 dimensions."""


class ChunkVectors:
    """Inner products of a question's unit vector with those of the chunks; row `i` is chunk `i`."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def build(cls, vectors: Vectors, exact_up_to: int = EXACT_UP_TO) -> "ChunkVectors":
        """Exact for up to `exact_up_to` vectors, else inverted lists of float16 vectors.

        4 √n lists, of which a tenth is looked into: see docs/benchmarks.md for time and recall. With 8-bit codes
        recall@10 of a million was 0.96 even where a quarter of the lists was looked into.
        """
        n, dimensions = vectors.shape
        if n <= exact_up_to:
            exact = faiss.IndexFlatIP(dimensions)
            exact.add(vectors)
            return cls(exact)
        lists = int(4 * n**0.5)
        index: Any = faiss.index_factory(dimensions, f"IVF{lists},SQfp16", faiss.METRIC_INNER_PRODUCT)
        sample = np.random.default_rng(0).choice(n, size=min(n, 40 * lists), replace=False)
        index.train(vectors[np.sort(sample)])
        index.add(vectors)
        index.nprobe = max(16, lists // 10)
        index.make_direct_map()
        return cls(index)

    def search(self, vector: Vectors, k: int) -> tuple[Vectors, NDArray[np.int64]]:
        """The `k` best chunks: scores and rows, best first; fewer where there are fewer."""
        if self._index.ntotal == 0:
            return np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.int64)
        scores, rows = self._index.search(vector[None], min(k, self._index.ntotal))
        is_hit = rows[0] >= 0
        return scores[0][is_hit], rows[0][is_hit]

    def scores(self, vector: Vectors, rows: NDArray[np.int64]) -> Vectors:
        """The scores of given rows, float32 [len(rows)]."""
        if not len(rows):
            return np.zeros(0, dtype=np.float32)
        return self.reconstruct(rows) @ vector

    def reconstruct(self, rows: NDArray[np.int64]) -> Vectors:
        """The stored vectors of rows, float32 [len(rows), dimensions]."""
        vectors: Vectors = self._index.reconstruct_batch(rows)
        return vectors

    def save(self, path: Path) -> None:
        faiss.write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path) -> "ChunkVectors":
        return cls(faiss.read_index(str(path)))


class HeadingVectors:
    """Unit vectors of the heading lines, float32 [headings, dimensions], and which one each chunk stands under.

    `shared[i]` is the number of sections that stand under heading line `i`.
    """

    def __init__(self, vectors: Vectors, heading_of: NDArray[np.int32], shared: NDArray[np.int32]) -> None:
        self._vectors = vectors
        self._heading_of = heading_of
        self._specific: Vectors = (1 / np.sqrt(np.maximum(shared, 1))).astype(np.float32)

    def scores(self, rows: NDArray[np.int64], vector: Vectors, dense: Vectors) -> Vectors:
        """How well the headings of chunks fit, float32 [len(rows)].

        A heading over one section says what it is about: its own inner product counts. The more sections share
        it, the less it tells them apart, and the more the chunk's own, `dense`, takes its place.
        """
        headings = self._heading_of[rows]
        specific = self._specific[headings]
        mixed: Vectors = specific * (self._vectors[headings] @ vector) + (1 - specific) * dense
        return mixed

    def of_chunk(self, row: int) -> Vectors:
        """The vector of the heading line that a chunk stands under, float32 [dimensions]."""
        vector: Vectors = self._vectors[self._heading_of[row]]
        return vector

    def save(self, folder: Path) -> None:
        np.save(folder / "headings.npy", self._vectors)
        np.save(folder / "heading_rows.npy", self._heading_of)
        np.save(folder / "heading_shares.npy", (1 / self._specific**2).round().astype(np.int32))

    @classmethod
    def load(cls, folder: Path) -> "HeadingVectors":
        vectors = mapped(folder / "headings.npy")
        return cls(vectors, np.load(folder / "heading_rows.npy"), np.load(folder / "heading_shares.npy"))


class SentenceVectors:
    """Unit vectors of every sentence as float16; those of chunk `i` are rows `first[i]` to `first[i + 1]`."""

    def __init__(self, vectors: NDArray[np.float16], first: NDArray[np.int64]) -> None:
        self._vectors = vectors
        self._first = first

    def of_chunk(self, row: int) -> Vectors:
        """The vectors of one chunk's sentences, float32 [sentences, dimensions]."""
        return self._vectors[self._first[row] : self._first[row + 1]].astype(np.float32)

    def best_of_chunks(self, rows: NDArray[np.int64], vector: Vectors, otherwise: Vectors) -> Vectors:
        """The highest inner product of `vector` with a sentence of each chunk, float32 [len(rows)].

        `otherwise` holds what a chunk without a sentence gets.
        """
        firsts, counts = self._first[rows], self._first[rows + 1] - self._first[rows]
        ends = np.cumsum(counts)
        if not len(ends) or not ends[-1]:
            return otherwise
        places = np.arange(ends[-1]) + np.repeat(firsts - (ends - counts), counts)
        scores = self._vectors[places].astype(np.float32) @ vector
        best = otherwise.copy()
        with_sentences = counts > 0
        best[with_sentences] = np.maximum.reduceat(scores, (ends - counts)[with_sentences])
        return best

    def __len__(self) -> int:
        return len(self._vectors)

    def save(self, folder: Path) -> None:
        np.save(folder / "sentences.npy", self._vectors)
        np.save(folder / "sentence_rows.npy", self._first)

    @classmethod
    def load(cls, folder: Path) -> "SentenceVectors":
        vectors = mapped(folder / "sentences.npy")
        return cls(vectors, np.load(folder / "sentence_rows.npy"))


def mapped(path: Path) -> NDArray[Any]:
    """An array that stays on disk until it is read, without the class that makes each slice of one slow."""
    return np.asarray(np.load(path, mmap_mode="r"))
