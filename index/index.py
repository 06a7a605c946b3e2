"""An index: question → hits."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpus import Chunk, Document, Section
from index.analysis import terms
from index.errors import DamagedIndex
from index.fusion import fuse
from index.lexical import Lexical
from index.manifest import Manifest, Recipe
from index.store import Store
from index.vectors import ChunkVectors, SentenceVectors, Vectors

POOL = 100
"""Candidates that each of dense and lexical search puts forward, at least."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that may answer: its fused score (higher is better), its rank from 1, and what it came from.

    `dense` is a cosine, `lexical` a BM25 score; `row` is the chunk's place in the index.
    """

    chunk: Chunk
    score: float
    rank: int
    dense: float
    lexical: float
    row: int


class Index:
    """One course, opened from its folder; reading only, from any number of threads."""

    def __init__(
        self,
        manifest: Manifest,
        store: Store,
        vectors: ChunkVectors,
        sentences: SentenceVectors,
        lexical: Lexical,
    ) -> None:
        self.manifest = manifest
        self._store = store
        self._vectors = vectors
        self._sentences = sentences
        self.lexical = lexical

    @classmethod
    def open(cls, folder: Path, recipe: Recipe | None) -> "Index":
        """Open a build; `recipe` is what this program would build by, `None` to open whatever it was built by.

        Raises:
            UnusableIndex: it is damaged, or was built by another recipe; the message says what to run.
        """
        manifest = Manifest.read(folder)
        if recipe is not None:
            manifest.check(recipe)
        manifest.verify_files(folder)
        try:
            return cls(
                manifest,
                Store(folder),
                ChunkVectors.load(folder / "vectors.faiss"),
                SentenceVectors.load(folder),
                Lexical.load(folder / "lexical"),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedIndex(f"{str(folder)!r} lacks {error}; run `repere build`") from error

    @property
    def document_ids(self) -> Sequence[str]:
        return self._store.document_ids

    def document(self, document_id: str) -> Document:
        """Raises `KeyError` for a document that the course does not have."""
        return self._store.document(document_id)

    def sections(self, document_id: str) -> tuple[Section, ...]:
        return self._store.sections(document_id)

    def document_from(self, path: str) -> str | None:
        """The id of the document that was read from `path` of the course's folder, if one was."""
        return self._store.document_from(path)

    def document_title(self, document_id: str) -> str:
        return self._store.title(document_id)

    def search(self, question: str, vector: Vectors, k: int = 10) -> list[Hit]:
        """The `k` chunks that answer `question` best, best first.

        `vector` is the question's unit vector, float32 [dimensions].
        """
        dense, rows = self._vectors.search(vector, max(k, POOL))
        lexical = self.lexical.scores(terms(question))
        extra = np.setdiff1d(_best(lexical, max(k, POOL)), rows)
        rows = np.concatenate([rows, extra])
        dense = np.concatenate([dense, self._vectors.scores(vector, extra)])
        found = lexical[rows] if len(lexical) else np.zeros_like(dense)
        fused = fuse(dense, found)
        order = np.argsort(-fused, kind="stable")[:k]
        return [
            Hit(
                chunk=self._store.chunk(int(rows[i])),
                score=float(fused[i]),
                rank=rank,
                dense=float(dense[i]),
                lexical=float(found[i]),
                row=int(rows[i]),
            )
            for rank, i in enumerate(order, 1)
        ]

    def sentence_vectors(self, hit: Hit) -> Vectors:
        """Unit vectors of the hit's sentences, float32 [sentences, dimensions]."""
        return self._sentences.of_chunk(hit.row)

    def section_chunks(self, hit: Hit) -> list[Chunk]:
        """All chunks of the section that the hit stands in, in their order."""
        first = last = hit.row
        while first > 0 and self._store.chunk(first - 1).section == hit.chunk.section:
            first -= 1
        while last + 1 < len(self._store) and self._store.chunk(last + 1).section == hit.chunk.section:
            last += 1
        return [self._store.chunk(row) for row in range(first, last + 1)]

    def vectors_by_text(self) -> dict[str, Vectors]:
        """Every encoded text with its vector: what a new build needs not encode again."""
        known: dict[str, Vectors] = {}
        chunk_vectors = self._vectors.reconstruct(np.arange(len(self._store)))
        for row in range(len(self._store)):
            chunk = self._store.chunk(row)
            known[chunk.embedded_text] = chunk_vectors[row]
            shown = (sentence.shown for sentence in chunk.sentences)
            known.update(zip(shown, self._sentences.of_chunk(row), strict=True))
        return known


def _best(scores: Vectors, k: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The rows of the `k` highest scores above 0."""
    rows = np.flatnonzero(scores > 0)
    if len(rows) > k:
        rows = rows[np.argpartition(-scores[rows], k)[:k]]
    return rows.astype(np.int64)
