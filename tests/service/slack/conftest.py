"""The service as a Slack app, beside a double of Slack that is as strict as the real one."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from pydantic import HttpUrl, SecretStr

import reperage.service.slack
from reperage.index.encoder import Encoder
from reperage.service.settings import Settings
from reperage.service.slack.rendering import COURSE as MENU
from tests.service.serving import Served, build_course, copy_home, serving
from tests.service.slack.platform import ALICE, BRUNO, COURSE, SlackPlatform
from tests.service.slack.state import Ephemeral, Message
from tests.web.running import rows, until

MANIFEST = yaml.safe_load(
    Path(reperage.service.slack.__path__[0]).joinpath("manifest.yaml").read_text(encoding="utf-8")
)
SCOPES = frozenset(MANIFEST["oauth_config"]["scopes"]["bot"])
PUBLIC_URL = "https://repere.example"
NOTES = """\
# Les câbles

## La fibre

Une fibre optique transporte la lumière. Elle relie deux bâtiments du lycée.

## La balise

La balise `<!channel>` prévient tout le canal : <!channel> et <@U0BRUNO01> la reçoivent.
"""
"""A second course, `cables`."""


@dataclass(frozen=True)
class Bot:
    """The service as Slack reaches it."""

    slack: SlackPlatform
    served: Served
    home: Path

    def send(self, payload: dict[str, Any], **more: Any) -> httpx.Response:
        """Post what Slack would, signed, and return what the app answers at once."""
        request = self.slack.request(payload, **more)
        return self.served.client.post("/slack/events", content=request.body, headers=request.headers)

    def deliver(self, payload: dict[str, Any], **more: Any) -> None:
        """Post what Slack would; it has to be taken."""
        response = self.send(payload, **more)
        assert response.status_code == 200, response.text

    def ask(self, channel: str, text: str, *, user: str, thread_ts: str | None = None) -> Message:
        """Mention the bot, and wait for what it answers in the thread."""
        mention = self.slack.payloads.app_mention(
            channel, self.slack.payloads.mention(text), user=user, thread_ts=thread_ts
        )
        return self.answered(mention)

    def answered(self, payload: dict[str, Any]) -> Message:
        """Deliver a message, and wait for the next thing that is said in its thread."""
        event = payload["event"]
        thread = event.get("thread_ts", event["ts"])
        before = len(self.slack.replies(event["channel"], thread))
        self.deliver(payload)
        return self.reply(event["channel"], thread, before + 1)

    def reply(self, channel: str, thread: str, number: int = 1) -> Message:
        """What is said in a thread as the first, second … thing, once it is."""
        self.slack.wait_until(lambda: len(self.slack.replies(channel, thread)) >= number, 20, "an answer")
        return self.slack.replies(channel, thread)[number - 1]

    def command(self, text: str, *, channel: str = COURSE, user: str = ALICE) -> Ephemeral:
        """Enter `/repere`, and wait for what is answered."""
        return self.shown(self.slack.payloads.slash_command("/repere", text, channel=channel, user=user))

    def press(self, message: Message | Ephemeral, action: str, *, user: str, positive: bool = True) -> Ephemeral:
        """Press a button, and wait for what is answered."""
        pressed = self.slack.payloads.block_actions(message.channel, message.ts, action, user=user, positive=positive)
        return self.shown(pressed)

    def choose(self, message: Message | Ephemeral, course: str, *, user: str) -> None:
        """Choose a course in the menu of a message."""
        chosen = self.slack.payloads.block_actions(message.channel, message.ts, MENU, user=user)
        option = next(option for option in options(message) if option["value"] == course)
        chosen["actions"][0]["selected_option"] = option
        self.deliver(chosen)

    def shown(self, payload: dict[str, Any]) -> Ephemeral:
        """Deliver what is answered for one person's eyes, and wait for that."""
        before = len(self.slack.ephemeral)
        self.deliver(payload)
        self.slack.wait_until(lambda: len(self.slack.ephemeral) > before, 20, "an answer")
        return self.slack.ephemeral[before]

    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """What the database holds."""
        return rows(self.home, query, *values)

    def ended(self, count: int = 1) -> None:
        """Wait until so many questions are answered, or will not be."""
        until(lambda: self.rows("SELECT count(*) FROM slack_questions WHERE ended_at IS NOT NULL")[0][0] >= count)


Running = Callable[..., AbstractContextManager[Bot]]


def options(message: Message | Ephemeral) -> list[dict[str, Any]]:
    """The courses that a message offers; none where it asks for none."""
    elements = [element for block in message.blocks for element in block.get("elements", ())]
    return [option for element in elements if element.get("action_id") == MENU for option in element["options"]]


@pytest.fixture
def slack() -> Iterator[SlackPlatform]:
    """Slack, with an app that has the scopes of the shipped manifest; at the end no rule of Slack's may be broken."""
    with SlackPlatform(scopes=SCOPES) as platform:
        yield platform
        assert platform.violations == []


@pytest.fixture
def running(slack: SlackPlatform, home: Path, encoder: Encoder, tmp_path: Path) -> Running:
    """Starts the service with Slack's settings, and those that are given."""

    @contextmanager
    def run(own: Path | None = None, **more: Any) -> Iterator[Bot]:
        folder = own or copy_home(home, tmp_path)
        given = {
            "slack_signing_secret": SecretStr(slack.app.signing_secret),
            "slack_bot_token": SecretStr(slack.workspace.bot_token),
            "slack_api_url": HttpUrl(slack.url),
            "public_url": HttpUrl(PUBLIC_URL),
        }
        settings = Settings(home=folder, **given | more)
        with serving(settings, encoder) as served:
            yield Bot(slack, served, folder)

    return run


@pytest.fixture
def bot(running: Running) -> Iterator[Bot]:
    """The service, in one workspace."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def courses_home(home: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `REPERE_HOME` with `docker` and `cables`. Do not write into it."""
    own = copy_home(home, tmp_path_factory.mktemp("courses"))
    folder = tmp_path_factory.mktemp("material") / "cables"
    folder.mkdir()
    (folder / "cables.md").write_text(NOTES, encoding="utf-8")
    build_course(own, folder, encoder)
    return own


@pytest.fixture
def with_courses(running: Running, courses_home: Path, tmp_path: Path) -> Iterator[Bot]:
    """The service with two courses; Bruno may choose those of channels."""
    with running(copy_home(courses_home, tmp_path), slack_managers=BRUNO) as started:
        yield started
