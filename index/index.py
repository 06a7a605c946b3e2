"""An index of one course: question → hits."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Protocol, overload

import numpy as np
from numpy.typing import NDArray

from reperage.corpus import Chunk, Document, Section
from reperage.index.errors import DamagedIndex
from reperage.index.fusion import Signals, fuse, rank_scores
from reperage.index.lexical import Lexical
from reperage.index.manifest import Manifest, Recipe
from reperage.index.query import Query, in_own_words
from reperage.index.store import Store
from reperage.index.text.vocabulary import Vocabulary
from reperage.index.vectors import ChunkVectors, HeadingVectors, SentenceVectors, Vectors

POOL = 100
"""Candidates that each of dense and lexical search puts forward, at least."""

SHORTLIST = 50
"""How many of them, by the fused score, are looked at sentence by sentence."""


class QuestionEncoder(Protocol):
    """What turns questions into vectors."""

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32 [len(texts), dimensions]."""
        ...


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that may answer: its score (higher is better), its rank from 1, and what it came from.

    `dense` is the chunk's cosine, `lexical` its BM25 score, `sentence` the highest cosine of one of its sentences,
    `coverage` the share of the question's weight whose terms it holds; `row` is its place in the index.
    """

    chunk: Chunk
    score: float
    rank: int
    dense: float
    lexical: float
    sentence: float
    coverage: float
    row: int


@dataclass(frozen=True, slots=True)
class _Pool:
    """The candidates of one question: rows, and scores of each."""

    rows: NDArray[np.int64]
    dense: Vectors
    lexical: Vectors
    fused: Vectors


class _Chunks(Sequence[Chunk]):
    """Chunks at `rows` of a store."""

    def __init__(self, store: Store, rows: range) -> None:
        self._store = store
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> Chunk: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Chunk]: ...
    def __getitem__(self, at: int | slice) -> Chunk | Sequence[Chunk]:
        if isinstance(at, slice):
            return _Chunks(self._store, self._rows[at])
        return self._store.chunk(self._rows[at])


class Index:
    """One course, opened from its folder; reading only, from any number of threads."""

    def __init__(
        self,
        manifest: Manifest,
        store: Store,
        vectors: ChunkVectors,
        headings: HeadingVectors,
        sentences: SentenceVectors,
        lexical: Lexical,
        vocabulary: Vocabulary,
    ) -> None:
        self.manifest = manifest
        self._store = store
        self._vectors = vectors
        self._headings = headings
        self._sentences = sentences
        self._titles = store.chunk_titles
        self.lexical = lexical
        self.vocabulary = vocabulary
        # A question is read at several steps on its way.
        self._query = lru_cache(maxsize=32)(partial(Query.of, lexical=lexical))

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
                HeadingVectors.load(folder),
                SentenceVectors.load(folder),
                Lexical.load(folder / "lexical"),
                Vocabulary.load(folder),
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

    def query(self, question: str) -> Query:
        """The terms of `question` as this course weighs them."""
        return self._query(question)

    def encode(self, question: str, encoder: QuestionEncoder) -> Vectors:
        """The unit vector of `question`, float32 [dimensions], in this course's words."""
        vector: Vectors = encoder.encode_query([in_own_words(question, self.lexical)])[0]
        return vector

    def search(self, question: str, vector: Vectors, k: int = 10) -> list[Hit]:
        """The `k` chunks that answer `question` best, best first.

        `vector` is what `encode` returns.
        """
        query = self.query(question)
        pool = self._pool(query, vector, max(k, POOL))
        by_fused = np.argsort(-pool.fused, kind="stable")
        shortlist, others = by_fused[:SHORTLIST], by_fused[SHORTLIST:k]
        signals = self._signals(query, vector, pool, by_fused[: max(k, SHORTLIST)])
        scores = rank_scores(signals.first(len(shortlist)), pool.rows[shortlist], self._titles)
        # What is not looked at sentence by sentence comes after what is, in the order of the fused score.
        lowest = scores.min(initial=0.0) - pool.fused.max(initial=0.0)
        scores = np.concatenate([scores, lowest + pool.fused[others]])
        return [
            Hit(
                chunk=self._store.chunk(int(pool.rows[by_fused[i]])),
                score=float(scores[i]),
                rank=rank,
                dense=float(signals.dense[i]),
                lexical=float(signals.lexical[i]),
                sentence=float(signals.sentence[i]),
                coverage=float(signals.coverage[i]),
                row=int(pool.rows[by_fused[i]]),
            )
            for rank, i in enumerate(np.argsort(-scores, kind="stable")[:k], 1)
        ]

    def stages(self, question: str, vector: Vectors, k: int) -> dict[str, list[Chunk]]:
        """What each stage of the search would return by itself, by its name; the last, `final`, is `search`."""
        pool = self._pool(self.query(question), vector, max(k, POOL))

        def best(scores: Vectors) -> list[Chunk]:
            order = np.argsort(-scores, kind="stable")[:k]
            return [self._store.chunk(int(pool.rows[i])) for i in order if scores[i] > -np.inf]

        return {
            "dense": best(pool.dense),
            "lexical": best(np.where(pool.lexical > 0, pool.lexical, -np.inf).astype(np.float32)),
            "fused": best(pool.fused),
            "final": [hit.chunk for hit in self.search(question, vector, k)],
        }

    def _pool(self, query: Query, vector: Vectors, size: int) -> _Pool:
        dense, rows = self._vectors.search(vector, size)
        scores = self.lexical.scores(query.stems)
        extra = np.array(sorted({*_best(scores, size).tolist()} - {*rows.tolist()}), dtype=np.int64)
        rows = np.concatenate([rows, extra])
        dense = np.concatenate([dense, self._vectors.scores(vector, extra)])
        lexical = scores[rows] if len(scores) else np.zeros_like(dense)
        return _Pool(rows, dense, lexical, fuse(dense, lexical))

    def _signals(self, query: Query, vector: Vectors, pool: _Pool, candidates: NDArray[np.int64]) -> Signals:
        rows, dense = pool.rows[candidates], pool.dense[candidates]
        coverage = np.zeros(len(rows), dtype=np.float32)
        for i, term in enumerate(query.terms):
            holds = np.logical_or.reduce([self.lexical.holds(stem, rows) for stem in term.stems]).astype(np.float32)
            for stem, worth in term.alike.items():
                np.maximum(holds, np.float32(worth) * self.lexical.holds(stem, rows), out=holds)
            coverage += np.float32(query.share((i,))) * holds
        return Signals(
            dense=dense,
            lexical=pool.lexical[candidates],
            sentence=self._sentences.best_of_chunks(rows, vector, otherwise=dense),
            coverage=coverage,
            heading=self._headings.scores(rows, vector, dense),
        )

    def sentence_vectors(self, hit: Hit) -> Vectors:
        """Unit vectors of the hit's sentences, float32 [sentences, dimensions]."""
        return self._sentences.of_chunk(hit.row)

    def section(self, document_id: str, anchor: str) -> Section | None:
        """The section of a document with this anchor, empty for the text before the first heading."""
        return next((section for section in self._store.sections(document_id) if section.anchor == anchor), None)

    def section_at(self, document_id: str, place: int) -> Section | None:
        """The section that holds the character `place` of a document's text, if one does."""
        return self._store.section_at(document_id, place)

    def section_chunks(self, section: Section) -> Sequence[Chunk]:
        """All chunks of a section in their order, each read when it is asked for."""
        return _Chunks(self._store, self._store.rows(section))

    def vectors_by_text(self) -> dict[str, Vectors]:
        """Every encoded text with its vector: what a new build needs not encode again."""
        vectors: dict[str, Vectors] = {}
        chunk_vectors = self._vectors.reconstruct(np.arange(len(self._store)))
        for row in range(len(self._store)):
            chunk = self._store.chunk(row)
            vectors[chunk.embedded_text] = chunk_vectors[row]
            vectors[chunk.heading] = self._headings.of_chunk(row)
            texts = (chunk.in_context(sentence) for sentence in chunk.sentences)
            vectors.update(zip(texts, self._sentences.of_chunk(row), strict=True))
        return vectors


def _best(scores: Vectors, k: int) -> NDArray[np.int64]:
    """The rows of the `k` highest scores above 0."""
    rows = np.flatnonzero(scores > 0)
    if len(rows) > k:
        rows = rows[np.argpartition(-scores[rows], k)[:k]]
    return rows.astype(np.int64)
