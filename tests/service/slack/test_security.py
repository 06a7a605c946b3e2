"""Who is not Slack gets nothing, and Slack itself nothing twice."""

import json
import re
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from reperage.service.access.api_keys import new_key
from reperage.service.background import Lease
from reperage.service.database.engine import Database
from reperage.service.database.keys import store_key
from tests.service.serving import REFERENCE, assert_problem, copy_home
from tests.service.slack.conftest import PUBLIC_URL, Bot, Running
from tests.service.slack.platform import ALICE, BRUNO, COURSE, DIRECT, SlackPlatform
from tests.service.slack.signing import FORM, JSON, SignedRequest, sign
from tests.web.running import until

pytestmark = pytest.mark.model

TABLES = ("slack_questions", "slack_seen", "slack_channels", "turns")


def post(bot: Bot, request: SignedRequest, **headers: Any) -> httpx.Response:
    return bot.served.client.post("/slack/events", content=request.body, headers=request.headers | headers)


def mention(slack: SlackPlatform) -> dict[str, Any]:
    return slack.payloads.app_mention(COURSE, slack.payloads.mention(REFERENCE), user=ALICE)


def assert_nothing_done(bot: Bot) -> None:
    """After what comes next nothing more was done than for that."""
    bot.ask(COURSE, REFERENCE, user=BRUNO)
    bot.ended()
    assert len(bot.slack.calls) == 1
    until(lambda: bool(bot.rows("SELECT * FROM turns")))
    assert [len(bot.rows(f"SELECT * FROM {table}")) for table in TABLES] == [1, 0, 0, 1]
    assert bot.slack.ephemeral == []


@pytest.mark.parametrize("seconds", [-320, 320])
def test_what_was_signed_at_another_time_is_refused(bot: Bot, slack: SlackPlatform, seconds: int) -> None:
    assert bot.send(mention(slack), timestamp=int(time.time()) + seconds).status_code == 401
    assert_nothing_done(bot)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": b"v0=\xe9"},
        {"X-Slack-Request-Timestamp": "tomorrow"},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": str(int(time.time()) - 1)},
    ],
)
def test_a_signature_that_does_not_fit_is_refused(bot: Bot, slack: SlackPlatform, headers: dict[str, Any]) -> None:
    assert post(bot, slack.request(mention(slack)), **headers).status_code == 401
    assert_nothing_done(bot)


def test_a_body_that_was_changed_is_refused(bot: Bot, slack: SlackPlatform) -> None:
    request = slack.request(mention(slack))
    changed = SignedRequest(request.body.replace(ALICE.encode(), BRUNO.encode()), request.headers)
    assert post(bot, changed).status_code == 401
    assert_nothing_done(bot)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", JSON),
        (b"[]", JSON),
        (b'"x"', JSON),
        (b"\xff\xfe", JSON),
        (b"", JSON),
        (b"ssl_check=1", FORM),
        (b"payload=%7B", FORM),
        (b"command=%2Frepere&text=aide", FORM),
        (json.dumps({"type": "url_verification", "challenge": "c"}).encode(), JSON),
    ],
)
def test_what_is_not_signed_is_not_even_read(bot: Bot, body: bytes, kind: str) -> None:
    response = bot.served.client.post("/slack/events", content=body, headers={"Content-Type": kind})
    assert response.status_code == 401
    assert b"challenge" not in response.content
    assert_nothing_done(bot)


def test_a_body_that_is_too_large_is_refused(bot: Bot, slack: SlackPlatform) -> None:
    request = sign(b"x" * 2_000_000, slack.app.signing_secret)
    assert_problem(post(bot, request), 413)
    assert bot.served.client.get("/slack/events").status_code == 405


def test_a_body_that_is_no_text_is_refused_even_signed(bot: Bot, slack: SlackPlatform) -> None:
    # Signed as bytes: Slack's own library would not know it either.
    assert post(bot, sign(b'{"event": "\xff"}', slack.app.signing_secret)).status_code == 401


def test_what_is_signed_and_nothing_that_slack_sends_does_no_harm(bot: Bot, slack: SlackPlatform) -> None:
    for payload in ({"type": "event_callback"}, {"type": "event_callback", "event": {}}, {"type": "x"}, {}):
        request = sign(json.dumps(payload).encode(), slack.app.signing_secret)
        assert post(bot, request).status_code in (200, 404, 503)
    assert_nothing_done(bot)


