"""The service as a browser meets it: one that can go and come back, and one that writes as a test tells it to."""

import socket
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

import pytest
import uvicorn
from starlette.types import ASGIApp

from reperage.index.encoder import Encoder
from reperage.service.answering.generation import chat_model as generation
from reperage.service.app import create_app
from reperage.service.cli.server import new_server
from reperage.service.settings import Settings
from tests.service.answering.generation.scripted import ScriptedModel, in_pieces, number_of
from tests.service.serving import Served, loading, serving

SENTENCES = (
    "Un port exposé est un port ouvert sur la machine locale [{opened}][{exposed}].",
    "Les ports internes ne sont pas accessibles depuis la machine [{internal}].",
)
"""What the scripted model writes to the reference question, with the numbers of what it is given."""
_CITED = {
    "exposed": "C'est ce que l'on appelle un port exposé",
    "internal": "ports internes",
    "opened": "ouvrant des ports sur la machine",
}


class Slow:
    """A script that writes the first sentence and the beginning of the second, and the rest when it is let go on."""

    def __init__(self) -> None:
        self.go_on = Event()

    def __call__(self, request: str) -> Iterator[str | float]:
        numbers = {name: number_of(request, words) for name, words in _CITED.items()}
        first, second = (sentence.format(**numbers) for sentence in SENTENCES)
        yield from in_pieces(f"{first} {second[:12]}")
        while not self.go_on.is_set():
            yield 0.02
        yield from in_pieces(second[12:])


@contextmanager
def writing(script: Callable[[str], Sequence[str | float] | Iterator[str | float]]) -> Iterator[ScriptedModel]:
    """Whatever service starts meanwhile, and has a chat model, has this one."""
    scripted = ScriptedModel(script)  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generation, "load_chat_model", lambda settings: scripted)
        yield scripted


@contextmanager
def writing_service(home: Path, encoder: Encoder, script: Slow) -> Iterator[tuple[Served, ScriptedModel]]:
    settings = Settings(home=home, chat_model="scripted:one")
    with writing(script) as model, serving(settings, encoder) as served:
        yield served, model


class Restartable:
    """The service on a port of its own, as a process that can die and be started again."""

    def __init__(self, settings: Settings, encoder: Encoder, around: Callable[[ASGIApp], ASGIApp] = lambda app: app):
        """`around` puts something between the application and the network."""
        self._settings, self._encoder, self._around = settings, encoder, around
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._server: uvicorn.Server | None = None
        self._thread: Thread | None = None
        self._listener: socket.socket | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._server is not None:
            self.die()

    def start(self) -> None:
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self._port))
        self._listener.listen()
        app = create_app(self._settings)
        self._server = new_server(self._around(app), self._settings)
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [self._listener]})
        with loading(self._encoder):
            self._thread.start()
            assert app.state.services.loading.wait(120)

    def die(self) -> None:
        """Every connection is cut at once, and nobody listens any more."""
        assert self._server is not None
        assert self._thread is not None
        assert self._listener is not None
        self._listener.close()
        self._server.should_exit = True
        self.cut()
        self._thread.join()
        self._server = None

    def cut(self) -> None:
        """Every connection is cut at once."""
        assert self._server is not None
        for connection in list(self._server.server_state.connections):
            connection.loop.call_soon_threadsafe(connection.transport.abort)


def rows(home: Path, query: str, *values: str) -> list[tuple]:
    """What the service's database in `home` holds."""
    with closing(sqlite3.connect(f"file:{home / 'repere.sqlite3'}?mode=ro", uri=True)) as connection:
        return connection.execute(query, values).fetchall()


def until(is_so: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
