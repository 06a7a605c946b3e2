"""What is kept of conversations: in memory, in SQLite and in PostgreSQL."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Engine, create_engine, event, insert, text

from reperage.service.caller import Caller
from reperage.service.conversations import conversations as module
from reperage.service.conversations.conversations import MOST_QUESTIONS, Conversations
from reperage.service.database.engine import _MIGRATING, Database, _alembic, database_of
from reperage.service.database.migration_worker import MigrationWorker
from reperage.service.database.tables import CONVERSATIONS, METADATA, REVISION, TURNS
from reperage.service.database.turns import Turn, store
from reperage.service.errors import StartError, StateUnavailable, UnknownConversation
from reperage.service.settings import Settings
from tests.service.answers import answer
from tests.service.postgresql import emptied

ANNE, BRUNO = Caller("anne"), Caller("bruno")


@pytest.fixture
def kept(database: Database) -> Iterator[Conversations]:
    """Conversations that are being written."""
    conversations = started(database)
    yield conversations
    conversations.close()


def started(database: Database, retention_days: int = 0) -> Conversations:
    """Conversations that are being written, and from which what is too old was removed."""
    database.migrate()
    conversations = Conversations(database, retention_days)
    conversations.start()
    writer = conversations._writer
    assert writer is not None
    until(lambda: writer._purge_at > 0)
    return conversations


@contextmanager
def nothing_written(conversations: Conversations) -> Iterator[None]:
    """While the writer writes nothing."""
    assert conversations._writer is not None
    with conversations._writer.nothing_written():
        yield


def until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def written(conversations: Conversations) -> None:
    """Wait until nothing waits to be written."""
    until(lambda: not len(conversations._queue))


def asked(conversations: Conversations, conversation_id: str = "c", course: str = "docker") -> list[str]:
    return list(conversations.earlier(conversation_id, course, ANNE.person))


@contextmanager
def migrating(database: Database) -> Iterator[MigrationWorker]:
    migration = MigrationWorker(database)
    migration.start()
    yield migration
    migration.close()


def given_up(conversations: Conversations) -> None:
    """Let nothing wait, so that closing has nothing to wait for."""
    conversations._queue.remove_where(lambda turn: True)


# In memory


def test_questions_come_back_in_their_order_and_small_talk_does_not() -> None:
    conversations = Conversations()
    assert asked(conversations) == []
    for question in ("un", "deux"):
        conversations.add("anne", answer(question))
        conversations.add("anne", answer("merci", status="small_talk"))
    assert asked(conversations) == ["un", "deux"]
    assert asked(conversations, "autre") == []


def test_only_the_last_questions_are_given() -> None:
    conversations = Conversations()
    for i in range(100):
        conversations.add("anne", answer(str(i)))
    assert asked(conversations) == [str(i) for i in range(100 - MOST_QUESTIONS, 100)]


def test_where_too_many_wait_the_oldest_is_given_up() -> None:
    conversations = Conversations(most_waiting=3)
    for name in "abcad":
        conversations.add("anne", answer(name, conversation_id=name))
    kept = {name: len(asked(conversations, name)) for name in "abcd"}
    assert kept == {"a": 2, "b": 0, "c": 0, "d": 1} or sum(kept.values()) == 3
    assert kept["d"] == 1


def test_threads_lose_no_turn() -> None:
    conversations = Conversations(most_waiting=10_000)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: conversations.add("anne", answer(str(i), str(i % 60))), range(3000)))
    assert sum(len(conversations.read(str(i), ANNE)) for i in range(60)) == 3000


# In a database


def test_a_turn_can_be_read_at_once_and_ever_after(kept: Conversations, database: Database) -> None:
    given = answer("un")
    kept.add("anne", given)
    assert [turn.answer for turn in kept.read("c", ANNE)] == [given]
    written(kept)
    assert [turn.answer for turn in kept.read("c", ANNE)] == [given]
    kept.add("anne", answer("deux"))
    kept.close()
    again = Conversations(database)
    assert [turn.answer.question for turn in again.read("c", ANNE)] == ["un", "deux"]
    assert asked(again) == ["un", "deux"]


def test_what_waits_goes_on_from_what_is_written(kept: Conversations) -> None:
    for i in range(4):
        kept.add("anne", answer(str(i)))
    written(kept)
    kept.add("anne", answer("merci", status="small_talk"))
    with nothing_written(kept):
        kept.add("anne", answer("4"))
        kept.add("anne", answer("5"))
        assert asked(kept) == ["1", "2", "3", "4", "5"]
        assert len(kept.read("c", ANNE)) == 7
    written(kept)
    assert asked(kept) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("is_written", [False, True])
def test_another_s_conversation_is_as_if_there_were_none(kept: Conversations, is_written: bool) -> None:
    kept.add("anne", answer())
    if is_written:
        written(kept)
    for refused in (
        lambda: kept.earlier("c", "docker", "bruno"),
        lambda: kept.earlier("c", "nsi", "anne"),
        lambda: kept.read("c", BRUNO),
        lambda: kept.read("c", Caller("anne", courses=frozenset({"nsi"}))),
        lambda: kept.delete("c", BRUNO),
        lambda: kept.read("nulle-part", ANNE),
    ):
        with pytest.raises(UnknownConversation):
            refused()
    assert len(kept.read("c", ANNE)) == 1


def test_two_people_who_chose_one_name_do_not_share_it(kept: Conversations) -> None:
    with nothing_written(kept):
        kept.add("anne", answer("à moi"))
        kept.add("bruno", answer("et à moi"))
    written(kept)
    assert [turn.answer.question for turn in kept.read("c", ANNE)] == ["à moi"]


@pytest.mark.parametrize("is_written", [False, True])
def test_what_is_removed_stays_removed(kept: Conversations, is_written: bool) -> None:
    for person, name in (("anne", "a"), ("anne", "b"), ("anne", "c"), ("bruno", "d")):
        kept.add(person, answer(conversation_id=name))
    if is_written:
        written(kept)
    kept.delete("a", ANNE)
    with pytest.raises(UnknownConversation):
        kept.read("a", ANNE)
    assert kept.read("b", ANNE)
    kept.forget("anne")
    written(kept)
    for name in "abc":
        with pytest.raises(UnknownConversation):
            kept.read(name, ANNE)
    assert kept.read("d", BRUNO)
    assert kept.database is not None
    with kept.database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM turns")).scalar() == 1


def test_a_name_is_the_person_s_who_asked_with_it_first(kept: Conversations) -> None:
    assert kept.earlier("c", "docker", "anne") == []
    for course, person in (("docker", "bruno"), ("nsi", "anne")):
        with pytest.raises(UnknownConversation):
            kept.earlier("c", course, person)
    kept.add("bruno", answer("bonjour", status="small_talk"))
    kept.add("anne", answer("à moi"))
    assert [turn.answer.question for turn in kept.read("c", ANNE)] == ["à moi"]
    assert [turn.answer.question for turn in kept.read("c", BRUNO)] == ["bonjour"]
    assert asked(kept) == ["à moi"]


def test_an_answer_that_was_on_its_way_does_not_bring_back_what_is_removed(
    kept: Conversations, database: Database
) -> None:
    before = module.now() - 5
    for name in ("a", "b", "c"):
        kept.add("anne", answer(conversation_id=name))
    written(kept)
    elsewhere = Conversations(database)
    elsewhere.delete("a", ANNE)
    elsewhere.forget("bruno")
    time.sleep(0.01)
    kept.add("anne", answer("avant", conversation_id="a"), before)
    kept.add("bruno", answer("avant", conversation_id="d"), before)
    kept.add("anne", answer("avant", conversation_id="b"), before)
    written(kept)
    for name, caller in (("a", ANNE), ("d", BRUNO)):
        with pytest.raises(UnknownConversation):
            kept.read(name, caller)
    assert len(kept.read("b", ANNE)) == 2
    kept.add("anne", answer("après", conversation_id="a"))
    written(kept)
    assert [turn.answer.question for turn in kept.read("a", ANNE)] == ["après"]


def test_of_a_long_conversation_the_last_turns_are_read(kept: Conversations) -> None:
    for i in range(module.MOST_READ + 10):
        kept.add("anne", answer(str(i)))
    written(kept)
    assert [turn.answer.question for turn in kept.read("c", ANNE)] == [str(i) for i in range(10, module.MOST_READ + 10)]
    kept.delete("c", ANNE)
    with pytest.raises(UnknownConversation):
        kept.read("c", ANNE)


def test_a_turn_that_cannot_be_written_does_not_hold_up_the_others(kept: Conversations) -> None:
    with nothing_written(kept):
        for name, question in (("a", "un"), ("b", "un \ud83d"), ("c", "deux")):
            kept.add("anne", answer(question, conversation_id=name))
    written(kept)
    assert len(kept.read("a", ANNE)) == len(kept.read("c", ANNE)) == 1


def test_a_batch_that_is_tried_again_is_written_once(kept: Conversations, database: Database) -> None:
    kept.add("anne", answer())
    written(kept)
    store(database, kept.read("c", ANNE))
    assert len(kept.read("c", ANNE)) == 1


def test_a_conversation_keeps_which_lms_it_was_begun_from(kept: Conversations) -> None:
    kept.add("anne", answer("un"), tenant="school/1")
    written(kept)
    kept.add("anne", answer("deux"))
    written(kept)
    assert [turn.tenant for turn in kept.read("c", ANNE)] == ["school/1", "school/1"]


def test_a_row_that_the_database_refuses_does_not_hold_up_the_others(database: Database) -> None:
    database.migrate()
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE UNIQUE INDEX one_refusal ON turns (status) WHERE status = 'section_empty'")
    conversations = started(database)
    conversations.add("anne", answer(conversation_id="first", status="section_empty"))
    written(conversations)
    with nothing_written(conversations):
        for name, status in (("a", "answered"), ("b", "section_empty"), ("c", "not_in_material")):
            conversations.add("anne", answer(conversation_id=name, status=status))
    written(conversations)
    assert len(conversations.read("a", ANNE)) == len(conversations.read("c", ANNE)) == 1
    with pytest.raises(UnknownConversation):
        conversations.read("b", ANNE)
    conversations.close()


def test_conversations_go_some_days_after_their_last_turn(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    now = module.now()
    conversations = started(database)
    for days, name in ((40, "old"), (40, "going-on"), (20, "going-on"), (0, "new")):
        monkeypatch.setattr(module, "now", lambda days=days: now - days * 86_400_000)
        conversations.add("anne", answer(conversation_id=name))
    monkeypatch.undo()
    conversations.close()
    later = started(database, retention_days=30)
    for name, turns in (("going-on", 2), ("new", 1)):
        assert len(later.read(name, ANNE)) == turns
    with pytest.raises(UnknownConversation):
        later.read("old", ANNE)
    later.close()


def test_the_migrations_make_the_tables_and_may_run_side_by_side(database: Database) -> None:
    assert not database.is_current()

    def migrate(url: str) -> None:
        with closing(Database(url)) as own:
            own.migrate()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, [database.url.render_as_string(hide_password=False)] * 4))
    assert database.is_current()
    with database.reading() as connection:
        assert ScriptDirectory.from_config(_alembic(connection)).get_current_head() == REVISION
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_a_database_of_an_earlier_program_keeps_its_turns(database: Database) -> None:
    given = Turn("anne", 1, answer("un"))
    if database._file:
        database._make(database._file)
    with database.writing() as connection:
        command.upgrade(_alembic(connection), "0001")
        conversation = {"id": "c", "course": "docker", "person": "anne", "begun_at": 1, "last_at": 1}
        turn = {"answer_id": given.answer.id, "conversation_id": "c", "asked_at": 1, "status": given.answer.status}
        turn |= {"standalone_question": given.answer.standalone_question, "answer": given.answer.as_json}
        connection.execute(insert(CONVERSATIONS), [conversation])
        connection.execute(insert(TURNS), [turn])
    assert not database.is_current()
    database.migrate()
    assert database.is_current()
    assert Conversations(database).read("c", ANNE) == [given]
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_readers_and_the_writer_of_sqlite_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'state.sqlite3'}")) as database:
        database.migrate()
        with database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_a_database_of_a_newer_program_is_left_alone(database: Database) -> None:
    database.migrate()
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StateUnavailable) as refused:
        database.migrate()
    assert "newer Repère" in refused.value.reason
    assert not database.is_current()
    with migrating(database) as migration:
        conversations = Conversations(database)
        conversations.start()
        until(lambda: migration.problem is not None)
        assert "newer Repère" in str(migration.problem)
        conversations.add("anne", answer("un"))
        time.sleep(0.5)
        assert [turn.answer.question for turn in conversations._queue.of_conversation("c")] == ["un"]
        given_up(conversations)
        conversations.close()


# What goes wrong


def of_short_limits(url: URL, *, connect_args: dict[str, Any], **more: Any) -> Engine:
    """An engine whose statements have a fifth of the time that they have otherwise."""
    limits = "-c lock_timeout=200 -c statement_timeout=1000"
    return create_engine(url, connect_args=connect_args | {"options": limits}, **more)


def test_tables_are_brought_up_to_date_however_long_that_takes(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    emptied(postgresql_url).close()
    with monkeypatch.context() as hurried:
        hurried.setattr("reperage.service.database.engine.create_engine", of_short_limits)
        database = Database(postgresql_url)
    with ThreadPoolExecutor(1) as pool, database.reading() as other:
        # Longer than a question's statement may wait for a lock, and longer than it may take.
        other.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATING})")
        migrating = pool.submit(database.migrate)
        time.sleep(1.3)
        assert not migrating.done()
        other.rollback()
        migrating.result(10)
    assert database.is_current()
    # What comes after it has the limits again.
    with database.reading() as connection:
        limits = [connection.exec_driver_sql(f"SHOW {name}_timeout").scalar() for name in ("statement", "lock")]
    assert limits == ["1s", "200ms"]
    database.close()
    with closing(Database(postgresql_url)) as usual, usual.reading() as connection:
        limits = [connection.exec_driver_sql(f"SHOW {name}_timeout").scalar() for name in ("statement", "lock")]
    assert limits == ["5s", "1s"]


def test_a_server_that_stops_answering_holds_up_no_question(postgresql_url: str) -> None:
    database = emptied(postgresql_url)
    conversations = started(database)
    conversations.add("anne", answer("un"))
    written(conversations)
    with database.reading() as connection:
        backends = connection.exec_driver_sql(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
        ).scalars()
        stopped = list(backends)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        before = time.monotonic()
        assert asked(conversations) == []
        assert asked(conversations) == []
        assert time.monotonic() - before < 10
        assert "does not answer" in str(conversations.problem)
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    conversations._read_again_at = 0
    assert asked(conversations) == ["un"]
    conversations.close()
    database.close()


def test_while_the_database_is_locked_questions_go_on_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"
    database = Database(f"sqlite:///{path}")
    conversations = started(database)
    conversations.add("anne", answer("avant"))
    written(conversations)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        before = time.monotonic()
        for i in range(50):
            conversations.add("anne", answer(str(i)))
        assert time.monotonic() - before < 1, "a turn waited for the lock"
        assert asked(conversations)[-1] == "49"
        until(lambda: conversations.problem is not None)
        assert "locked" in str(conversations.problem)
        with pytest.raises(StateUnavailable):
            conversations.forget("anne")
        other.execute("ROLLBACK")
    until(lambda: conversations.problem is None)
    conversations.close()
    database.close()
    with closing(Database(f"sqlite:///{path}")) as again:
        questions = [turn.answer.question for turn in Conversations(again).read("c", ANNE)]
    assert questions == ["avant", *map(str, range(50))]


def test_a_full_database_loses_nothing_that_was_written(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'state.sqlite3'}")
    conversations = started(database)
    conversations.add("anne", answer("avant"))
    written(conversations)
    database.close()
    full = lambda connection, _: connection.execute("PRAGMA max_page_count = 1").close()  # noqa: E731
    event.listen(database._engine, "connect", full)
    for i in range(30):
        conversations.add("anne", answer("x" * 2000 + str(i)))
    until(lambda: conversations.problem is not None)
    assert "full" in str(conversations.problem)
    assert conversations.read("c", ANNE)[0].answer.question == "avant"
    event.remove(database._engine, "connect", full)
    database.close()
    until(lambda: conversations.problem is None)
    assert len(conversations.read("c", ANNE)) == 31
    conversations.close()
    database.close()


def test_without_a_database_to_reach_questions_go_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for url in (f"sqlite:///{tmp_path}/file/state.sqlite3", "postgresql://nobody@127.0.0.1:9/none"):
        with closing(Database(url)) as database, migrating(database) as migration:
            conversations = Conversations(database)
            conversations.start()
            conversations.add("anne", answer("un"))
            until(lambda migration=migration: migration.problem is not None)
            assert asked(conversations) == ["un"]
            assert len(conversations.read("c", ANNE)) == 1
            with pytest.raises(StateUnavailable):
                conversations.read("autre", ANNE)
            given_up(conversations)
            conversations.close()


def test_what_is_asked_before_there_are_tables_is_written_once_they_are_made(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "folder"
    folder.write_text("no folder")
    with closing(Database(f"sqlite:///{folder}/state.sqlite3")) as database, migrating(database) as migration:
        conversations = Conversations(database)
        conversations.start()
        conversations.add("anne", answer("un"))
        until(lambda: migration.problem is not None)
        assert "cannot be made" in str(migration.problem)
        folder.unlink()
        written(conversations)
        until(lambda: migration.problem is None)
        assert [turn.answer.question for turn in conversations.read("c", ANNE)] == ["un"]
        conversations.close()
    log = capfd.readouterr().out
    # Once each: who has yet to find the tables leaves it to whoever makes them.
    assert log.count("conversations_not_kept") == log.count("conversations_kept_again") == 1


def test_turns_that_never_found_tables_are_lost_aloud(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with closing(Database(f"sqlite:///{tmp_path}/state.sqlite3")) as database:
        conversations = Conversations(database)
        conversations.start()
        conversations.add("anne", answer("un"))
        begun = time.monotonic()
        conversations.close()
        assert time.monotonic() - begun < 8
    assert "turns_lost" in capfd.readouterr().out
    assert not (tmp_path / "state.sqlite3").exists()


def test_no_database_but_two_kinds() -> None:
    for url, said in (
        ("mysql://localhost/x", "SQLite or PostgreSQL"),
        ("pas une adresse", "no address"),
    ):
        with pytest.raises(StartError, match=said):
            Database(url)
    assert Database("postgresql://u:geheim@host/x").name == "postgresql+psycopg://u:***@host/x"
    assert Database("postgresql://host/x?user=u&password=geheim").name == "postgresql+psycopg://host/x"
    assert database_of(Settings(home=Path("ici"))).url.database == str(Path("ici") / "repere.sqlite3")
