"""Webhooks: what is told to whom, signed, tried again, given up, erased, and never in the way of a question."""

import base64
import json
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event

import pytest
import standardwebhooks
from pydantic import SecretStr
from sqlalchemy import text

from reperage.index.encoder import Encoder
from reperage.service.access.encryption import Encryption
from reperage.service.background import Lease
from reperage.service.caller import Caller
from reperage.service.contract.webhook_events import EventKind
from reperage.service.conversations.conversations import Conversations
from reperage.service.conversations.feedback import rate
from reperage.service.database import webhooks as rows
from reperage.service.database.engine import Database
from reperage.service.database.turns import Turn, remove_conversation, remove_person, store
from reperage.service.database.webhooks import Webhook, all_webhooks, remove_webhook, store_webhook, take_delivery
from reperage.service.errors import StartError, StateUnavailable
from reperage.service.settings import Settings
from reperage.service.webhooks import delivery_worker as module
from reperage.service.webhooks.delivery_attempt import DeliveryAttempt
from reperage.service.webhooks.delivery_worker import DeliveryWorker
from reperage.service.webhooks.signing import PURPOSE, check_url, new_webhook, signature
from tests.service.answers import answer
from tests.service.loopback import Answerer, answering, with_body
from tests.service.serving import REFERENCE, copy_home, serving

ENCRYPTION = Encryption(["k" * 16], PURPOSE)
BOTH: frozenset[EventKind] = frozenset({"question.unanswered", "feedback.given"})
TAKEN = with_body(b"ok", 204)


def until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def receiver() -> Iterator[Answerer]:
    with answering(TAKEN) as opened:
        yield opened


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_POLL_SECONDS", 0.02)
    monkeypatch.setattr(module, "_RETRY_SECONDS", (0,) * 6)
    monkeypatch.setattr(module, "_REST_SECONDS", (0.02, 0.1))


@pytest.fixture
def kept(database: Database) -> Database:
    database.migrate()
    return database


@pytest.fixture
def worker(kept: Database) -> Iterator[DeliveryWorker]:
    """A worker that has yet to start."""
    made = DeliveryWorker(kept, ENCRYPTION)
    yield made
    made.close()


def added(
    database: Database, url: str, events: frozenset[EventKind] = BOTH, courses: frozenset[str] | None = None
) -> tuple[Webhook, str]:
    webhook, secret = new_webhook(url, "", events, courses, ENCRYPTION)
    store_webhook(database, webhook)
    return webhook, secret


def gap(question: str = "C'est quoi Kubernetes ?", at: int | None = None, person: str = "anne", **fields: str) -> Turn:
    at = int(time.time() * 1000) if at is None else at
    return Turn(person, at, answer(question, **({"status": "not_in_material"} | fields)))  # type: ignore[arg-type]


def waiting(database: Database) -> int:
    return sum(count for _, count in all_webhooks(database))


# What is told


def test_a_question_without_an_answer_is_told_signed_as_the_specification_says(
    kept: Database, worker: DeliveryWorker, receiver: Answerer
) -> None:
    _, secret = added(kept, receiver.url("/hooks?a=1"))
    turn = gap("Où est « l'été » ?")
    store(kept, [Turn("anne", 1, answer("un")), turn, Turn("anne", 2, answer("merci", status="small_talk"))])
    worker.start()
    until(lambda: bool(receiver.received) and not waiting(kept))
    [request] = receiver.received
    assert (request.method, request.path) == ("POST", "/hooks?a=1")
    assert request.headers["content-type"] == "application/json"
    body = standardwebhooks.Webhook(secret).verify(request.body, request.headers)
    assert body["type"] == "question.unanswered"
    assert body["data"] == {
        "course": "docker",
        "question": "Où est « l'été » ?",
        "standalone_question": "Où est « l'été » ?",
        "status": "not_in_material",
        "answer_id": turn.answer.id,
        "asked_at": body["timestamp"],
    }
    assert body["timestamp"].endswith("Z")
    assert b"anne" not in request.body
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(secret).verify(request.body + b" ", request.headers)
    time.sleep(0.2)
    assert len(receiver.received) == 1


