"""What every test stands on: a clean environment, no network, and the real parts, each made once."""

import gc
import ipaddress
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx._transports.default as httpx_transports
import pytest
import structlog
from hypothesis import settings as hypothesis_settings

# What is imported stays: looking through it again and again takes a fifth of the time until the first test.
gc.disable()

# Before anything else is imported: libraries read these once.
for _name in [name for name in os.environ if name.startswith("REPERE_") and name != "REPERE_TEST_BROWSER"]:
    del os.environ[_name]
# What is about reading asks for the reader; the rest is about something else, and does not wait for it.
os.environ["REPERE_READER"] = "off"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

# The certificates of the whole world, which every client of httpx reads anew, are those of nobody on this machine.
httpx_transports.create_ssl_context = cache(httpx_transports.create_ssl_context)  # type: ignore[attr-defined]

# What structlog does by itself with an error takes seconds: it writes out every local variable, models included.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

if TYPE_CHECKING:
    from reperage.index.encoder import Encoder
    from reperage.index.index import Index
    from reperage.index.manifest import Recipe
    from reperage.service.settings import Settings

# The same examples each time: few where somebody waits for them, many where a change has to pass.
for _profile, _examples in (("development", 25), ("ci", 150)):
    hypothesis_settings.register_profile(
        _profile, max_examples=_examples, deadline=None, derandomize=True, database=None
    )
hypothesis_settings.load_profile("ci" if os.environ.get("CI") else "development")


def at_most(examples: int) -> hypothesis_settings:
    """For a property whose examples take long: so many, or what the profile has if that is less."""
    return hypothesis_settings(max_examples=min(examples, hypothesis_settings.default.max_examples))


MakeCourse = Callable[..., Path]


class _Network:
    """Refuses what leaves this machine and remembers it, because libraries swallow the refusal."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def guard(self, host: Any) -> None:
        if not _is_local(host):
            self.refused.append(str(host))
            raise PermissionError(f"a test reached for the network: {host!r}")


def _is_local(host: Any) -> bool:
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


_network = _Network()
_connect, _connect_ex, _getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo


def _guarded_connect(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        _network.guard(address[0])
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        _network.guard(address[0])
    return _connect_ex(self, address)


def _guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
    _network.guard(host)
    return _getaddrinfo(host, *args, **kwargs)


socket.socket.connect = _guarded_connect  # type: ignore[method-assign]
socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign]
socket.getaddrinfo = _guarded_getaddrinfo


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    yield
    refused, _network.refused = _network.refused, []
    assert not refused, f"this test reached for the network: {refused}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that two processes end together."""
    items.sort(key=lambda item: [item.get_closest_marker(name) is None for name in ("package", "browser")])


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def encoder() -> "Encoder":
    """The shipped model, loaded once."""
    from reperage.index.encoder import Encoder

    return Encoder.load()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, encoder: "Encoder") -> Path:
    """A `REPERE_HOME` in which the shipped course is built. Do not write into it."""
    from reperage.corpus import MATERIAL, read_course
    from reperage.index.build import build_index
    from reperage.service.settings import Settings

    folder = tmp_path_factory.mktemp("home")
    settings = Settings(home=folder)
    course = read_course(MATERIAL / "docker", "docker")
    build_index(course, encoder, settings.recipe, settings.index_roots[0], material="--shipped")
    return folder


@pytest.fixture(scope="session")
def settings(home: Path) -> "Settings":
    from reperage.service.settings import Settings

    return Settings(home=home)


@pytest.fixture(scope="session")
def recipe() -> "Recipe":
    """What the shipped model and the usual chunk sizes build by."""
    from reperage.corpus import Chunking
    from reperage.index.manifest import Recipe
    from reperage.index.models import SHIPPED_MODEL, model_digest

    return Recipe(SHIPPED_MODEL, model_digest(SHIPPED_MODEL), Chunking())


@pytest.fixture(scope="session")
def index(home: Path, recipe: "Recipe") -> "Index":
    """The shipped course's index, open."""
    from reperage.index.builds import current_build
    from reperage.index.index import Index

    folder = current_build(home / "indexes", "docker")
    assert folder is not None
    return Index.open(folder, recipe)


@pytest.fixture
def make_course(tmp_path: Path) -> MakeCourse:
    """Writes a folder of documents from their contents by path; the same name again adds to it."""

    def make(files: Mapping[str, str | bytes], name: str = "cours") -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for path, content in files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    return make
