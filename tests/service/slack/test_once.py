"""Every question is answered once: whatever comes twice, whoever dies, and however Slack fails."""

import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import HttpUrl, SecretStr

from reperage.service.background import Lease
from reperage.service.clock import now
from reperage.service.database.engine import Database
from reperage.service.database.slack import (
    Place,
    Question,
    abandoned_questions,
    ask_for_course,
    claim,
    course_of,
    end_question,
    has_spoken,
    is_first,
    purge_slack,
    questions_before,
    renew_question,
    reopen,
    set_course,
)
from reperage.service.slack import lease
from reperage.service.slack import question_worker as module
from reperage.service.slack.incoming import pseudonym
from tests.service.serving import REFERENCE, copy_home
from tests.service.slack.conftest import Bot, Running
from tests.service.slack.platform import ALICE, BRUNO, COURSE, SlackPlatform
from tests.web.running import rows, until

TEAM = "T0SCHOOL01"
LATER = 10_000


def question(ts: str = "100.000001", thread: str | None = None, text: str = REFERENCE) -> Question:
    return Question(Place(TEAM, COURSE, ts), thread or ts, ALICE, pseudonym(TEAM, ALICE), text)


@pytest.fixture
def tables(database: Database) -> Database:
    """An empty database of either kind, with its tables."""
    database.migrate()
    return database


def at_once(work: Callable[[], Any], times: int = 8) -> list[Any]:
    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(work) for _ in range(times)]]


# The claims themselves, in SQLite and in PostgreSQL


def test_one_of_many_has_a_question(tables: Database) -> None:
    asked = question()
    assert [own for own in at_once(partial(claim, tables, asked, LATER, 1)) if own] == [asked]
    assert claim(tables, question("100.000002"), LATER, 1) is not None


def test_one_of_many_takes_up_what_was_left(tables: Database) -> None:
    assert claim(tables, question(), 5, 1)
    assert abandoned_questions(tables, 5, 3) == []
    (left,) = abandoned_questions(tables, 6, 3)
    assert left == question()
    (own,) = [own for own in at_once(partial(claim, tables, left, LATER, 6)) if own]
    assert own.attempts == 2
    assert abandoned_questions(tables, 6, 3) == []
    assert abandoned_questions(tables, LATER + 1, 2) == []


def test_who_lost_a_question_has_no_say_in_it(tables: Database) -> None:
    first = claim(tables, question(), 5, 1)
    assert first
    assert renew_question(tables, first, 5, "100.5")
    second = claim(tables, question(), LATER, 6)
    assert second
    assert (second.reply, second.attempts) == ("100.5", 2)
    assert not renew_question(tables, first, LATER, "100.6")
    end_question(tables, first, "a1", "100.6", 7)
    assert renew_question(tables, second, LATER, "100.7")
    end_question(tables, second, "a2", "100.7", 8)
    assert not renew_question(tables, second, LATER, None)
    assert claim(tables, question(), LATER, LATER + 1) is None


def test_only_what_ended_without_an_answer_is_opened_again(tables: Database) -> None:
    own = claim(tables, question(), LATER, 1)
    assert own
    assert reopen(tables, own.place, LATER) is None
    end_question(tables, own, None, "100.5", 2)
    (again,) = [found for found in at_once(partial(reopen, tables, own.place, LATER)) if found]
    assert again.reply is None
    end_question(tables, again, "a1", "100.6", 3)
    assert reopen(tables, own.place, LATER) is None
    assert reopen(tables, Place(TEAM, COURSE, "no"), LATER) is None


def test_a_thread_remembers_what_was_asked_before(tables: Database) -> None:
    for i in range(1, 5):
        claim(tables, question(f"100.00000{i}", "100.000001", f"Question {i}"), LATER, 1)
    claim(tables, question("100.000009", text="Ailleurs"), LATER, 1)
    assert questions_before(tables, question("100.000004", "100.000001"), 2) == ["Question 2", "Question 3"]
    assert has_spoken(tables, TEAM, COURSE, "100.000001")
    assert not has_spoken(tables, TEAM, "C2", "100.000001")
    assert not has_spoken(tables, "T2", COURSE, "100.000001")