def test_an_opinion_is_told_each_time_it_is_given(kept: Database, worker: DeliveryWorker, receiver: Answerer) -> None:
    _, secret = added(kept, receiver.url())
    conversations = Conversations(kept)
    given = answer("un")
    store(kept, [Turn("anne", 1, given)])
    for rating in ("down", "missing"):
        rate(conversations, given.id, Caller("anne"), rating, "Il manque « tout »")
    worker.start()
    until(lambda: len(receiver.received) == 2)
    bodies = [standardwebhooks.Webhook(secret).verify(one.body, one.headers) for one in receiver.received]
    assert [body["data"]["rating"] for body in bodies] == ["down", "missing"]
    expected = {"course": "docker", "answer_id": given.id, "question": "un", "rating": "down"}
    assert bodies[0]["data"] == expected | {"reason": "Il manque « tout »"}
    assert bodies[0]["type"] == "feedback.given"
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 2


def test_each_is_told_what_it_wants(kept: Database, worker: DeliveryWorker, receiver: Answerer) -> None:
    added(kept, receiver.url("/feedback"), frozenset({"feedback.given"}))
    added(kept, receiver.url("/other"), courses=frozenset({"other"}))
    added(kept, receiver.url("/docker"), courses=frozenset({"docker", "x"}))
    added(kept, receiver.url("/all"))
    store(kept, [gap(status="section_empty")])
    worker.start()
    until(lambda: len(receiver.received) == 2)
    time.sleep(0.2)
    assert {request.path for request in receiver.received} == {"/docker", "/all"}


def test_a_turn_that_is_written_again_is_told_once(kept: Database, receiver: Answerer) -> None:
    added(kept, receiver.url())
    turn = gap()
    for _ in range(3):
        store(kept, [turn])
    store(kept, [turn, gap("autre")])
    assert waiting(kept) == 2


def test_our_signature_is_the_specification_s() -> None:
    secret = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
    from datetime import UTC, datetime

    at = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)
    theirs = standardwebhooks.Webhook(secret).sign("msg_x", at, '{"é": 1}')
    assert signature(secret, "msg_x", int(at.timestamp()), '{"é": 1}'.encode()) == theirs


def test_a_secret_has_the_specification_s_form_and_is_kept_encrypted(kept: Database) -> None:
    webhook, secret = added(kept, "https://lms.example/hook")
    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) <= 64
    [(found, _)] = all_webhooks(kept)
    assert found == webhook
    assert secret not in repr(found) + found.secret
    assert ENCRYPTION.decrypt(found.secret) == secret


# Where it is not taken


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 429, 500, 503])
def test_what_is_not_taken_is_sent_again_as_the_same_message(
    kept: Database, worker: DeliveryWorker, receiver: Answerer, status: int
) -> None:
    _, secret = added(kept, receiver.url())
    with answering(TAKEN) as elsewhere:
        receiver.answer = with_body(b"", status, Location=elsewhere.url())
        store(kept, [gap()])
        worker.start()
        until(lambda: len(receiver.received) >= 2)
        receiver.answer = TAKEN
        until(lambda: not waiting(kept))
        assert not elsewhere.received
    assert len({request.headers["webhook-id"] for request in receiver.received}) == 1
    for request in receiver.received:
        standardwebhooks.Webhook(secret).verify(request.body, request.headers)


def test_after_the_last_try_it_is_given_up(kept: Database, worker: DeliveryWorker, receiver: Answerer) -> None:
    added(kept, receiver.url())
    receiver.answer = with_body(b"", 500)
    store(kept, [gap()])
    worker.start()
    until(lambda: not waiting(kept))
    assert len(receiver.received) == 7
    # The next one is tried again.
    receiver.answer = TAKEN
    store(kept, [gap("autre")])
    until(lambda: not waiting(kept))
    assert len(receiver.received) == 8


