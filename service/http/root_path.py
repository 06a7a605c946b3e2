"""Path that all addresses begin with where a proxy gives Repère a part of a site."""

from starlette._utils import get_route_path
from starlette.types import ASGIApp, Receive, Scope, Send


class UnderPath:
    """Puts the application under a path, whether or not a proxy has taken that away from an address."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        """`root_path`: begins with a slash and ends with none; empty where there is none."""
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = self._root_path
        if root and scope["type"] in ("http", "websocket"):
            scope["root_path"] = root
            # An address within the application holds the whole path, as ASGI has it.
            if scope["path"] != root and not scope["path"].startswith(f"{root}/"):
                scope["path"] = root + scope["path"]
                scope["raw_path"] = root.encode() + (scope.get("raw_path") or b"")
        await self._app(scope, receive, send)


def own_path(scope: Scope) -> str:
    """The path of a request within the application, also where a mounted one has answered it."""
    root = scope.get("app_root_path", scope.get("root_path", ""))
    return get_route_path({"path": scope["path"], "root_path": root}) or "/"


def cookie_path(scope: Scope) -> str:
    """Path that cookies are sent back to."""
    return str(scope.get("app_root_path", scope.get("root_path", ""))) or "/"