def test_a_course_is_asked_for_once_and_once_more_when_it_is_gone(tables: Database) -> None:
    assert sum(at_once(partial(ask_for_course, tables, TEAM, COURSE, None))) == 1
    set_course(tables, TEAM, COURSE, "docker")
    assert sum(at_once(partial(ask_for_course, tables, TEAM, COURSE, None))) == 0
    assert course_of(tables, TEAM, COURSE) == "docker"
    assert sum(at_once(partial(ask_for_course, tables, TEAM, COURSE, "docker"))) == 1
    assert course_of(tables, TEAM, COURSE) is None


def test_a_name_is_seen_first_once(tables: Database) -> None:
    assert sum(at_once(partial(is_first, tables, "request:1", 1))) == 1


def test_what_is_old_is_removed(tables: Database) -> None:
    for ts, ended_at in (("1.1", 50), ("1.2", 150), ("1.3", None), ("1.4", None)):
        own = claim(tables, question(ts), 50 if ts == "1.3" else 150, 1)
        assert own
        if ended_at:
            end_question(tables, own, None, None, ended_at)
    is_first(tables, "old", 50)
    is_first(tables, "new", 150)
    purge_slack(tables, 100, 100)
    assert [has_spoken(tables, TEAM, COURSE, ts) for ts in ("1.1", "1.2", "1.3", "1.4")] == [False, True, False, True]
    assert (is_first(tables, "old", 200), is_first(tables, "new", 200)) == (True, False)


# What comes twice


def mention(slack: SlackPlatform, text: str = REFERENCE, channel: str = COURSE) -> dict[str, Any]:
    return slack.payloads.app_mention(channel, slack.payloads.mention(text), user=ALICE)


def only_answer(slack: SlackPlatform, payload: dict[str, Any]) -> str:
    """What stands in the thread of a question, which has to be one message."""
    (message,) = slack.replies(payload["event"]["channel"], payload["event"]["ts"])
    return message.text


@pytest.mark.model
def test_what_slack_delivers_again_is_answered_once(bot: Bot, slack: SlackPlatform) -> None:
    asked = mention(slack)
    slack.delay("chat.postMessage", 0.5)
    at = int(time.time())
    bot.deliver(asked, timestamp=at - 2)
    bot.deliver(asked, timestamp=at - 1, retry_num=1)
    bot.ended()
    bot.deliver(asked, timestamp=at, retry_num=2)
    later = mention(slack)
    bot.deliver(later)
    bot.ended(2)
    assert "port exposé" in only_answer(slack, asked)


@pytest.mark.model
def test_a_question_whose_first_delivery_was_lost_is_answered(bot: Bot, slack: SlackPlatform) -> None:
    asked = mention(slack)
    bot.deliver(asked, retry_num=1)
    bot.ended()
    assert "port exposé" in only_answer(slack, asked)


@pytest.mark.model
def test_two_processes_answer_once(running: Running, slack: SlackPlatform, database: Database) -> None:
    url = SecretStr(database.url.render_as_string(hide_password=False))
    asked = [mention(slack, f"{REFERENCE} {i}") for i in range(10)]
    with (
        running(database_url=url) as one,
        running(one.home, database_url=url) as other,
        ThreadPoolExecutor(4) as pool,
    ):
        sent = [
            pool.submit(bot.deliver, payload, timestamp=int(time.time()) - i)
            for payload in asked
            for i, bot in enumerate((one, other, one))
        ]
        for delivery in sent:
            delivery.result()
        slack.wait_for_call("chat.postMessage", 10, timeout=30)
    for payload in asked:
        assert only_answer(slack, payload)
    assert len(slack.calls_of("chat.postMessage")) == 10