def test_pauses_grow(kept: Database, worker: DeliveryWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    added(kept, "http://127.0.0.1:9/")
    store(kept, [gap(at=int(time.time() * 1000) - 1000)])
    for seconds in (5, 300, 1800, 7200, 18_000, 36_000):
        at = int(time.time() * 1000)
        with kept.writing() as connection:
            connection.execute(text("UPDATE webhook_deliveries SET due_at = 0"))
        found = take_delivery(kept, at, at + 60_000)
        assert found is not None
        worker._begin(found)
        until(lambda: next(iter(worker._attempts.values()))[1].is_over)
        worker._collect()
        with kept.reading() as connection:
            due = connection.execute(text("SELECT due_at FROM webhook_deliveries")).scalar_one()
        assert 0 <= due - at - seconds * 1000 < 5000
    assert worker._resting()
    [rest] = worker._rests.values()
    assert 100 < rest.end - time.monotonic() <= 300


def test_what_waited_for_days_is_given_up(kept: Database, worker: DeliveryWorker, receiver: Answerer) -> None:
    added(kept, receiver.url())
    store(kept, [gap(at=int(time.time() * 1000) - 4 * 86_400_000)])
    worker.start()
    until(lambda: not waiting(kept))
    assert not receiver.received


def test_a_webhook_that_is_gone_is_told_nothing_any_more(
    kept: Database, worker: DeliveryWorker, receiver: Answerer
) -> None:
    webhook, _ = added(kept, receiver.url())
    receiver.answer = with_body(b"", 410)
    store(kept, [gap(str(i)) for i in range(5)])
    worker.start()
    until(lambda: not waiting(kept))
    assert len(receiver.received) == 1
    [(found, _)] = all_webhooks(kept)
    assert found.disabled_at is not None
    store(kept, [gap("autre")])
    assert waiting(kept) == 0
    assert remove_webhook(kept, webhook.id)
    assert not remove_webhook(kept, webhook.id)


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.02)


