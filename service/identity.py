"""Which `Caller` a request comes from, and the cookie that makes a browser the same one again."""

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.access import TOKEN_SECONDS, Caller, PersonTokens

COOKIE = "repere_person"


def known_caller(request: Request) -> Caller | None:
    """Whoever the request's cookie names; `None` without one that is ours."""
    tokens: PersonTokens = request.app.state.person_tokens
    token = request.cookies.get(COOKIE)
    return tokens.caller(token) if token else None


def caller(request: Request) -> Caller:
    """Whoever asks; a new person, whose cookie `KeepPerson` sends, where the request names none."""
    known = known_caller(request)
    if known is None:
        tokens: PersonTokens = request.app.state.person_tokens
        known, request.state.person_token = tokens.new()
    return known


class KeepPerson:
    """Sends the cookie of a person who was new in a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        state = scope.setdefault("state", {})

        async def keeping(message: Message) -> None:
            token = state.get("person_token")
            if token and message["type"] == "http.response.start":
                secure = "; Secure" if scope["scheme"] == "https" else ""
                cookie = f"{COOKIE}={token}; Max-Age={TOKEN_SECONDS}; Path=/; HttpOnly; SameSite=Lax{secure}"
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        await self._app(scope, receive, keeping)
