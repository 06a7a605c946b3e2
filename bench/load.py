"""Clients that ask one question after the other, each over its own connection that stays open.

`python -m bench.load PORT CLIENTS SECONDS` prints one JSON object. It is a process of its own and does no more than
it must, as it shares the processor with what it measures.
"""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter

from bench.row import QUESTIONS

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
_LAST_ANSWERS_SECONDS = 30.0


@dataclass(slots=True)
class Load:
    """What the clients saw: seconds that each request took, requests that failed, and seconds in all."""

    latencies: list[float] = field(default_factory=list)
    errors: int = 0
    seconds: float = 0.0

    @property
    def throughput(self) -> float:
        """Good answers a second."""
        return len(self.latencies) / self.seconds


def ask_from(port: int, clients: int, seconds: float) -> Load:
    """Let `clients` ask for `seconds`, from another process."""
    command = [sys.executable, "-m", "bench.load", str(port), str(clients), str(seconds)]
    limit = seconds + 2 * _LAST_ANSWERS_SECONDS
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=limit)
    return Load(**json.loads(done.stdout))


class Client(asyncio.Protocol):
    """One connection: sends a request, waits for its whole response, sends the next."""

    def __init__(self, requests: Sequence[bytes], until: float, load: Load) -> None:
        self._requests = requests
        self._until = until
        self._load = load
        self._sent = 0
        self._sent_at = 0.0
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if body_of(self._received) is None:
            return
        if self._received.startswith(b"HTTP/1.1 200 "):
            self._load.latencies.append(perf_counter() - self._sent_at)
        else:
            self._load.errors += 1
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self._load.errors += 1
            self.done.set_result(None)

    def _send(self) -> None:
        assert self._transport is not None
        if perf_counter() >= self._until:
            self.done.set_result(None)
            self._transport.close()
            return
        self._received = b""
        self._sent_at = perf_counter()
        self._transport.write(self._requests[self._sent % len(self._requests)])
        self._sent += 1


async def run(port: int, clients: int, seconds: float) -> Load:
    """Ask the questions in turn, every client beginning at another one."""
    load = Load()
    loop = asyncio.get_running_loop()
    requests = [request_for(question) for question in QUESTIONS]
    started = perf_counter()
    waiting = []
    for i in range(clients):
        at = i * len(requests) // clients
        client = Client([*requests[at:], *requests[:at]], started + seconds, load)
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
        waiting.append(client.done)
    _, late = await asyncio.wait(waiting, timeout=seconds + _LAST_ANSWERS_SECONDS)
    load.errors += len(late)
    load.seconds = perf_counter() - started
    return load


def request_for(question: str) -> bytes:
    """What is sent to ask `question`."""
    body = json.dumps({"question": question, "course": "docker"}).encode()
    head = f"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def body_of(received: bytes) -> bytes | None:
    """The body of a response; `None` until all of it is there."""
    head = received.find(b"\r\n\r\n")
    length = _LENGTH.search(received, 0, head) if head >= 0 else None
    body = received[head + 4 :]
    return body if length and len(body) >= int(length[1]) else None


def main() -> None:
    port, clients, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    print(json.dumps(asdict(asyncio.run(run(port, clients, seconds)))))


if __name__ == "__main__":
    main()