def test_one_that_dawdles_holds_up_no_other(
    kept: Database, worker: DeliveryWorker, receiver: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reperage.service.webhooks.delivery_attempt._SEND_SECONDS", 0.3)
    with answering(drip) as slow:
        added(kept, slow.url())
        added(kept, receiver.url())
        store(kept, [gap(str(i)) for i in range(30)])
        begun = time.monotonic()
        worker.start()
        until(lambda: len(receiver.received) == 30)
        assert time.monotonic() - begun < 5
        # As long as it holds a thread, it gets no other.
        assert len(slow.received) == 1
        until(lambda: waiting(kept) == 30)


def test_one_that_is_slow_is_told_one_thing_at_a_time_and_holds_up_no_other(
    kept: Database, worker: DeliveryWorker, receiver: Answerer
) -> None:
    at_once, most = 0, 0

    def slow(handler: BaseHTTPRequestHandler) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        time.sleep(0.4)
        at_once -= 1
        TAKEN(handler)

    with answering(slow) as slowly:
        for _ in range(2):
            added(kept, slowly.url())
        added(kept, receiver.url())
        store(kept, [gap(str(i)) for i in range(8)])
        begun = time.monotonic()
        worker.start()
        until(lambda: len(receiver.received) == 8)
        assert time.monotonic() - begun < 1.5
        until(lambda: not waiting(kept))
        assert time.monotonic() - begun < 6  # Both at once: one after the other they would take longer.
        assert most == 2
        assert len(slowly.received) == 16


def test_what_was_taken_is_not_sent_again_where_that_could_not_be_written_at_once(
    kept: Database, worker: DeliveryWorker, receiver: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LEASE", Lease(0.2))
    added(kept, receiver.url())
    store(kept, [gap()])
    remove, failed = module.remove_delivery, []

    def fail_twice(*arguments: object) -> None:
        if len(failed) < 2:
            failed.append(1)
            raise StateUnavailable("full")
        remove(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "remove_delivery", fail_twice)
    worker.start()
    until(lambda: not waiting(kept))
    assert len(receiver.received) == 1


def test_too_many_that_wait_make_the_oldest_be_given_up(
    kept: Database, receiver: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MOST_WAITING", 10)
    added(kept, receiver.url())
    store(kept, [gap(str(i)) for i in range(8)])
    store(kept, [gap(str(i)) for i in range(8, 15)])
    with kept.reading() as connection:
        bodies = connection.execute(text("SELECT body FROM webhook_deliveries ORDER BY number")).scalars().all()
    assert [json.loads(body)["data"]["question"] for body in bodies] == [str(i) for i in range(5, 15)]


def test_a_secret_that_cannot_be_read_sends_nothing(kept: Database, receiver: Answerer) -> None:
    added(kept, receiver.url())
    store(kept, [gap()])
    other = DeliveryWorker(kept, Encryption(["another key of ours"], PURPOSE))
    other.start()
    until(lambda: bool(other._rests))
    other.close()
    assert not receiver.received
    assert waiting(kept) == 1


# Several processes, restarts, erasure


def test_two_workers_send_nothing_twice(kept: Database, receiver: Answerer) -> None:
    added(kept, receiver.url())
    for i in range(0, 60, 20):
        store(kept, [gap(str(i + j)) for j in range(20)])
    workers = [DeliveryWorker(kept, ENCRYPTION) for _ in range(2)]
    for one in workers:
        one.start()
    until(lambda: not waiting(kept))
    for one in workers:
        one.close()
    assert len({request.headers["webhook-id"] for request in receiver.received}) == len(receiver.received) == 60


def test_what_a_process_took_and_never_sent_is_sent_by_the_next(
    kept: Database, worker: DeliveryWorker, receiver: Answerer
) -> None:
    added(kept, receiver.url())
    store(kept, [gap()])
    at = int(time.time() * 1000)
    assert take_delivery(kept, at, at + 1500) is not None  # And then it is killed.
    assert take_delivery(kept, at, at + 60_000) is None
    worker.start()
    time.sleep(0.3)
    assert not receiver.received
    until(lambda: not waiting(kept))
    assert len(receiver.received) == 1


def test_what_is_erased_is_not_told(kept: Database, receiver: Answerer) -> None:
    added(kept, receiver.url())
    store(kept, [gap("un", conversation_id="a"), gap("deux", conversation_id="b")])
    store(kept, [gap("trois", conversation_id="c", person="bruno")])
    assert waiting(kept) == 3
    at = int(time.time() * 1000) + 1
    remove_conversation(kept, "a", "anne", at)
    assert waiting(kept) == 2
    remove_person(kept, "anne", at)
    assert waiting(kept) == 1
    store(kept, [gap("late", at=at - 5, conversation_id="d")])
    assert waiting(kept) == 1


def test_a_worker_waits_for_tables_and_outlives_trouble(
    database: Database, receiver: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = DeliveryWorker(database, ENCRYPTION)
    worker.start()
    time.sleep(0.1)
    database.migrate()
    added(database, receiver.url())
    with database.writing() as connection:
        connection.execute(text("ALTER TABLE webhook_deliveries RENAME TO gone"))
    until(lambda: worker.problem is not None)
    with database.writing() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO webhook_deliveries"))
    store(database, [gap()])
    until(lambda: len(receiver.received) == 1)
    until(lambda: worker.problem is None)
    worker.close()


@pytest.mark.model
def test_a_question_does_not_wait_for_a_webhook(home: Path, encoder: Encoder, tmp_path: Path) -> None:
    go = Event()

    def wait(handler: BaseHTTPRequestHandler) -> None:
        go.wait(20)
        TAKEN(handler)

    settings = Settings(home=copy_home(home, tmp_path), secret_key=SecretStr("k" * 16))
    with answering(wait) as slow, serving(settings, encoder) as alone:
        conversations = alone.app.state.services.conversations
        until(lambda: conversations._writer.has_tables)
        added(conversations.database, slow.url())
        unanswered = alone.ask("Comment nourrir un hamster ?", course="docker")
        assert unanswered["status"] == "not_in_material"
        until(lambda: len(slow.received) == 1)
        assert json.loads(slow.received[0].body)["data"]["answer_id"] == unanswered["id"]
        assert alone.ask(REFERENCE)["status"] == "answered"
        opinion = alone.client.post(f"/v1/answers/{unanswered['id']}/feedback", json={"rating": "missing"})
        assert opinion.status_code == 204
        go.set()
        until(lambda: len(slow.received) == 2)
        assert json.loads(slow.received[1].body)["data"]["rating"] == "missing"


@pytest.mark.model
def test_what_takes_long_at_the_end_takes_long_side_by_side(
    home: Path, encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reperage.service.conversations.turn_writer._DRAIN_SECONDS", 2.0)
    monkeypatch.setattr(module, "_CLOSE_SECONDS", 2.5)
    settings = Settings(home=copy_home(home, tmp_path), secret_key=SecretStr("k" * 16))
    with answering(drip) as slow, ExitStack() as locked:
        with serving(settings, encoder) as alone:
            conversations = alone.app.state.services.conversations
            until(lambda: conversations._writer.has_tables)
            added(conversations.database, slow.url())
            alone.ask("Comment nourrir un hamster ?", course="docker")
            until(lambda: len(slow.received) == 1)
            other = locked.enter_context(closing(sqlite3.connect(settings.home / "repere.sqlite3")))
            other.execute("BEGIN IMMEDIATE")
            alone.ask(REFERENCE)
            begun = time.monotonic()
        assert time.monotonic() - begun < 4.5


# Addresses and commands


def test_an_address_is_confidential_or_nearby() -> None:
    for good in (
        "https://lms.example/hook?x=1",
        "https://10.0.0.7/hook",
        "http://127.0.0.1:8080/",
        "http://localhost/",
        "http://10.1.2.3/",
        "http://192.168.1.5:9000/h",
        "http://[fd00::1]/",
        "http://n8n:5678/webhook",
        "http://chat.internal/",
        "http://[::ffff:10.0.0.1]/",
        "http://0xide/",
    ):
        assert check_url(good) == good
    for bad in (
        "http://lms.example/hook",
        "http://8.8.8.8/",
        "http://134744072/",
        "http://0x8080808/",
        "http://[::ffff:8.8.8.8]/",
        "http://10.0.0.7.evil.example/",
        "ftp://lms.example/",
        "https://user:secret@lms.example/",
        "http://evil.example\\@127.0.0.1/",
        "https://lms.example:70000/",
        "lms.example",
        "https://",
        "https://lms.example/\nHost: x",
        "",
    ):
        with pytest.raises(StartError):
            check_url(bad)


def test_one_try_tells_what_came_of_it(receiver: Answerer) -> None:
    _, secret = new_webhook(receiver.url(), "", BOTH, None, ENCRYPTION)
    assert DeliveryAttempt(receiver.url(), secret, "msg_1", "{}").send().is_good
    receiver.answer = with_body(b"no", 404)
    assert "404" in str(DeliveryAttempt(receiver.url(), secret, "msg_1", "{}").send())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert "cannot be reached" in str(DeliveryAttempt(url, secret, "msg_1", "{}").send())
    receiver.answer = lambda handler: handler.wfile.write(b"nonsense\r\n\r\n")
    assert not DeliveryAttempt(receiver.url(), secret, "msg_1", "{}").send().is_good


def test_webhooks_are_added_listed_tested_and_removed(repere, receiver: Answerer, tmp_path: Path) -> None:
    done = repere(
        "webhooks", "add", receiver.url("/h"), "--event", "unanswered", "--event", "feedback", "-c", "docker",
        "--name", "Moodle",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    secret = done.stdout.strip()
    assert secret.startswith("whsec_")
    assert "\n" not in secret
    assert "Warning" not in done.stderr
    assert secret.encode() not in (tmp_path / "home" / "repere.sqlite3").read_bytes()
    listed = repere("webhooks", "list", "--json").stdout
    assert secret not in listed
    [found] = json.loads(listed)["webhooks"]
    assert (found["url"], found["name"], found["courses"]) == (receiver.url("/h"), "Moodle", ["docker"])
    assert found["events"] == ["feedback.given", "question.unanswered"]
    assert "0 waiting (Moodle)" in repere("webhooks", "list").stdout

    tried = repere("webhooks", "test", found["id"])
    assert tried.returncode == 0
    assert "it answers 204" in tried.stdout
    body = standardwebhooks.Webhook(secret).verify(receiver.received[0].body, receiver.received[0].headers)
    assert (body["type"], body["data"]) == ("ping", {})
    receiver.answer = with_body(b"", 500)
    tried = repere("webhooks", "test", found["id"])
    assert (tried.returncode, "it answers 500" in tried.stdout) == (1, True)

    assert repere("webhooks", "remove", found["id"]).returncode == 0
    for command in ("remove", "test"):
        gone = repere("webhooks", command, found["id"])
        assert gone.returncode == 1
        assert "webhooks list" in gone.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("http://lms.example/", "--event", "feedback"), "https://"),
        (("https://lms.example/", "--event", "all"), "unanswered, feedback"),
        (("https://lms.example/", "--event", "feedback", "-c", "nulle-part"), "there are: docker"),
        (("https://lms.example/",), "--event"),
    ],
)
def test_a_webhook_that_cannot_be_is_told(repere, arguments: tuple[str, ...], told: str) -> None:
    done = repere("webhooks", "add", *arguments)
    assert done.returncode != 0
    assert told in done.stderr
    assert done.stdout == ""


def test_an_open_network_nearby_is_warned_of(repere) -> None:
    done = repere("webhooks", "add", "http://192.168.1.5/h", "--event", "feedback")
    assert done.returncode == 0
    assert "Warning" in done.stderr