# The database


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Nobody else can write to the database meanwhile."""
    with closing(sqlite3.connect(home / "repere.sqlite3", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@pytest.mark.model
def test_without_the_database_slack_comes_again(bot: Bot, slack: SlackPlatform) -> None:
    asked = mention(slack)
    at = int(time.time())
    with locked(bot.home):
        assert bot.send(asked, timestamp=at).status_code == 503
        # A command needs nothing to be written.
        assert "/repere" in bot.command("aide").text
    # The very same request is good: nothing was done for it.
    bot.deliver(asked, timestamp=at, retry_num=1)
    bot.ended()
    assert "port exposé" in only_answer(slack, asked)


@pytest.mark.model
def test_a_command_without_the_database_is_refused_kindly(bot: Bot) -> None:
    (bot.home / "repere.sqlite3").rename(bot.home / "away")
    for path in bot.home.glob("repere.sqlite3-*"):
        path.unlink()
    bot.served.app.state.services.conversations.database.close()
    assert "pour le moment" in bot.command(REFERENCE).text


# Processes that die


def expire(home: Path) -> None:
    """A minute goes by in which nobody holds a question."""
    with closing(sqlite3.connect(home / "repere.sqlite3", timeout=10)) as connection, connection:
        connection.execute("UPDATE slack_questions SET lease_until = 1 WHERE ended_at IS NULL")


@pytest.fixture
def own_home(home: Path, tmp_path: Path) -> Path:
    return copy_home(home, tmp_path)


@pytest.mark.model
def test_what_a_killed_process_left_is_answered_by_the_next(
    running: Running, slack: SlackPlatform, own_home: Path, environment: dict[str, str], forked_program: str
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    given = {
        "REPERE_HOME": str(own_home),
        "REPERE_PORT": url.rpartition(":")[2],
        "REPERE_SLACK_SIGNING_SECRET": slack.app.signing_secret,
        "REPERE_SLACK_BOT_TOKEN": slack.workspace.bot_token,
        "REPERE_SLACK_API_URL": slack.url,
    }
    slack.limit("chat.postMessage", retry_after=100)
    asked = mention(slack)
    request = slack.request(asked)
    process = subprocess.Popen(
        [forked_program, "serve"], env=environment | given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: _is_ready(url), 60)
        response = httpx.post(f"{url}/slack/events", content=request.body, headers=request.headers)
        assert response.status_code == 200
        slack.wait_for_call("chat.postMessage", timeout=20)
    finally:
        process.kill()
        process.wait()
    expire(own_home)
    with running(own_home) as bot:
        bot.ended()
        assert "port exposé" in only_answer(slack, asked)
        assert bot.rows("SELECT attempts FROM slack_questions") == [(2,)]


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def left(home: Path, slack: SlackPlatform, asked: dict[str, Any], reply: str | None) -> None:
    """A process took a question, said `reply`, and died."""
    database = Database(f"sqlite:///{home / 'repere.sqlite3'}")
    database.migrate()
    place = Place(TEAM, COURSE, asked["event"]["ts"])
    own = claim(database, Question(place, place.ts, ALICE, pseudonym(TEAM, ALICE), REFERENCE), 1, 0)
    assert own
    renew_question(database, own, 1, reply)
    database.close()


@pytest.mark.model
def test_an_answer_goes_on_in_the_message_that_stands_there(
    running: Running, slack: SlackPlatform, own_home: Path
) -> None:
    asked = mention(slack)
    thread = asked["event"]["ts"]
    begun = slack.payloads.bot_message(COURSE, "Un port", thread_ts=thread, own=True)["event"]["ts"]
    left(own_home, slack, asked, begun)
    with running(own_home) as bot:
        bot.ended()
        (message,) = slack.replies(COURSE, thread)
        assert message.ts == begun
        assert "port exposé" in message.text
        assert not slack.calls_of("chat.postMessage")
        # Slack's late retry is no new question.
        bot.deliver(asked, retry_num=2)
        bot.ask(COURSE, REFERENCE, user=BRUNO)
        assert len(slack.replies(COURSE, thread)) == 1


@pytest.mark.model
def test_a_retry_takes_up_what_was_left_before_anybody_looks(
    running: Running, slack: SlackPlatform, own_home: Path
) -> None:
    with running(own_home) as bot:
        asked = mention(slack)
        left(own_home, slack, asked, None)
        bot.deliver(asked, retry_num=1)
        bot.ended()
        assert only_answer(slack, asked)


@pytest.mark.model
def test_what_fails_every_time_is_given_up(running: Running, slack: SlackPlatform, own_home: Path) -> None:
    left(own_home, slack, mention(slack), None)
    with closing(sqlite3.connect(own_home / "repere.sqlite3")) as connection, connection:
        connection.execute("UPDATE slack_questions SET attempts = ?", (module.MOST_ATTEMPTS,))
    with running(own_home) as bot:
        bot.ask(COURSE, REFERENCE, user=BRUNO)
        assert len(slack.calls_of("chat.postMessage")) == 1


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes minutes takes a second."""
    monkeypatch.setattr(lease, "LEASE", Lease(1.2))
    monkeypatch.setattr(module, "_SWEEP_SECONDS", 0.2)
    monkeypatch.setattr(module, "_CLOSE_SECONDS", 0.2)


