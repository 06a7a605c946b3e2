"""A program to measure: in a process of its own, on a free port of this machine, ended with the block."""

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

REPERE = ("-m", "reperage")
"""What Python is given to run the command `repere`."""

_POLL_SECONDS = 0.02
_LONGEST_START = 300.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server that is ready; `start_seconds` is the time from its process's start until it was."""

    port: int
    pid: int
    start_seconds: float


def environment(home: Path) -> dict[str, str]:
    """The environment of a measured process: no settings but the folder to write to."""
    return {k: v for k, v in os.environ.items() if not k.startswith("REPERE_")} | {"REPERE_HOME": str(home)}


@contextmanager
def repere_serve(home: Path) -> Iterator[Server]:
    """`repere serve` with everything that it writes under `home`."""
    port = _free_port()
    with _serving([*REPERE, "serve", "--port", str(port)], port, home) as server:
        yield server


@contextmanager
def encode_only(home: Path) -> Iterator[Server]:
    """The route that only encodes: `bench/encode_only.py`."""
    port = _free_port()
    with _serving(["-m", "bench.encode_only", str(port)], port, home) as server:
        yield server


def resident_mb(pid: int) -> float | None:
    """The resident memory of a process in MB of a million bytes; `None` where the system does not say."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return None
    return next(int(line.split()[1]) * 1024 / 1e6 for line in status.splitlines() if line.startswith("VmRSS:"))


@contextmanager
def _serving(arguments: Sequence[str], port: int, home: Path) -> Iterator[Server]:
    started = perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], env=environment(home), stderr=subprocess.DEVNULL)
    try:
        while not _is_ready(port):
            if process.poll() is not None or perf_counter() - started > _LONGEST_START:
                raise RuntimeError(f"python {' '.join(arguments)} did not start: exit status {process.poll()}")
            sleep(_POLL_SECONDS)
        yield Server(port, process.pid, perf_counter() - started)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
