"""The registry of who may ask: what it says, and that it says nothing before it was read."""

import asyncio
import gc
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reperage.service.access import registry as module
from reperage.service.access.api_keys import new_key
from reperage.service.access.registry import Registry, RegistryNotRead
from reperage.service.database.engine import Database
from reperage.service.database.keys import all_keys, revoke_key, store_key
from reperage.service.database.lti import Context
from reperage.service.database.sites import add_site
from reperage.service.errors import StateUnavailable
from tests.web.running import until

ORIGIN = "https://cours.example"
QUESTIONS: dict[str, Callable[[Registry], object]] = {
    "courses": lambda registry: registry.courses(ORIGIN),
    "has_keys": lambda registry: registry.has_keys,
    "key": lambda registry: registry.key("0123456789"),
    "platform": lambda registry: registry.platform("moodle"),
    "contexts": lambda registry: registry.contexts.get(Context("moodle", "1", "2")),
    "owners": lambda registry: registry.owners.get("docker"),
}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database without tables, which a start has yet to make."""
    with closing(Database(f"sqlite:///{tmp_path / 'state.sqlite3'}")) as database:
        yield database


@pytest.fixture
def registry(database: Database) -> Iterator[Registry]:
    with closing(Registry(database)) as registry:
        yield registry


def test_every_question_to_the_registry_is_tried_here() -> None:
    others = {"refresh", "read_again", "note_use", "close"}
    assert {name for name in vars(Registry) if not name.startswith("_")} == QUESTIONS.keys() | others


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_before_any_refresh_is_a_fault_of_the_program(registry: Registry, question: str) -> None:
    with pytest.raises(RegistryNotRead):
        QUESTIONS[question](registry)


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_could_never_be_read_is_unknown_and_not_none(
    registry: Registry, database: Database, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TABLES_SECONDS", 0.0)
    with pytest.raises(StateUnavailable, match="cannot be read") as refused:
        asyncio.run(registry.refresh())
    with pytest.raises(StateUnavailable) as unknown:
        QUESTIONS[question](registry)
    assert unknown.value.reason == refused.value.reason == "the database's tables are not up to date yet"
    database.migrate()
    asyncio.run(registry.refresh())
    assert not QUESTIONS[question](registry)  # Now it is known that there is none.


def test_what_was_read_is_told_also_once_the_database_is_gone(
    registry: Registry, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.migrate()
    key, _ = new_key("", "student", None, None)
    store_key(database, key)
    add_site(database, ORIGIN, ["docker"])
    asyncio.run(registry.refresh())
    monkeypatch.setattr(registry, "_database", Database("postgresql://nobody@127.0.0.1:9/none"))
    for _ in range(2):
        assert registry.has_keys
        assert registry.key(key.id) == key
        assert registry.courses(ORIGIN) == {"docker"}
        assert registry.courses("https://nobody.example") is None
        registry.read_again()
        asyncio.run(registry.refresh())


def test_a_database_that_cannot_be_written_still_tells_what_was_revoked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FRESH_SECONDS", 0.0)
    database = Database(f"sqlite:///{tmp_path / 'state.sqlite3'}")
    database.migrate()
    key, _ = new_key("", "student", None, None)
    store_key(database, key)
    registry = Registry(database)

    async def ask() -> tuple[bool, float]:
        begun = time.monotonic()
        await registry.refresh()
        found = registry.key(key.id)
        assert found is not None
        return found.is_good(0), time.monotonic() - begun

    async def work() -> None:
        assert (await ask())[0]
        registry.note_use(key.id, 5)
        revoke_key(database, key.id, 1)
        with closing(sqlite3.connect(tmp_path / "state.sqlite3")) as other:
            other.execute("BEGIN IMMEDIATE")
            for _ in range(3):
                is_good, seconds = await ask()
                assert not is_good
                assert seconds < 0.5
            await asyncio.sleep(1.3)  # The writing gives up, and keeps what it could not write.
            other.rollback()
        await ask()

    asyncio.run(work())
    until(lambda: all_keys(database)[0].used_at == 5, 20)
    registry.close()
    database.close()


def test_what_is_read_too_late_is_taken_over_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FRESH_SECONDS", 0.0)
    monkeypatch.setattr(module, "_WAIT_SECONDS", 0.05)
    database = Database(f"sqlite:///{tmp_path / 'state.sqlite3'}")
    database.migrate()
    key, _ = new_key("", "student", None, None)
    store_key(database, key)
    registry = Registry(database)
    read = registry._read
    told: list[dict] = []

    def slow() -> object:
        time.sleep(0.2)
        if failing:
            raise StateUnavailable("gone")
        return read()

    failing = False

    async def work() -> None:
        nonlocal failing
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        await registry.refresh()
        revoke_key(database, key.id, 1)
        monkeypatch.setattr(registry, "_read", slow)
        await registry.refresh()
        await asyncio.sleep(0.4)
        assert not registry.key(key.id).is_good(0)  # type: ignore[union-attr]
        failing = True
        await registry.refresh()
        await asyncio.sleep(0.4)
        registry._reading = None
        gc.collect()

    asyncio.run(work())
    assert not told
    registry.close()
    database.close()
