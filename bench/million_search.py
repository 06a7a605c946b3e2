"""Searches a million chunks in a process of its own: `python -m bench.million_search FOLDER` prints one JSON object."""

import json
import os
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

from bench.row import QUESTIONS
from bench.server import resident_mb
from reperage.index.encoder import Encoder
from reperage.index.index import POOL
from reperage.index.lexical import Lexical
from reperage.index.text.analysis import terms
from reperage.index.vectors import ChunkVectors

_ROUNDS = 5


def main() -> None:
    folder = Path(sys.argv[1])
    encoder = Encoder.load()
    queries = np.load(folder / "queries.npy")
    vectors, lexical = ChunkVectors.load(folder / "vectors.faiss"), Lexical.load(folder / "lexical")
    rows: list[list[int]] = []
    dense: list[float] = []
    by_terms: list[float] = []
    for _ in range(_ROUNDS):
        rows = []
        for question, query in zip(QUESTIONS, queries, strict=True):
            encoder.encode_query([question])  # As when it is asked: the model has been through the processor's caches.
            started = perf_counter()
            _, found = vectors.search(query, POOL)
            searched = perf_counter()
            lexical.scores(terms(question))
            by_terms.append(perf_counter() - searched)
            dense.append(searched - started)
            rows.append(found.tolist())
    print(json.dumps({"rows": rows, "dense": dense, "lexical": by_terms, "resident_mb": resident_mb(os.getpid())}))


if __name__ == "__main__":
    main()
