"""Which `Caller` a request comes from: by a session token, or by the cookie that makes a browser the same one again."""

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.access import OWN, SESSION_PREFIX, TOKEN_SECONDS, Caller, PersonTokens, Session, SessionTokens
from service.errors import InvalidToken
from service.root_path import cookie_path
from service.settings import Settings
from service.sites import Sites

COOKIE = "repere_person"
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def is_own(request: Request) -> bool:
    """Whether the request comes from a page of this service."""
    origin = request.headers.get("origin")
    if origin == "null":
        return False
    # Behind a proxy whose headers are not trusted the scheme is unknown here; the browser knows.
    if request.headers.get("sec-fetch-site") == "same-origin":
        return True
    if origin is None:
        return False
    scheme = request.scope["scheme"]
    host = request.headers.get("host", "").lower().removesuffix(_DEFAULT_PORTS.get(scheme, ""))
    settings: Settings = request.app.state.startup.settings
    return origin in (f"{scheme}://{host}", settings.public_origin)


def origin_of(request: Request) -> str:
    """What a session token of this request is bound to: `OWN`, which a request without an origin is as well, or the
    site."""
    origin = request.headers.get("origin")
    return OWN if origin is None or is_own(request) else origin


def session_token(request: Request) -> str | None:
    """The session token of a request; keys of another form, which clients of OpenAI's API send, are none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return found if scheme.lower() == "bearer" and (found := token.strip()).startswith(SESSION_PREFIX) else None


def session(request: Request) -> Caller | None:
    """Whoever the request's session token names; `None` without one.

    Raises:
        InvalidToken: it has ended, is forged, or was given to pages of another origin.
    """
    token = session_token(request)
    if token is None:
        return None
    tokens: SessionTokens = request.app.state.session_tokens
    sites: Sites = request.app.state.sites
    found, origin = tokens.read(token), origin_of(request)
    courses = None if origin == OWN else sites.courses(origin)
    if found is None or found.origin != origin or (origin != OWN and courses is None):
        raise InvalidToken("The token has ended, or is not this page's: get another with POST /v1/session.")
    return Caller(found.person, courses, channel="web")


def renewed(request: Request) -> Session | None:
    """The session that the request may go on with, which may have ended some days ago."""
    tokens: SessionTokens = request.app.state.session_tokens
    token = session_token(request)
    found = tokens.renewable(token) if token else None
    return found if found and found.origin == origin_of(request) else None


def known_caller(request: Request) -> Caller | None:
    """Whoever the request's session token or cookie names; `None` without one that is ours.

    Raises:
        InvalidToken: as `session` does.
    """
    if (whose := session(request)) is not None:
        return whose
    tokens: PersonTokens = request.app.state.person_tokens
    token = request.cookies.get(COOKIE)
    return tokens.caller(token) if token else None


def caller(request: Request) -> Caller:
    """Whoever asks; a new person, whose cookie `KeepPerson` sends, where the request names none.

    Raises:
        InvalidToken: as `session` does.
    """
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
                kept = f"Max-Age={TOKEN_SECONDS}; Path={cookie_path(scope)}; HttpOnly; SameSite=Lax{secure}"
                MutableHeaders(scope=message).append("set-cookie", f"{COOKIE}={token}; {kept}")
            await send(message)

        await self._app(scope, receive, keeping)
