"""A double of Slack: a server on this machine that plays its Web API and Socket Mode, and is as strict as they are.

    with SlackPlatform() as slack:
        client = AsyncWebClient(token=slack.workspace.bot_token, base_url=slack.url)
        ...
        assert slack.violations == []

What the app asked, and what became of it, is in `slack.calls`, `slack.messages(channel)`, `slack.ephemeral`,
`slack.statuses`, `slack.prompts`, `slack.titles`, `slack.views` and `slack.responses`. `slack.payloads` builds what
Slack would send to the app, `slack.request(payload)` signs it for HTTP, `slack.socket.deliver(payload)` sends it in
Socket Mode.
"""

from collections.abc import Callable
from copy import deepcopy
from threading import Thread
from typing import Self

from tests.service.slack.payloads import Payloads
from tests.service.slack.server import Fault, Server, limited
from tests.service.slack.signing import SignedRequest, sign_payload
from tests.service.slack.socket_mode import SocketMode
from tests.service.slack.state import SCOPES, Call, Message, Refusal, State, Workspace
from tests.service.slack.web_api import App, Installation

ALICE, BRUNO = "U0ALICE01", "U0BRUNO01"
COURSE, PRIVATE, ELSEWHERE = "C0COURSE01", "C0PRIVATE01", "C0ELSEWHERE01"
"""In the first workspace: a public and a private channel with the bot, and a public one without it."""

DIRECT = "D0ALICE01"
"""Alice's direct message with the bot; Bruno's is `D0BRUNO01`."""


