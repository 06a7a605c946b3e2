"""Runs an application on a real port, and reads what it sends."""

import asyncio
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from threading import Thread

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from reperage.corpus import read_course
from reperage.index.build import BuildResult, build_index
from reperage.index.encoder import Encoder
from reperage.service.app import create_app
from reperage.service.cli.server import new_server
from reperage.service.settings import Settings

REFERENCE = "différence port exposé et port interne"
PROBLEM_MEMBERS = {"type", "title", "status", "detail", "instance"}


@dataclass(frozen=True)
class Served:
    """A running application, where it listens, and a client for it."""

    app: FastAPI
    url: str
    client: httpx.Client

    def ask(self, question: str, **fields: object) -> dict:
        response = self.client.post("/v1/ask", json={"question": question, **fields})
        assert response.status_code == 200, response.text
        return response.json()


@contextmanager
def listening(app: ASGIApp, server: uvicorn.Server | None = None) -> Iterator[str]:
    """`app` on a free port of this machine, in a thread; the address without a slash at the end."""
    # asyncio turns Nagle's algorithm off only where the protocol is named.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    if server is None:
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, ws="none", proxy_headers=False
        )
        server = uvicorn.Server(config)
    look_often(server)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        _until(lambda: server.started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def look_often(server: uvicorn.Server) -> None:
    """Have a server look fifty times a second whether it is to end, where it looks ten times by itself."""

    async def main_loop() -> None:
        looks = 0
        while not await server.on_tick(looks):
            looks += 1
            await asyncio.sleep(0.02)

    server.main_loop = main_loop  # type: ignore[method-assign]


@contextmanager
def serving(settings: Settings, encoder: Encoder) -> Iterator[Served]:
    """The whole service, ready; `encoder` is what it loads, as the shipped model costs seconds each time."""
    app = create_app(settings)
    with ExitStack() as running:
        with loading(encoder):
            url = running.enter_context(listening(app, new_server(app, settings)))
            assert app.state.services.loading.wait(120)
        assert app.state.services.loading.error is None
        yield Served(app, url, running.enter_context(httpx.Client(base_url=url, timeout=60)))


@contextmanager
def loading(encoder: Encoder) -> Iterator[None]:
    """Whatever loads a model meanwhile gets `encoder`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Encoder, "load", lambda *_, **__: encoder)
        yield


def copy_home(home: Path, folder: Path) -> Path:
    """A home in `folder` with the courses of `home`, and nothing of what was asked there."""
    return Path(shutil.copytree(home, folder / "home", ignore=shutil.ignore_patterns("repere.sqlite3*")))


def build_course(home: Path, folder: Path, encoder: Encoder, course: str | None = None) -> BuildResult:
    """Build the documents in `folder` into `home`, as `repere build` would."""
    settings = Settings(home=home)
    return build_index(read_course(folder, course), encoder, settings.recipe, settings.index_roots[0], str(folder))


def assert_problem(response: httpx.Response, status: int) -> dict:
    """The response is the problem details of RFC 9457 with that status; returns them."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body.keys() == PROBLEM_MEMBERS
    assert body["status"] == status
    assert all(isinstance(body[name], str) and body[name].strip() for name in PROBLEM_MEMBERS - {"status"})
    assert "Traceback" not in response.text
    return body


class Page(HTMLParser):
    """What a test wants to know of a page: its tags with their attributes, and the text that is marked as quoted."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.marked = ""
        self.text = ""
        self._marks = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._marks += tag == "mark"

    def handle_endtag(self, tag: str) -> None:
        self._marks -= tag == "mark"

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._marks:
            self.marked += data

    def names(self) -> set[str]:
        return {tag for tag, _ in self.tags}

    def values(self, tag: str, attribute: str) -> list[str | None]:
        return [attributes[attribute] for name, attributes in self.tags if name == tag and attribute in attributes]


def solid(text: str) -> str:
    """`text` without white space and without the bars between the cells of a table's row."""
    return "".join(text.replace(" | ", "").split())


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
