"""A million chunks on one machine: the time of a search, how much of the exact result it finds, and the memory.

The vectors are mixtures: sentences of the course are encoded, and each of a million vectors is a weighted mean of two
of them with noise, brought to length 1, so that neighbours lie as close as those of real text. The terms of a chunk
are half of those of one real chunk and half of another's. The questions of the bench are the queries; exact search
over the same vectors says what should be found. `ChunkVectors` and `Lexical` build both parts. Then a new process
loads the model, opens both from disk and searches: its resident memory is that of everything but the texts, which stay
on disk.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from bench.material import copied
from bench.row import QUESTIONS, Row, number, percentile
from bench.server import environment
from reperage.corpus import Chunk, Chunking, read_course, split
from reperage.index.encoder import Encoder, Vectors
from reperage.index.lexical import Lexical
from reperage.index.text.analysis import terms
from reperage.index.vectors import ChunkVectors

N = 1_000_000
_K = 10
_NOISE = 0.25
_BLOCK = 50_000


def measure(corpus: Path | None) -> list[Row]:
    """Takes minutes, 4 GB of memory and 1 GB of disk."""
    encoder = Encoder.load()
    chunks = _chunks(encoder, corpus)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lexical = _seconds(lambda: Lexical.build(_term_lists(chunks)).save(folder / "lexical"))
        sentences = encoder.encode_document(list({s.shown: None for chunk in chunks for s in chunk.sentences}))
        vectors = _mixtures(sentences, np.random.default_rng(1))
        # One at a time, as they are asked: the int8 model gives slightly other vectors for texts encoded together.
        queries = np.concatenate([encoder.encode_query([question]) for question in QUESTIONS])
        np.save(folder / "queries.npy", queries)
        exact = _exact(vectors, queries)
        dense = _seconds(lambda v=vectors: ChunkVectors.build(v).save(folder / "vectors.faiss"))  # type: ignore[misc]
        command = [sys.executable, "-m", "bench.million_search", str(folder)]
        done = subprocess.run(command, env=environment(folder), check=True, stdout=subprocess.PIPE)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    seen = json.loads(done.stdout)
    recall = float(
        np.mean([len(set(rows[:_K]) & set(best)) / _K for rows, best in zip(seen["rows"], exact, strict=True)])
    )
    p95 = percentile(seen["dense"], 95) * 1000
    memory = seen["resident_mb"]
    return [
        Row("a million chunks, search of the vectors, p95", f"{p95:.1f} ms", "under 30 ms", p95 < 30),
        Row("a million chunks, recall@10 of exact", f"{recall:.3f}", "at least 0.98", recall >= 0.98),
        Row(
            "a million chunks, memory of the process that searches",
            f"{memory:,.0f} MB" if memory else "n/a on this system",
            "under 3 GB",
            memory < 3000 if memory else None,
        ),
        Row("a million chunks, search of the terms (BM25), p95", f"{percentile(seen['lexical'], 95) * 1000:.1f} ms"),
        Row(
            "a million chunks, building both parts",
            f"vectors {number(dense)} s, terms {number(lexical)} s; {size / 1e9:.1f} GB on disk",
        ),
    ]


def _chunks(encoder: Encoder, corpus: Path | None) -> list[Chunk]:
    with copied(corpus) as folder:
        documents = read_course(folder).documents
        return [chunk for d in documents for chunk in split(d, encoder.count_tokens, Chunking()).chunks]


def _term_lists(chunks: Sequence[Chunk]) -> list[list[str]]:
    """`N` lists of terms, each of two halves."""
    chance = Random(1)
    real = [terms(chunk.embedded_text) for chunk in chunks]

    def half() -> list[str]:
        whole = chance.choice(real)
        at = chance.randrange(2) * (len(whole) // 2)
        return whole[at : at + len(whole) // 2 + 1]

    return [half() + half() for _ in range(N)]


def _mixtures(sentences: Vectors, chance: np.random.Generator) -> Vectors:
    """`N` unit vectors, float32 [N, dimensions]."""
    n, dimensions = sentences.shape
    spread = float(sentences.std(axis=0).mean())
    vectors = np.empty((N, dimensions), dtype=np.float32)
    for at in range(0, N, _BLOCK):
        first, second = sentences[chance.integers(n, size=_BLOCK)], sentences[chance.integers(n, size=_BLOCK)]
        share = chance.uniform(0.5, 1, size=(_BLOCK, 1)).astype(np.float32)
        noise = chance.standard_normal((_BLOCK, dimensions), dtype=np.float32) * _NOISE * spread
        block = share * first + (1 - share) * second + noise
        vectors[at : at + _BLOCK] = block / np.linalg.norm(block, axis=1, keepdims=True)
    return vectors


def _exact(vectors: Vectors, queries: Vectors) -> list[list[int]]:
    """The rows of the `_K` highest inner products with each query."""
    best, found = [], []
    for at in range(0, N, _BLOCK):
        scores = queries @ vectors[at : at + _BLOCK].T
        rows = np.argpartition(-scores, _K, axis=1)[:, :_K]
        best.append(np.take_along_axis(scores, rows, axis=1))
        found.append(rows + at)
    order = np.argsort(-np.concatenate(best, axis=1), axis=1)[:, :_K]
    return [list(row) for row in np.take_along_axis(np.concatenate(found, axis=1), order, axis=1)]


def _seconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started