@pytest.mark.model
@pytest.mark.usefixtures("hasty")
def test_a_question_is_held_as_long_as_it_takes(bot: Bot, slack: SlackPlatform) -> None:
    slack.limit("chat.postMessage", retry_after=2)
    asked = mention(slack)
    bot.deliver(asked)
    bot.ended()
    assert only_answer(slack, asked)
    assert bot.rows("SELECT attempts FROM slack_questions") == [(1,)]


@pytest.mark.model
@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("why", ["taken", "unreachable"])
def test_who_lost_a_question_says_nothing(bot: Bot, slack: SlackPlatform, why: str) -> None:
    slack.limit("chat.postMessage", retry_after=2)
    asked = mention(slack)
    bot.deliver(asked)
    slack.wait_for_call("chat.postMessage")
    if why == "taken":  # By a process that is slow itself.
        with closing(sqlite3.connect(bot.home / "repere.sqlite3", timeout=10)) as connection, connection:
            connection.execute("UPDATE slack_questions SET attempts = 9, lease_until = ?", (now() + 60_000,))
        time.sleep(3)
    else:
        with locked(bot.home):
            time.sleep(3)
    assert len(slack.calls_of("chat.postMessage")) == 1


@pytest.mark.model
@pytest.mark.usefixtures("hasty")
def test_what_is_not_answered_at_the_end_is_answered_after_the_next_start(
    running: Running, slack: SlackPlatform
) -> None:
    slack.limit("chat.postMessage", retry_after=100)
    asked = mention(slack)
    with running() as bot:
        bot.deliver(asked)
        slack.wait_for_call("chat.postMessage")
    assert rows(bot.home, "SELECT lease_until, ended_at FROM slack_questions") == [(0, None)]
    with running(bot.home):
        bot.ended()
        assert only_answer(slack, asked)


@pytest.mark.model
def test_an_answer_on_its_way_at_the_end_arrives_once(running: Running, slack: SlackPlatform) -> None:
    slack.delay("chat.postMessage", 1)
    asked = mention(slack)
    with running() as bot:
        bot.deliver(asked)
        until(lambda: bool(slack.calls_of("chat.postMessage")))
    assert only_answer(slack, asked)
    assert rows(bot.home, "SELECT count(ended_at) FROM slack_questions") == [(1,)]


# Slack fails


@pytest.mark.model
@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(("error", "status"), [("service_unavailable", 503), ("internal_error", 500)])
def test_an_answer_that_slack_cannot_take_is_posted_later(
    bot: Bot, slack: SlackPlatform, error: str, status: int
) -> None:
    slack.fail("chat.postMessage", error, 2, status=status)
    asked = mention(slack)
    bot.deliver(asked)
    bot.ended()
    assert "port exposé" in only_answer(slack, asked)
    assert bot.rows("SELECT attempts FROM slack_questions") == [(3,)]


