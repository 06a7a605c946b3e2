"""What the platform knows: workspaces, channels, messages, and what an app asked of it."""

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from threading import Condition
from typing import Any, Literal

Json = dict[str, Any]
Kind = Literal["channel", "group", "im"]
Streaming = Literal["streaming", "stopped", "ended"]

SCOPES = frozenset(
    {
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "users:read",
    }
)


class Refusal(Exception):
    """Slack's answer to a call that it does not carry out.

    `violation` says that the app broke a rule of the API; otherwise the state of the workspace refused the call.
    """

    def __init__(
        self,
        error: str,
        *messages: str,
        violation: bool = False,
        status: int = 200,
        headers: dict[str, str] | None = None,
        **fields: object,
    ) -> None:
        super().__init__(f"{error}: {'; '.join(messages)}" if messages else error)
        self.error = error
        self.messages = messages
        self.violation = violation
        self.status = status
        self.headers = headers or {}
        self.fields = fields

    @property
    def body(self) -> Json:
        """What Slack sends."""
        details = {"response_metadata": {"messages": [f"[ERROR] {message}" for message in self.messages]}}
        return {"ok": False, "error": self.error} | self.fields | (details if self.messages else {})


def violation(error: str, *messages: str, **fields: Any) -> Refusal:
    """The refusal of a call that breaks a rule of the API."""
    return Refusal(error, *messages, violation=True, **fields)


@dataclass(frozen=True)
class Violation:
    """A rule of the API that the app broke."""

    method: str
    problem: str


@dataclass(frozen=True)
class User:
    """A member of a workspace."""

    id: str
    name: str
    real_name: str
    locale: str = "fr-FR"
    is_bot: bool = False


@dataclass
class Channel:
    """A public channel, a private one ("group") or a direct message."""

    id: str
    name: str
    kind: Kind
    members: set[str] = field(default_factory=set)
    archived: bool = False


@dataclass
class Workspace:
    """A workspace in which the app is installed; `token_error` is what its bot token is answered once it is void."""

    team_id: str
    name: str
    bot_token: str
    bot_user_id: str
    bot_id: str
    app_id: str
    scopes: frozenset[str] = SCOPES
    channels: dict[str, Channel] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    token_error: str | None = None

    def add_user(self, id: str, name: str, real_name: str, locale: str = "fr-FR") -> User:
        """A new member."""
        self.users[id] = User(id, name, real_name, locale)
        return self.users[id]

    def add_channel(self, id: str, name: str, kind: Kind = "channel", *, members: set[str] | None = None) -> Channel:
        """A new channel with every user and the bot, or with `members` alone."""
        self.channels[id] = Channel(id, name, kind, {*self.users, self.bot_user_id} if members is None else members)
        return self.channels[id]


@dataclass
class Message:
    """A message in a channel. `streaming` is none where it never was a stream.

    `earlier` holds the texts that it had before each edit, `appended` the text of each part of a stream and `chunks`
    its parts as they were sent.
    """

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    bot_id: str | None = None
    metadata: Json | None = None
    arguments: Json = field(default_factory=dict)
    edited: bool = False
    earlier: list[str] = field(default_factory=list)
    streaming: Streaming | None = None
    mode: Literal["markdown_text", "chunks"] | None = None
    appended: list[str] = field(default_factory=list)
    chunks: list[Json] = field(default_factory=list)
    recipient: str | None = None
    end_error: str = "message_not_in_streaming_state"


@dataclass
class Ephemeral:
    """A message that only `user` sees."""

    channel: str
    user: str
    ts: str
    text: str
    blocks: list[Json]
    thread_ts: str | None = None


@dataclass(frozen=True)
class Status:
    """What was shown below a thread while the app works; empty where it was cleared."""

    channel: str
    thread_ts: str
    status: str
    loading_messages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prompts:
    """The suggested prompts of a direct message, each with a title and a message."""

    channel: str
    prompts: list[dict[str, str]]
    title: str | None = None
    thread_ts: str | None = None


@dataclass(frozen=True)
class OpenedView:
    """A view that the app published ("home") or opened ("modal") for a user."""

    id: str
    user: str
    view: Json


@dataclass
class Call:
    """A call of the Web API; `error` is what it was answered, none where it succeeded."""

    method: str
    arguments: Json
    token: str | None
    at: float
    error: str | None = None
    answered: bool = False


@dataclass
class ResponseUrl:
    """Where an app may answer a command or an interaction: at most five times within half an hour."""

    workspace: Workspace
    channel: str
    user: str
    message_ts: str | None = None
    uses: int = 0
    expired: bool = False


class State:
    """Everything that one platform holds. Its server writes in a thread of its own, tests read."""

    def __init__(self) -> None:
        self.workspaces: dict[str, Workspace] = {}
        self.messages: dict[str, list[Message]] = {}
        self.calls: list[Call] = []
        self.violations: list[Violation] = []
        self.ephemeral: list[Ephemeral] = []
        self.statuses: list[Status] = []
        self.prompts: list[Prompts] = []
        self.titles: dict[tuple[str, str], str] = {}
        self.views: list[OpenedView] = []
        self.triggers: dict[str, tuple[str, float | None]] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.changed = Condition()
        self._ts = (int(time.time()), 0)
        self._serial = 0

    def new_ts(self) -> str:
        """A timestamp that is later than every one before it."""
        with self.changed:
            seconds, serial = self._ts
            self._ts = max((seconds, serial + 1), (int(time.time()), 1))
            return "{}.{:06}".format(*self._ts)

    def new_id(self, prefix: str) -> str:
        """An identifier of Slack's form, such as "Ev0000000001"."""
        with self.changed:
            self._serial += 1
            return f"{prefix}{self._serial:010}"

    def notify(self) -> None:
        """Wake whoever waits."""
        with self.changed:
            self.changed.notify_all()

    def wait_until(self, holds: Callable[[], bool], timeout: float, what: str) -> None:
        """Return once `holds`; an AssertionError says `what` did not come within `timeout` seconds."""
        with self.changed:
            assert self.changed.wait_for(holds, timeout), f"{what} did not come within {timeout} s"

    def violate(self, method: str, problem: str) -> None:
        """Note a rule that the app broke."""
        self.violations.append(Violation(method, problem))

    def add(self, message: Message) -> Message:
        """Put a message into its channel, each block with an identifier."""
        message.blocks = self.identified(message.blocks)
        with self.changed:
            self.messages.setdefault(message.channel, []).append(message)
        self.notify()
        return message

    def show(self, ephemeral: Ephemeral) -> Ephemeral:
        """Show a message to one person."""
        ephemeral.blocks = self.identified(ephemeral.blocks)
        self.ephemeral.append(ephemeral)
        self.notify()
        return ephemeral

    def identified(self, blocks: list[Json]) -> list[Json]:
        """The blocks as Slack stores them: one that has no `block_id` gets one."""
        return [{"block_id": self.new_id("b")} | deepcopy(block) for block in blocks]

    def find(self, channel: str, ts: str) -> Message | None:
        """The message with that timestamp."""
        return next((message for message in self.messages.get(channel, []) if message.ts == ts), None)
