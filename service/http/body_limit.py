"""Limit on the size of a request's body."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LARGEST_BODY = 1_000_000

_LIMIT = "x-largest-body"


def largest_body(size: int) -> dict[str, Any]:
    """`openapi_extra` of a route whose body may have another number of bytes than a million."""
    return {_LIMIT: size}


class LimitBody:
    """Refuses a body of more than a million bytes, or what its route declares, before it is held in memory."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bytes_received = 0

        async def limited_receive() -> Message:
            nonlocal bytes_received
            message = await receive()
            bytes_received += len(message.get("body", b""))
            # The route was found before anything of the body is asked for.
            route_extra = getattr(scope.get("route"), "openapi_extra", None) or {}
            limit = route_extra.get(_LIMIT, _LARGEST_BODY)
            if bytes_received > limit:
                # FastAPI passes this on; any other error while it reads a body becomes a 400.
                raise HTTPException(413, f"The body may have at most {limit:,} bytes.")
            return message

        await self._app(scope, limited_receive, send)
