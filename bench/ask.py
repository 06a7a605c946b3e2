"""`POST /v1/ask` of a warm `repere serve` on the shipped course, over HTTP on this machine, extractive answers.

One client: rounds of every question, in turn by the encoder alone in the bench's own process and by one connection
that stays open; the median over the rounds of the ratio of both medians.

32 clients: each asks one question after the other, from one process apart, in turn with the same clients at a server
that has one route, which only encodes; the median over the rounds of the ratio of answers a second.
"""

import json
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.load import Load, ask_from, body_of, request_for
from bench.row import QUESTIONS, Row, median, number, percentile
from bench.server import encode_only, repere_serve
from reperage.index.encoder import Encoder

CLIENTS = 32
_ROUNDS = 9
_LOAD_ROUNDS = 5
_LOAD_SECONDS = 5.0


def measure(corpus: Path | None) -> list[Row]:
    """Both budgets; the shipped course is asked, whatever `corpus` is."""
    with TemporaryDirectory() as home, repere_serve(Path(home)) as server, encode_only(Path(home)) as encoding:
        return [*one_client(server.port), *many_clients(server.port, encoding.port)]


def ask(connection: socket.socket, question: str) -> bytes:
    """The body of the response.

    Raises:
        ConnectionError: the server ended.
    """
    connection.sendall(request_for(question))
    received = b""
    while (body := body_of(received)) is None:
        if not (more := connection.recv(65536)):
            raise ConnectionError("the server closed the connection")
        received += more
    return body


def one_client(port: int) -> list[Row]:
    encoder = Encoder.load()
    encoded, asked = [], []
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        statuses = Counter(json.loads(ask(connection, question))["status"] for question in QUESTIONS)
        for question in QUESTIONS:
            encoder.encode_query([question])
        for _ in range(_ROUNDS):
            encoded.append(_median_seconds(lambda question: encoder.encode_query([question])))
            asked.append(_median_seconds(lambda question: ask(connection, question)))
    ratio = median([a / e for a, e in zip(asked, encoded, strict=True)])
    shares = ", ".join(f"{n} {status}" for status, n in statuses.most_common())
    return [
        Row(
            "`POST /v1/ask`, warm, extractive, one client, p50",
            f"{ratio:.2f} × ({median(asked) * 1000:.1f} ms against {median(encoded) * 1000:.1f} ms)",
            "at most 1.5 × the encoder alone on the same questions",
            ratio <= 1.5,
        ),
        Row(f"what the {len(QUESTIONS)} questions of the bench got", shares),
    ]


def many_clients(port: int, encoding_port: int) -> list[Row]:
    for warmed in (port, encoding_port):
        ask_from(warmed, CLIENTS, 1.0)
    asked: list[Load] = []
    encoded: list[Load] = []
    for _ in range(_LOAD_ROUNDS):
        asked.append(ask_from(port, CLIENTS, _LOAD_SECONDS))
        encoded.append(ask_from(encoding_port, CLIENTS, _LOAD_SECONDS))
    ratio = median([a.throughput / e.throughput for a, e in zip(asked, encoded, strict=True)])
    p99 = percentile([seconds for load in asked for seconds in load.latencies], 99) * 1000
    errors = sum(load.errors for load in asked)
    answered, only_encoded = (median([load.throughput for load in loads]) for loads in (asked, encoded))
    return [
        Row(
            f"same, {CLIENTS} clients, throughput",
            f"{ratio:.2f} × ({number(answered)} answers a second against {number(only_encoded)})",
            "at least 0.8 × a route that only encodes, under the same clients",
            ratio >= 0.8,
        ),
        Row(f"same, {CLIENTS} clients, p99", f"{p99:.0f} ms", "under 250 ms", p99 < 250),
        Row(
            f"same, {CLIENTS} clients, errors",
            f"{errors} of {sum(len(load.latencies) for load in asked) + errors:,}",
            "none",
            errors == 0,
        ),
    ]


def _median_seconds(work: Callable[[str], object]) -> float:
    """The median time that `work` takes for a question."""
    times = []
    for question in QUESTIONS:
        started = perf_counter()
        work(question)
        times.append(perf_counter() - started)
    return median(times)
