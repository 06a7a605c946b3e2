"""How large the body of a request may be."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LARGEST_BODY = 1_000_000

_LIMIT = "x-largest-body"


def largest_body(size: int) -> dict[str, Any]:
    """What a route declares as `openapi_extra` whose body may have another number of bytes than a million."""
    return {_LIMIT: size}


class LimitBody:
    """Refuses a body of more than a million bytes, or what its route declares, before it is held in memory."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            # The route was found before anything of the body is asked for.
            declared = getattr(scope.get("route"), "openapi_extra", None) or {}
            most = declared.get(_LIMIT, _LARGEST_BODY)
            if received > most:
                # FastAPI passes this on; any other error while it reads a body becomes a 400.
                raise HTTPException(413, f"The body may have at most {most:,} bytes.")
            return message

        await self._app(scope, limited, send)