class SlackPlatform:
    """One app on Slack, installed in `workspace`, and in those that `add_workspace` adds.

    `scopes` are those that the app was granted. `agent` says that its manifest has `agent_view`.
    """

    def __init__(self, *, scopes: frozenset[str] = SCOPES, agent: bool = True) -> None:
        self.state = State()
        self.app = App(agent=agent)
        self.workspace = self.add_workspace("T0SCHOOL01", "ecole", scopes=scopes)
        self.payloads = self.payloads_of(self.workspace)
        self.socket = SocketMode(self.state, self.workspace.app_id)
        self._server = Server(self.state, self.app, self.socket)
        self._thread = Thread(target=self._server.run, name="slack")
        self.violations = self.state.violations
        self.ephemeral = self.state.ephemeral
        self.statuses = self.state.statuses
        self.prompts = self.state.prompts
        self.titles = self.state.titles
        self.views = self.state.views
        self.responses = self._server.responses.responses

    def __enter__(self) -> Self:
        self._thread.start()
        self._server.listening.result(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        self._thread.join()

    @property
    def origin(self) -> str:
        """The address of the server, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.listening.result(10)}"

    @property
    def url(self) -> str:
        """The base address of the Web API, for `AsyncWebClient(base_url=…)`."""
        return f"{self.origin}/api/"

    def add_workspace(self, team_id: str, name: str, *, scopes: frozenset[str] = SCOPES) -> Workspace:
        """A workspace with Alice and Bruno, three channels, and a direct message with each of them."""
        number = f"{len(self.state.workspaces) + 1:02}"
        workspace = Workspace(
            team_id=team_id,
            name=name,
            bot_token=f"xoxb-{number}-repere",
            bot_user_id=f"U0REPERE{number}",
            bot_id=f"B0REPERE{number}",
            app_id="A0REPERE01",
            scopes=scopes,
        )
        alice = workspace.add_user(f"U0ALICE{number}", "alice", "Alice Martin").id
        bruno = workspace.add_user(f"U0BRUNO{number}", "bruno", "Bruno Petit").id
        workspace.add_channel(f"C0COURSE{number}", "cours-reseaux")
        workspace.add_channel(f"C0PRIVATE{number}", "enseignants", "group")
        workspace.add_channel(f"C0ELSEWHERE{number}", "general", members={alice, bruno})
        workspace.add_channel(f"D0ALICE{number}", "directmessage", "im", members={alice, workspace.bot_user_id})
        workspace.add_channel(f"D0BRUNO{number}", "directmessage", "im", members={bruno, workspace.bot_user_id})
        self.state.workspaces[workspace.bot_token] = workspace
        return workspace

    def payloads_of(self, workspace: Workspace) -> Payloads:
        """Builds what Slack sends to the app from that workspace."""
        return Payloads(self.state, workspace, lambda: self.origin)

    def request(
        self,
        payload: dict[str, object],
        *,
        timestamp: int | None = None,
        retry_num: int | None = None,
        retry_reason: str = "http_timeout",
    ) -> SignedRequest:
        """A payload as the signed request in which Slack posts it."""
        return sign_payload(
            payload, self.app.signing_secret, timestamp=timestamp, retry_num=retry_num, retry_reason=retry_reason
        )

    def installation_code(self, workspace: Workspace | None = None, redirect_uri: str | None = None) -> str:
        """The code with which Slack sends someone back who installs the app; with it comes a token that is good."""
        code = self.state.new_id("code-")
        self.app.codes[code] = Installation(workspace or self.workspace, redirect_uri)
        return code

    @property
    def calls(self) -> list[Call]:
        """Every call of the Web API so far, in order."""
        return list(self.state.calls)

    def calls_of(self, method: str) -> list[Call]:
        """The calls of one method."""
        return [call for call in self.calls if call.method == method]

    def messages(self, channel: str) -> list[Message]:
        """The messages of a channel as they are now, in order, those of people too."""
        with self.state.changed:
            return deepcopy(self.state.messages.get(channel, []))

    def replies(self, channel: str, thread_ts: str) -> list[Message]:
        """What the bot answered in a thread."""
        return [message for message in self.messages(channel) if message.thread_ts == thread_ts and message.bot_id]

    def wait_until(self, holds: Callable[[], bool], timeout: float = 10, what: str = "what the test waits for") -> None:
        """Return once `holds`, which is asked anew whenever something comes in."""
        self.state.wait_until(holds, timeout, what)

    def wait_for_call(self, method: str, count: int = 1, timeout: float = 10) -> Call:
        """The call of that method by its number, once it was answered."""
        self.wait_until(lambda: len(self._answered(method)) >= count, timeout, f"call {count} of {method}")
        return self._answered(method)[count - 1]

    def _answered(self, method: str) -> list[Call]:
        return [call for call in self.calls_of(method) if call.answered]

    def limit(self, method: str, times: int = 1, retry_after: int = 1) -> None:
        """Answer the next calls of a method that they came too early."""
        self._server.faults[method].extend([Fault(limited(retry_after))] * times)

    def fail(self, method: str, error: str, times: int = 1, *, status: int = 200) -> None:
        """Answer the next calls of a method with an error."""
        self._server.faults[method].extend([Fault(Refusal(error, status=status))] * times)

    def break_off(self, method: str, times: int = 1, *, carried_out: bool = False) -> None:
        """Close the connection of the next calls without an answer, before or after they were `carried_out`."""
        self._server.faults[method].extend([Fault(carried_out=carried_out)] * times)

    def delay(self, method: str, seconds: float) -> None:
        """Answer every call of a method so much later, until it is set to 0."""
        self._server.delays[method] = seconds

    def enforce_rate(self, per_second: float = 1, burst: int = 3) -> None:
        """Refuse messages that are posted to one channel faster than Slack allows."""
        self._server.rate = (per_second, burst)

    def end_streams(self, error: str = "message_not_in_streaming_state") -> None:
        """End every stream, as Slack does after five minutes; "stopped_by_user" is what a person's stop answers."""
        for message in (message for channel in self.state.messages.values() for message in channel):
            if message.streaming == "streaming":
                message.streaming, message.end_error = "ended", error

    def expire_response_urls(self) -> None:
        """Let every `response_url` expire, as it does after half an hour."""
        for url in self.state.response_urls.values():
            url.expired = True

    def revoke(self, workspace: Workspace | None = None, error: str = "token_revoked") -> None:
        """Void a bot token: from now on it is answered `error`, "account_inactive" once the app was removed."""
        (workspace or self.workspace).token_error = error
