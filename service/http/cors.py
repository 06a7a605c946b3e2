"""CORS: pages of registered sites ask with a session token, those of other sites may do nothing."""

from fastapi import Request
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from reperage.service.access.registry import Registry
from reperage.service.errors import ForeignOrigin, InvalidToken, ServiceError, StateUnavailable
from reperage.service.http.authentication import session_token
from reperage.service.http.problems import error_response
from reperage.service.http.request_origin import is_own
from reperage.service.http.root_path import own_path

SESSION = "/v1/session"


class SiteOrigins(CORSMiddleware):
    """CORS for `/v1`, with the origins of registered sites alone, and no request of another's."""

    def __init__(self, app: ASGIApp, registry: Registry) -> None:
        super().__init__(
            app,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=("Authorization", "Content-Type", "Idempotency-Key", "Accept"),
            expose_headers=("Retry-After", "RateLimit", "RateLimit-Policy"),
            max_age=600,
        )
        self._registry = registry
        self._refusal = CORSMiddleware(_refuse, ("*",), ("POST",), ("Authorization", "Content-Type"))

    def is_allowed_origin(self, origin: str) -> bool:
        try:
            return self._registry.courses(origin) is not None
        except StateUnavailable:  # What refuses a request whose site cannot be looked up is not for its pages to read.
            return False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Most requests bring no origin, and are not looked at any further.
        if scope["type"] != "http" or "origin" not in (headers := Headers(scope=scope)) or not _is_api(scope):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        if is_own(request):
            await self.app(scope, receive, send)
            return
        try:
            await self._registry.refresh()
            if own_path(scope) == SESSION and not self.is_allowed_origin(headers["origin"]):
                await self._refusal(scope, receive, send)
                return
            is_preflight = scope["method"] == "OPTIONS" and "access-control-request-method" in headers
            if not is_preflight:
                self._check(request)
        except ServiceError as error:
            response = await error_response(request, error)
            await response(scope, receive, lambda message: self.send(message, send, headers))
            return
        await super().__call__(scope, receive, send)

    def _check(self, request: Request) -> None:
        if not self.is_allowed_origin(request.headers["origin"]):
            raise _foreign_origin()
        is_session_start = request.method == "POST" and own_path(request.scope) == SESSION
        if not is_session_start and session_token(request) is None:
            raise InvalidToken(f"Pages of another site ask with a token: begin with POST {SESSION}.")


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Refusal that any page may read, so that it can say that its site is not registered, not that nobody answers."""
    await (await error_response(Request(scope), _foreign_origin()))(scope, receive, send)


def _foreign_origin() -> ForeignOrigin:
    return ForeignOrigin("Pages of this site may not ask: register it with `repere sites add`.")


def _is_api(scope: Scope) -> bool:
    path = own_path(scope)
    return path == "/v1" or path.startswith("/v1/")
