"""The cookie that makes a browser the same person again."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reperage.service.access.signed_tokens import TOKEN_SECONDS
from reperage.service.http.root_path import cookie_path

COOKIE = "repere_person"


class KeepPerson:
    """Sends the cookie of a person who was new in a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        state = scope.setdefault("state", {})

        async def send_with_cookie(message: Message) -> None:
            token = state.get("person_token")
            if token and message["type"] == "http.response.start":
                secure = "; Secure" if scope["scheme"] == "https" else ""
                attributes = f"Max-Age={TOKEN_SECONDS}; Path={cookie_path(scope)}; HttpOnly; SameSite=Lax{secure}"
                MutableHeaders(scope=message).append("set-cookie", f"{COOKIE}={token}; {attributes}")
            await send(message)

        await self._app(scope, receive, send_with_cookie)
