"""A million chunks on one machine: time and recall of the search for vectors, and the memory that it takes.

The vectors are mixtures: sentences of `corpus` (else of the shipped course) are encoded, and each of a million vectors
is a weighted mean of two of them with noise, brought to length 1, so that neighbours lie as close as those of real
text. The questions of the bench are the queries; exact search over the same vectors tells what should be found.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from bench.row import QUESTIONS, Row, percentile
from bench.server import resident_mb
from corpus import MATERIAL, Chunking, read_course, split
from index.encoder import Encoder, Vectors
from index.vectors import ChunkVectors

N = 1_000_000
_K = 10
_QUERIES = 200
_SENTENCES = 20_000
_NOISE = 0.25
_BLOCK = 50_000


def measure(corpus: Path | None) -> list[Row]:
    """Takes minutes: training and filling the index are most of it."""
    encoder = Encoder.load()
    random = np.random.default_rng(1)
    sentences = _sentences(encoder, corpus)
    queries = np.concatenate([encoder.encode_query(list(QUESTIONS)), sentences[random.permutation(len(sentences))]])
    queries = queries[:_QUERIES]
    vectors = _mixtures(sentences, random)
    exact = _exact(vectors, queries)
    with TemporaryDirectory() as folder:
        path = Path(folder, "vectors.faiss")
        started = perf_counter()
        ChunkVectors.build(vectors).save(path)
        built = perf_counter() - started
        size = path.stat().st_size
        del vectors
        before = resident_mb(os.getpid())
        opened = ChunkVectors.load(path)
        after = resident_mb(os.getpid())
        times, found = [], []
        for query in queries:
            started = perf_counter()
            _, rows = opened.search(query, 100)
            times.append(perf_counter() - started)
            found.append(rows[:_K])
    recall = float(np.mean([len(set(f) & set(e)) / _K for f, e in zip(found, exact, strict=True)]))
    p95 = percentile(times, 95) * 1000
    grown = after - before if after and before else None
    return [
        Row("a million chunks, vector search, p95", f"{p95:.1f} ms", "under 30 ms", p95 < 30),
        Row("a million chunks, recall@10 of exact", f"{recall:.3f}", "at least 0.98", recall >= 0.98),
        Row(
            "a million chunks, memory of the opened index",
            f"{grown:.0f} MB" if grown else "not measured on this system",
            "under 3 GB in all",
            grown < 2300 if grown else None,
        ),
        Row("a million chunks, building the vector index, its file", f"{built:.0f} s, {size / 1e6:.0f} MB"),
    ]


def _sentences(encoder: Encoder, corpus: Path | None) -> Vectors:
    course = read_course(corpus or MATERIAL / "docker")
    chunks = [chunk for d in course.documents for chunk in split(d, encoder.count_tokens, Chunking()).chunks]
    texts = list(dict.fromkeys(s.shown for chunk in chunks for s in chunk.sentences))[:_SENTENCES]
    return encoder.encode_document(texts)


def _mixtures(sentences: Vectors, random: np.random.Generator) -> Vectors:
    """`N` unit vectors, float32 [N, dimensions]."""
    n, dimensions = sentences.shape
    spread = float(sentences.std(axis=0).mean())
    vectors = np.empty((N, dimensions), dtype=np.float32)
    for at in range(0, N, _BLOCK):
        first, second = sentences[random.integers(n, size=_BLOCK)], sentences[random.integers(n, size=_BLOCK)]
        share = random.uniform(0.5, 1, size=(_BLOCK, 1)).astype(np.float32)
        noise = random.standard_normal((_BLOCK, dimensions), dtype=np.float32) * _NOISE * spread
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
