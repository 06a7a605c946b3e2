"""The encoder alone: milliseconds a question, passages a second."""

import os
from pathlib import Path
from time import perf_counter

from bench.row import QUESTIONS, Row, median, number
from reperage.corpus import MATERIAL, Chunking, read_course, split
from reperage.index.encoder import Encoder

_ROUNDS = 5
_PASSAGES = 200


def measure(corpus: Path | None) -> list[Row]:
    """Questions one by one; passages of `corpus`, else of the shipped course, in the batches of a build."""
    encoder = Encoder.load()
    course = read_course(corpus or MATERIAL / "docker")
    chunks = [chunk for d in course.documents for chunk in split(d, encoder.count_tokens, Chunking()).chunks]
    texts = [chunk.embedded_text for chunk in chunks[:: max(1, len(chunks) // _PASSAGES)]][:_PASSAGES]
    tokens = sum(encoder.count_tokens(texts)) / len(texts)
    encoder.encode_document(texts)
    times: list[float] = []
    rates: list[float] = []
    for _ in range(_ROUNDS):
        for question in QUESTIONS:
            started = perf_counter()
            encoder.encode_query([question])
            times.append(perf_counter() - started)
        started = perf_counter()
        encoder.encode_document(texts)
        rates.append(len(texts) / (perf_counter() - started))
    return [
        Row("the encoder, a question, one thread, p50", f"{median(times) * 1000:.1f} ms"),
        Row(
            f"the encoder, passages of {tokens:.0f} tokens on average, {os.cpu_count()} cores",
            f"{number(median(rates))} a second",
        ),
    ]