def test_slack_sees_that_the_address_answers(bot: Bot, slack: SlackPlatform) -> None:
    response = bot.send(slack.payloads.url_verification("abc"))
    assert (response.status_code, response.json()) == (200, {"challenge": "abc"})


# Replays


def test_a_request_is_good_once(bot: Bot, slack: SlackPlatform) -> None:
    request = slack.request(mention(slack))
    assert [post(bot, request).status_code for _ in range(3)] == [200, 401, 401]
    command = slack.payloads.slash_command("/repere", "aide", channel=COURSE, user=ALICE)
    again = slack.request(command)
    assert [post(bot, again, **{"X-Slack-Retry-Num": str(i)}).status_code for i in range(2)] == [200, 401]
    bot.ended()
    slack.wait_until(lambda: len(slack.ephemeral) == 1)
    bot.command("aide")
    assert len(slack.ephemeral) == 2
    assert len(slack.calls_of("chat.postMessage")) == 1


def test_a_request_is_good_in_one_process(running: Running, slack: SlackPlatform) -> None:
    with running() as one, running(one.home) as other:
        payloads: list[dict[str, Any]] = [
            slack.payloads.slash_command("/repere", REFERENCE, channel=COURSE, user=ALICE),
            slack.payloads.app_home_opened(DIRECT, user=ALICE, tab="messages"),
        ]
        for payload in payloads:
            request = slack.request(payload)
            assert [post(bot, request).status_code for bot in (one, other, one)] == [200, 401, 401]
        asked = slack.request(mention(slack))
        for bot in (one, other):
            post(bot, asked)
        one.ended()
        slack.wait_until(lambda: len(slack.ephemeral) == 1 and len(slack.prompts) == 1)
        time.sleep(0.3)
        assert (len(slack.ephemeral), len(slack.prompts), len(slack.calls_of("chat.postMessage"))) == (1, 1, 1)


# Links


def test_nobody_else_says_what_links_begin_with(
    running: Running, slack: SlackPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reperage.service.slack.lease.LEASE", Lease(1.0))
    monkeypatch.setattr("reperage.service.slack.question_worker._SWEEP_SECONDS", 0.1)
    with running(public_url=None) as bot:
        slack.fail("chat.postMessage", "service_unavailable", status=503)
        asked = mention(slack)
        bot.deliver(asked)
        slack.wait_for_call("chat.postMessage")
        broken = sign(b"{}", "another secret, not Slack's")
        assert post(bot, broken, Host="evil.example").status_code == 401
        message = bot.reply(COURSE, asked["event"]["ts"])
        assert bot.served.url in json.dumps(message.blocks)
        assert "evil.example" not in json.dumps(message.blocks)


def test_without_slack_s_settings_there_is_no_such_address(server: Any, slack: SlackPlatform) -> None:
    for path in ("/slack/events", "/slack/install", "/slack/oauth_redirect"):
        assert server.client.get(path).status_code == 404
    assert server.client.post("/slack/events", content=urlencode({"a": "b"})).status_code in (404, 405)


def test_in_one_workspace_nothing_is_installed(bot: Bot) -> None:
    for path in ("/slack/install", "/slack/oauth_redirect"):
        assert bot.served.client.get(path, follow_redirects=False).status_code == 404


def test_a_question_that_is_taken_up_after_a_restart_keeps_its_right_to_read(
    running: Running, slack: SlackPlatform, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reperage.service.slack.lease.LEASE", Lease(1.0))
    monkeypatch.setattr("reperage.service.slack.question_worker._SWEEP_SECONDS", 0.1)
    folder = copy_home(home, tmp_path)
    with closing(Database(f"sqlite:///{folder / 'repere.sqlite3'}")) as database:
        database.migrate()
        store_key(database, new_key("", "student", None, None)[0])
    slack.fail("chat.postMessage", "service_unavailable", status=503)
    asked = mention(slack)
    with running(folder) as bot:
        bot.deliver(asked)
        slack.wait_for_call("chat.postMessage")
    with running(folder) as bot:
        blocks = json.dumps(bot.reply(COURSE, asked["event"]["ts"]).blocks)
        link = re.search(rf'{PUBLIC_URL}(/courses/docker/documents/[^"#]+)', blocks)
        assert link is not None
        assert "grant=" in link.group(1)
        opened = bot.served.client.get(link.group(1), headers={"X-Forwarded-For": "192.0.2.7"})
        assert opened.status_code == 200
        without = re.sub(r"&grant=[^&]+", "", link.group(1))
        assert bot.served.client.get(without, headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 401
