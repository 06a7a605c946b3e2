"""The HTTP side of the platform: reads calls, lets them go wrong on demand, and answers them."""

import asyncio
from collections import defaultdict, deque
from concurrent.futures import Future
from dataclasses import dataclass
from time import monotonic

from aiohttp import web

from tests.service.slack.arguments import FORBIDDEN, METHODS, Method, check_arguments, read_arguments
from tests.service.slack.responses import Responses
from tests.service.slack.socket_mode import SocketMode
from tests.service.slack.state import Call, Json, Refusal, State, Workspace, violation
from tests.service.slack.streams import Streams
from tests.service.slack.web_api import App, WebApi


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a call: it is refused, or the connection breaks before or after it was carried out."""

    refusal: Refusal | None = None
    carried_out: bool = False


@dataclass
class Allowance:
    """How many messages may still be posted, as of `at`."""

    messages: float
    at: float


class Server:
    """Serves until `stop`; `listening` holds the port."""

    def __init__(self, state: State, app: App, socket: SocketMode) -> None:
        self.state = state
        self.app = app
        self.socket = socket
        self.api = WebApi(state, app)
        self.handlers = self.api.handlers | Streams(state).handlers
        self.responses = Responses(state)
        self.faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.delays: dict[str, float] = {}
        self.rate: tuple[float, int] | None = None
        self.allowances: dict[str, Allowance] = {}
        self.listening: Future[int] = Future()
        self._stopping = asyncio.Event()

    def run(self) -> None:
        """Serve in this thread."""
        asyncio.run(self._serve())

    def stop(self) -> None:
        """Let `run` return; may be called from any thread."""
        if self.socket.loop is not None:
            self.socket.loop.call_soon_threadsafe(self._stopping.set)

    async def _serve(self) -> None:
        application = web.Application(client_max_size=2**22)
        application.router.add_route("*", "/api/{method:.*}", self._call)
        application.router.add_get("/link/", self.socket.serve)
        application.router.add_post("/{kind}/{team}/{number}/{secret}", self.responses.serve)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        try:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
        except OSError as problem:
            self.listening.set_exception(problem)
            return
        self.socket.loop = asyncio.get_running_loop()
        self.listening.set_result(runner.addresses[0][1])
        await self._stopping.wait()
        await self.socket.close()
        await runner.cleanup()

    async def _call(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        call = Call(name, {}, None, monotonic())
        self.state.calls.append(call)
        fault = self.faults[name].popleft() if self.faults[name] else None
        status, headers, body = 200, {}, {}
        try:
            call.arguments = await read_arguments(request)
            call.token = call.arguments.pop("token", None) or _bearer(request)
            await asyncio.sleep(self.delays.get(name, 0))
            if fault and fault.refusal:
                raise fault.refusal
            if not fault or fault.carried_out:
                body = {"ok": True} | self._answer(request, call)
        except Refusal as refusal:
            call.error, status, headers, body = refusal.error, refusal.status, refusal.headers, refusal.body
            if refusal.violation:
                self.state.violate(name, str(refusal))
        call.answered = True
        self.state.notify()
        if fault and not fault.refusal:
            call.error = "the connection was broken off"
            if request.transport is not None:
                request.transport.abort()
        return web.json_response(body, status=status, headers=headers)

    def _answer(self, request: web.Request, call: Call) -> Json:
        if call.method in FORBIDDEN:
            raise violation("missing_scope", "the bot may not read what people wrote")
        method = METHODS.get(call.method)
        if method is None:
            raise violation("unknown_method")
        if method.token == "client":
            arguments = check_arguments(method, call.arguments)
            return self.api.exchange(request.headers.get("Authorization", ""), arguments)
        if method.token == "app":
            return self._open_connection(method, call)
        workspace = self._workspace(call.token)
        if method.scopes and not workspace.scopes & set(method.scopes):
            provided = ",".join(sorted(workspace.scopes))
            raise violation("missing_scope", needed=",".join(method.scopes), provided=provided)
        given = dict(call.arguments)
        # Bolt's clients name the workspace with every call.
        if given.pop("team_id", workspace.team_id) != workspace.team_id:
            raise violation("team_access_not_granted", f"the token is of {workspace.team_id}")
        arguments = check_arguments(method, given)
        if call.method == "chat.postMessage":
            self._check_rate(arguments["channel"])
        return self.handlers[call.method](workspace, arguments)

    def _workspace(self, token: str | None) -> Workspace:
        if token is None:
            raise violation("not_authed")
        if token.startswith("xapp-"):
            raise violation("not_allowed_token_type")
        workspace = self.state.workspaces.get(token)
        if workspace is None:
            raise Refusal("invalid_auth")
        if workspace.token_error is not None:
            raise Refusal(workspace.token_error)
        return workspace

    def _open_connection(self, method: Method, call: Call) -> Json:
        if call.token is None:
            raise violation("not_authed")
        if not call.token.startswith("xapp-"):
            raise violation("not_allowed_token_type", "an app-level token is needed")
        if call.token != self.app.app_token:
            raise Refusal("invalid_auth")
        check_arguments(method, call.arguments)
        port = self.listening.result()
        return {"url": f"ws://127.0.0.1:{port}/link/?ticket={self.socket.issue_ticket()}&app_id={self.socket.app_id}"}

    def _check_rate(self, channel: str) -> None:
        if self.rate is None:
            return
        per_second, burst = self.rate
        now = monotonic()
        allowance = self.allowances.setdefault(channel, Allowance(burst, now))
        allowance.messages = min(burst, allowance.messages + (now - allowance.at) * per_second)
        allowance.at = now
        if allowance.messages < 1:
            raise limited(1)
        allowance.messages -= 1


def limited(retry_after: int) -> Refusal:
    """The answer to a call that came too early."""
    return Refusal("ratelimited", status=429, headers={"Retry-After": str(retry_after)})


def _bearer(request: web.Request) -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind == "Bearer" else None
