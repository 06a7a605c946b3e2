"""The static files, which pages of any site may load."""

from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import reperage
from reperage.service.http.root_path import own_path

WEB = Path(reperage.__file__).parent / "web"
"""The static files: beside the packages, in a checkout as in an installation."""
_OPEN_FILES = ("/static/", "/widget/", "/widget.js")


class OpenFiles:
    """Lets pages of any site load the static files, compressed, whose address stays the same when they change."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressed = GZipMiddleware(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not own_path(scope).startswith(_OPEN_FILES):
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = "*"
                headers["Cross-Origin-Resource-Policy"] = "cross-origin"
                headers["Cache-Control"] = "no-cache"
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        await self._compressed(scope, receive, send_with_headers)
