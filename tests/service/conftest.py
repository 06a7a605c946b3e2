"""The running service, the command line, and courses made for one test."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

Repere = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def server(settings, encoder, tmp_path_factory) -> Iterator:
    """The service on the shipped course, over HTTP. Do not change its home."""
    from tests.service.serving import serving

    database = f"sqlite:///{tmp_path_factory.mktemp('server') / 'state.sqlite3'}"
    own = settings.model_copy(update={"database_url": SecretStr(database), "secret_key": SecretStr("k" * 16)})
    with serving(own, encoder) as served:
        yield served


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server."""
    from tests.service.postgresql import postgresql

    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator:
    """An empty database of either kind."""
    from reperage.service.database.engine import Database
    from tests.service.postgresql import emptied

    if request.param == "sqlite":
        opened = Database(f"sqlite:///{tmp_path / 'state.sqlite3'}")
    else:
        opened = emptied(request.getfixturevalue("postgresql_url"))
    yield opened
    opened.close()


@pytest.fixture
def short_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that ends waits but shortly for a database that cannot be reached."""
    monkeypatch.setattr("reperage.service.conversations.turn_writer._DRAIN_SECONDS", 0.3)


@pytest.fixture
def own_home(home: Path, tmp_path: Path) -> Path:
    """A `REPERE_HOME` of the test's own, with the shipped course in it."""
    return Path(shutil.copytree(home, tmp_path / "own-home"))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What a command runs in: nothing of this process but where programs are."""
    return {
        "PATH": os.environ["PATH"],
        "REPERE_READER": os.environ["REPERE_READER"],
        "HOME": str(tmp_path),
        "HF_HUB_OFFLINE": "1",
        "REPERE_HOME": str(tmp_path / "home"),
    }


def _path() -> str:
    path = Path(sys.executable).with_name("repere")
    assert path.exists(), f"{path} is missing: run `make test`"
    return str(path)


@pytest.fixture(scope="session")
def program() -> str:
    """The path of the command `repere` that belongs to the Python of this run."""
    return _path()


@pytest.fixture(scope="session")
def forked_program() -> Iterator[str]:
    """A program that is `repere` as a process of its own, and has imported already what takes seconds."""
    from tests.service.forking import forking

    # Elsewhere the system's own libraries do not outlive a fork.
    if sys.platform != "linux":
        yield _path()
        return
    with forking() as path:
        yield path


@pytest.fixture
def repere(environment: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest) -> Repere:
    """Runs `repere` with arguments, and settings by name, in this process; never raises."""
    from tests.service.commands import run_command

    def run(*arguments: str | Path, **variables: str | Path) -> subprocess.CompletedProcess[str]:
        return run_command(
            [str(argument) for argument in arguments],
            environment | {name: str(value) for name, value in variables.items()},
            tmp_path,
            lambda: request.getfixturevalue("encoder"),
        )

    return run


@pytest.fixture
def repere_process(forked_program: str, environment: dict[str, str], tmp_path: Path) -> Repere:
    """Runs `repere` as a process of its own; never raises."""

    def run(*arguments: str | Path, **variables: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [forked_program, *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment | {name: str(value) for name, value in variables.items()},
            check=False,
            timeout=120,
        )

    return run