@pytest.mark.model
@pytest.mark.usefixtures("hasty")
def test_an_answer_that_does_not_reach_slack_is_posted_later(
    running: Running, slack: SlackPlatform, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = mention(slack)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with running(slack_api_url=HttpUrl(f"http://127.0.0.1:{closed.getsockname()[1]}/api/")) as bot:
            bot.deliver(asked)
            until(lambda: "slack_unreachable" in capfd.readouterr().out)
    assert not slack.calls
    expire(bot.home)
    with running(bot.home):
        bot.ended()
        assert "port exposé" in only_answer(slack, asked)


@pytest.mark.model
@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("carried_out", [True, False])
def test_an_answer_that_slack_may_have_taken_is_not_posted_again(
    bot: Bot, slack: SlackPlatform, carried_out: bool
) -> None:
    slack.break_off("chat.postMessage", carried_out=carried_out)
    asked = mention(slack)
    bot.deliver(asked, timestamp=int(time.time()) - 1)
    bot.ended()
    bot.deliver(asked, retry_num=1)
    bot.ask(COURSE, REFERENCE, user=BRUNO)
    time.sleep(1.5)
    assert len(slack.replies(COURSE, asked["event"]["ts"])) == carried_out
    assert len(slack.calls_of("chat.postMessage")) == 2


@pytest.mark.model
def test_slack_is_waited_for_as_long_as_it_says(bot: Bot, slack: SlackPlatform) -> None:
    slack.limit("chat.postMessage", 2, retry_after=1)
    asked = mention(slack)
    bot.deliver(asked)
    bot.ended()
    assert "port exposé" in only_answer(slack, asked)
    calls = slack.calls_of("chat.postMessage")
    assert len(calls) == 3
    assert all(later.at - earlier.at >= 1 for earlier, later in pairwise(calls))


@pytest.mark.model
@pytest.mark.parametrize("error", ["token_revoked", "account_inactive"])
def test_a_token_that_is_void_is_used_once_a_question(bot: Bot, slack: SlackPlatform, error: str) -> None:
    slack.revoke(error=error)
    bot.deliver(mention(slack))
    bot.ended()
    assert [call.error for call in slack.calls] == [error]


# What is removed


@pytest.mark.model
def test_what_is_forgotten_of_a_person_is_forgotten_here_too(bot: Bot, slack: SlackPlatform) -> None:
    bot.ask(COURSE, REFERENCE, user=ALICE)
    bot.ask(COURSE, REFERENCE, user=BRUNO)
    bot.ended(2)
    bot.served.app.state.services.conversations.forget(pseudonym(TEAM, ALICE))
    assert bot.rows("SELECT member FROM slack_questions") == [(BRUNO,)]
    assert ALICE not in str(bot.rows("SELECT * FROM conversations"))


@pytest.mark.model
@pytest.mark.parametrize(("days", "kept"), [(7, 1), (0, 2)])
def test_questions_are_kept_as_long_as_conversations_at_most_a_month(
    running: Running, slack: SlackPlatform, days: int, kept: int
) -> None:
    with running() as bot:
        for _ in range(3):
            bot.ask(COURSE, REFERENCE, user=ALICE)
        bot.ended(3)
    with closing(sqlite3.connect(bot.home / "repere.sqlite3")) as connection, connection:
        for i, age in enumerate((6, 8, 31)):
            connection.execute(
                "UPDATE slack_questions SET ended_at = ? WHERE ts = (SELECT ts FROM slack_questions LIMIT 1 OFFSET ?)",
                (now() - age * 86_400_000, i),
            )
    with running(bot.home, retention_days=days):
        until(lambda: bot.rows("SELECT count(*) FROM slack_questions") == [(kept,)])
