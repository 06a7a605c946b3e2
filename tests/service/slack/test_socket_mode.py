"""`repere slack` as a process, against a websocket that plays Slack's."""

import asyncio
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from reperage.service.errors import StartError
from reperage.service.slack import socket_mode
from tests.service.conftest import Repere
from tests.service.serving import REFERENCE, copy_home
from tests.service.slack.platform import ALICE, COURSE, DIRECT, SlackPlatform
from tests.service.slack.state import Message
from tests.service.slack.test_rendering import seen

pytestmark = pytest.mark.model


class Process:
    """A running `repere slack`, and what it has written so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.written = ""
        self._reader = Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.written += line

    def says(self, words: str, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while words not in self.written:
            assert self.process.poll() is None, self.written
            assert time.monotonic() < until, self.written
            time.sleep(0.05)

    def ends(self, sent: signal.Signals | None = None, seconds: float = 20) -> int:
        """The status that it ends with, in time."""
        if sent:
            self.process.send_signal(sent)
        status = self.process.wait(seconds)
        self._reader.join()
        return status


Starting = Callable[..., AbstractContextManager[Process]]


@pytest.fixture
def variables(slack: SlackPlatform, environment: dict[str, str], home: Path, tmp_path: Path) -> dict[str, str]:
    copy_home(home, tmp_path)
    return environment | {
        "REPERE_SLACK_BOT_TOKEN": slack.workspace.bot_token,
        "REPERE_SLACK_APP_TOKEN": slack.app.app_token,
        "REPERE_SLACK_API_URL": slack.url,
        # Those of Slack's own library are not ours.
        "SLACK_BOT_TOKEN": "xoxb-another",
        "SLACK_APP_TOKEN": "xapp-another",
        "SLACK_SIGNING_SECRET": "another",
    }


@pytest.fixture
def starting(forked_program: str, variables: dict[str, str], tmp_path: Path) -> Starting:
    @contextmanager
    def start(**more: str) -> Iterator[Process]:
        with subprocess.Popen(
            [forked_program, "slack"],
            env=variables | more,
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            running = Process(process)
            try:
                yield running
            finally:
                process.kill()
        assert "Traceback" not in running.written
        secrets = [variables["REPERE_SLACK_BOT_TOKEN"], variables["REPERE_SLACK_APP_TOKEN"], "ticket=", REFERENCE]
        assert not [secret for secret in secrets if secret in running.written]

    return start


def answered(slack: SlackPlatform, payload: dict[str, Any]) -> Message:
    """Deliver a message; it has to be acknowledged at once, and answered in its thread."""
    envelope = slack.socket.deliver(payload)
    assert slack.socket.acknowledgement(envelope).payload is None
    event = payload["event"]
    channel, thread = event["channel"], event.get("thread_ts", event["ts"])
    slack.wait_until(lambda: bool(slack.replies(channel, thread)), 60, "an answer")
    [message] = slack.replies(channel, thread)
    return message


def mention(slack: SlackPlatform, text: str = REFERENCE) -> dict[str, Any]:
    return slack.payloads.app_mention(COURSE, slack.payloads.mention(text), user=ALICE)


def test_questions_are_answered_and_connections_made_anew(slack: SlackPlatform, starting: Starting) -> None:
    with starting() as process:
        slack.socket.wait_for_connection(timeout=60)
        # The model is still being loaded: Slack is told at once that it arrived all the same.
        message = answered(slack, mention(slack))
        assert "port exposé" in message.text
        shown = "".join(seen(message.blocks))
        assert "Introduction Docker › Concepts › Conteneur Docker" in shown
        assert "http" not in shown
        assert [block["type"] for block in message.blocks] == ["rich_text", "context", "context_actions"]
        process.says("connected to Slack")

        direct = answered(slack, slack.payloads.message(DIRECT, "c'est quoi une image ?", user=ALICE))
        assert "binaire" in direct.text
        command = slack.payloads.slash_command("/repere", "c'est quoi une image ?", channel=COURSE, user=ALICE)
        slack.socket.acknowledgement(slack.socket.deliver(command))
        slack.wait_until(lambda: bool(slack.ephemeral), 20)
        assert "binaire" in slack.ephemeral[0].text
        pressed = slack.payloads.block_actions(COURSE, message.ts, "repere_rate", user=ALICE)
        slack.socket.acknowledgement(slack.socket.deliver(pressed))
        slack.wait_until(lambda: len(slack.ephemeral) == 2, 20)

        slack.socket.disconnect()
        slack.socket.wait_for_connection(2, timeout=20)
        assert "port exposé" in answered(slack, mention(slack)).text
        before = slack.socket.connections
        slack.socket.drop()
        slack.wait_until(lambda: slack.socket.connections > before and slack.socket.open_connections == 1, 30)
        assert "port exposé" in answered(slack, mention(slack)).text

        again = slack.socket.deliver(payload := mention(slack))
        slack.socket.acknowledgement(again)
        slack.socket.acknowledgement(slack.socket.deliver(payload, retry_attempt=1, retry_reason="timeout"))
        slack.wait_until(lambda: bool(slack.replies(COURSE, payload["event"]["ts"])), 20)
        assert process.ends(signal.SIGTERM) == 0
        assert len(slack.replies(COURSE, payload["event"]["ts"])) == 1
        assert max(found.seconds for found in slack.socket.acknowledgements) < 3


class Forwarder:
    """A way to a port of this machine that is closed at first."""

    def __init__(self, to: int) -> None:
        self._to = to
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._ended = Event()

    @contextmanager
    def opened(self) -> Iterator[None]:
        with socket.create_server(("127.0.0.1", self.port)) as listener:
            listener.settimeout(0.1)
            thread = Thread(target=self._serve, args=(listener,))
            thread.start()
            try:
                yield
            finally:
                self._ended.set()
                thread.join()

    def _serve(self, listener: socket.socket) -> None:
        carrying: list[Thread] = []
        while not self._ended.is_set():
            with suppress(TimeoutError):
                carrying.append(Thread(target=self._connect, args=(listener.accept()[0],)))
                carrying[-1].start()
        for thread in carrying:
            thread.join()

    def _connect(self, taken: socket.socket) -> None:
        with taken, socket.create_connection(("127.0.0.1", self._to)) as other:
            back = Thread(target=self._carry, args=(other, taken))
            back.start()
            self._carry(taken, other)
            back.join()

    @staticmethod
    def _carry(one: socket.socket, two: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                two.sendall(data)
            two.shutdown(socket.SHUT_WR)


def test_slack_may_be_out_of_reach_at_start(slack: SlackPlatform, starting: Starting) -> None:
    way = Forwarder(int(slack.origin.rpartition(":")[2]))
    url = f"http://127.0.0.1:{way.port}/api/"
    with starting(REPERE_SLACK_API_URL=url, REPERE_PUBLIC_URL="https://repere.example/") as process:
        process.says("slack_unreachable")
        assert slack.calls == []
        with way.opened():
            slack.socket.wait_for_connection(timeout=30)
            process.says("connected to Slack")
            message = answered(slack, mention(slack))
            links = [link for block in message.blocks for link in seen([block]) if "https:" in link]
            assert links[0].startswith("[1]–[5] <https://repere.example/courses/docker/documents/introduction-docker?")
            assert process.ends(signal.SIGINT) == 0


def test_a_refused_app_token_ends_the_command_with_a_sentence(slack: SlackPlatform, starting: Starting) -> None:
    with starting(REPERE_SLACK_APP_TOKEN="xapp-1-strange") as process:
        assert process.ends(seconds=60) == 1
        last = process.written.splitlines()[-1]
        assert last.startswith("repere: Slack refuses REPERE_SLACK_APP_TOKEN (invalid_auth): make ")
        assert "xapp-" not in process.written


def test_a_model_that_is_not_there_ends_the_command_with_a_sentence(
    slack: SlackPlatform, starting: Starting, tmp_path: Path
) -> None:
    with starting(REPERE_EMBEDDING_MODEL=str(tmp_path / "nowhere")) as process:
        assert process.ends(seconds=60) == 1
        assert process.written.count("repere: ") == 1
        assert process.written.splitlines()[-1].startswith("repere: ")


def test_without_its_token_the_command_names_it(repere: Repere, slack: SlackPlatform) -> None:
    done = repere("slack", REPERE_SLACK_BOT_TOKEN="xoxb-1-a", REPERE_SLACK_SIGNING_SECRET="0" * 32)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("repere: REPERE_SLACK_APP_TOKEN is missing: ")
    assert len(done.stderr.splitlines()) == 1
    nothing = repere("slack")
    assert nothing.returncode == 1
    assert "REPERE_SLACK_APP_TOKEN is missing" in nothing.stderr
    assert slack.calls == []


class Stuck:
    """A client whose first address is of no use; after `most` further ones Slack refuses the token."""

    def __init__(self, most: int) -> None:
        self.wss_uri: str | None = None
        self.issued = 0
        self._most = most

    async def issue_new_wss_url(self) -> str:
        self.issued += 1
        if self.issued > self._most:
            raise SlackApiError("", _response("token_revoked"))
        return f"wss://slack/{self.issued}"

    async def connect(self) -> None:
        await asyncio.Event().wait()

    async def is_connected(self) -> bool:
        return self.wss_uri == "wss://slack/2"


def _response(error: str) -> AsyncSlackResponse:
    data = {"ok": False, "error": error}
    return AsyncSlackResponse(
        client=None, http_verb="POST", api_url="", req_args={}, data=data, headers={}, status_code=200
    )


def test_an_address_that_leads_nowhere_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_mode, "_LOOK_SECONDS", 0.001)
    monkeypatch.setattr(socket_mode, "_LOST_SECONDS", 0.01)

    async def connected() -> None:
        is_there = asyncio.Event()
        task = asyncio.create_task(socket_mode.stay_connected(Stuck(2), is_there.set))  # type: ignore[arg-type]
        await asyncio.wait_for(is_there.wait(), 5)
        task.cancel()

    asyncio.run(connected())
    with pytest.raises(StartError, match="REPERE_SLACK_APP_TOKEN"):
        asyncio.run(socket_mode.stay_connected(Stuck(1), lambda: None))  # type: ignore[arg-type]
