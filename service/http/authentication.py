"""Who asks: by a key, a session token, the cookie of a browser, or by being on this very machine."""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reperage.service.access import api_keys as keys
from reperage.service.access.lms_courses import is_open_to
from reperage.service.access.lms_user_tokens import HEADER as USER_TOKEN
from reperage.service.access.lms_user_tokens import UserTokens
from reperage.service.access.registry import Register
from reperage.service.access.signed_tokens import (
    LAUNCH_PREFIX,
    OWN,
    SESSION_PREFIX,
    TOKEN_SECONDS,
    LaunchSession,
    Session,
    Tokens,
)
from reperage.service.caller import Caller, Role, check
from reperage.service.clock import now
from reperage.service.database.keys import Key
from reperage.service.database.lti import Context
from reperage.service.errors import InvalidToken, InvalidUserToken, StateUnavailable
from reperage.service.http.root_path import cookie_path
from reperage.service.settings import Settings
from reperage.service.urls import is_loopback

COOKIE = "repere_person"
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""Headers of proxies: what comes through one is not from this machine."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What our own pages may do without a key: the courses, `None` for all, and the role."""

    courses: frozenset[str] | None
    role: Role


class Needs:
    """Lets a request in that comes from a caller of at least that role, whom `request.state.caller` then names."""

    def __init__(self, least: Role) -> None:
        self.least: Role = least

    async def __call__(self, request: Request) -> None:
        """Raises `NoCredentials`, `Forbidden`, `InvalidKey`, `InvalidToken` or `StateUnavailable`."""
        caller = await identified(request)
        key: Key | None = getattr(request.state, "key", None)
        request.state.caller = check(caller, self.least, key.role if key else None)


class NeedsDocument(Needs):
    """The same for the page of a document, which an address with a right to read opens too."""

    async def __call__(self, request: Request) -> None:
        tokens: Tokens = request.app.state.tokens
        course, document_id = request.path_params["course"], request.path_params["document_id"]
        grant, version = request.query_params.get("grant", ""), request.query_params.get("version", "")
        if grant and tokens.grant.is_good(grant, course, document_id, version):
            request.state.caller = Caller("", frozenset({course}), channel="web")
            request.state.granted = version
            return
        await super().__call__(request)


async def open_to_all() -> None:
    """Lets every request in: nothing is told that is anybody's own, or the route looks for itself."""


STUDENT, TEACHER = Depends(Needs("student")), Depends(Needs("teacher"))
ADMINISTRATOR = Depends(Needs("administrator"))
DOCUMENT = Depends(NeedsDocument("student"))
OPEN = Depends(open_to_all)
"""What every route declares, one of these."""


async def identified(request: Request) -> Caller | None:
    """Whoever asks; `None` where nothing says it, and nothing is open to everybody. Raises as `Needs` does."""
    register: Register = request.app.state.register
    token = bearer(request.headers)
    if USER_TOKEN in request.headers and not token.startswith(keys.PREFIX):
        raise InvalidUserToken(f"{USER_TOKEN} goes with the key of an LMS, as `Authorization: Bearer rk_…`.")
    if token.startswith(keys.PREFIX):
        name, secret = keys.parted(token)
        await register.refresh()
        key = keys.check(register.key(name), secret)
        register.used(key.id, now())
        request.state.key = key
        return await _asks_with(request, key)
    if token.startswith(SESSION_PREFIX):
        return await _session(request, token)
    if token.startswith(LAUNCH_PREFIX):
        return await launched(request, launch_session(request))
    rights = await own_rights(request)
    if rights is None:
        return None
    tokens: Tokens = request.app.state.tokens
    cookie = request.cookies.get(COOKIE)
    known = tokens.person.caller(cookie) if cookie else None
    return Caller(known.person if known else "", rights.courses, rights.role, "web")


async def _asks_with(request: Request, key: Key) -> Caller:
    """Whoever asks with a key: the user whom its LMS names, else the key itself.

    Raises:
        InvalidUserToken: the user's token proves nothing, or the key demands one.
        Forbidden: the token names a course that the key does not open.
        KeySetDown: the LMS's public keys cannot be fetched.
    """
    token = request.headers.get(USER_TOKEN)
    if token is not None:
        tokens: UserTokens = request.app.state.user_tokens
        found = await tokens.caller(token, key)
        request.state.is_user = True
        return found
    if key.users_only:
        raise InvalidUserToken(f"This key opens nothing by itself: send its user's token as `{USER_TOKEN}`.")
    return Caller(f"key-{key.id}", key.courses, key.role)


async def own_rights(request: Request) -> Rights | None:
    """What a request may do that brings neither key nor token; `None` for nothing.

    As long as no key was ever made, all on this very machine; beside that, or from elsewhere, what our own pages may
    ask as a registered site.

    Raises:
        StateUnavailable: from elsewhere, where the register cannot be read and never was.
    """
    register: Register = request.app.state.register
    try:
        await register.refresh()
    except StateUnavailable:
        if is_local(request):
            return Rights(None, "student")
        raise
    if is_open_here(request):
        return Rights(None, "administrator")
    courses = register.courses(own_origin(request))
    return Rights(courses, "student") if courses else None


async def _session(request: Request, token: str) -> Caller:
    """Whoever a session token names.

    Raises:
        InvalidToken: it has ended, is forged, was given to pages of another origin, or these may not ask any more.
    """
    tokens: Tokens = request.app.state.tokens
    register: Register = request.app.state.register
    found, origin = tokens.session.read(token), origin_of(request)
    if found is None or found.origin != origin:
        raise InvalidToken(_ENDED)
    if origin == OWN:
        rights = await own_rights(request)
        if rights is None:
            raise InvalidToken(_ENDED)
        return Caller(found.person, rights.courses, rights.role, "web")
    courses = register.courses(origin)
    if courses is None:
        raise InvalidToken(_ENDED)
    return Caller(found.person, courses, channel="web")


async def launched(request: Request, session: LaunchSession | None) -> Caller:
    """Whoever an LMS has sent: their course is the one of the context that they came from, none where it has none, or
    where that was taken from the platform.

    Raises:
        InvalidToken: there is no session, it is not of our own pages, or the platform may not launch any more.
    """
    register: Register = request.app.state.register
    await register.refresh()
    platform = register.platform(session.platform_id) if session else None
    if session is None or platform is None or session.deployment_id not in platform.deployments:
        raise InvalidToken(_LAUNCH_ENDED)
    course = register.contexts.get(context_of(session))
    is_open = course is not None and is_open_to(platform, session.deployment_id, course, register.owners)
    tenant = f"{session.platform_id}/{session.deployment_id}"
    return Caller(session.person, frozenset({course} if course and is_open else ()), session.role, "lti", tenant)


def launch_session(request: Request, *, or_ended: bool = False) -> LaunchSession | None:
    """The launch session of a request from our own pages, with `or_ended` also one that can be renewed."""
    tokens: Tokens = request.app.state.tokens
    token = bearer(request.headers)
    if not token.startswith(LAUNCH_PREFIX) or origin_of(request) != OWN:
        return None
    return tokens.launch.renewable(token) if or_ended else tokens.launch.read(token)


def context_of(session: LaunchSession) -> Context:
    """Where an LMS has sent somebody from."""
    return Context(session.platform_id, session.deployment_id, session.context_id)


_LAUNCH_ENDED = "The session has ended: open the assistant again from your course."
_ENDED = "The token has ended, or is not this page's: get another with POST /v1/session."


def is_open_here(request: Request) -> bool:
    """Whether everything is open to a request, as it comes from this machine and no key was ever made."""
    register: Register = request.app.state.register
    return not register.has_keys and is_local(request)


def is_public(request: Request, course: str) -> bool:
    """Whether whoever opens our own page of a course may ask there."""
    register: Register = request.app.state.register
    return is_open_here(request) or course in (register.courses(own_origin(request)) or ())


def is_local(request: Request) -> bool:
    """Whether a request comes from this very machine, through no proxy, and from no page of another site."""
    if request.client is None or not is_loopback(request.client.host):
        return False
    try:
        name = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    if not is_loopback(name) or any(header in request.headers for header in _FORWARDED):
        return False
    return request.headers.get("origin") is None or is_own(request)


def own_origin(request: Request) -> str:
    """The origin of our own pages, as this request knows it."""
    settings: Settings = request.app.state.startup.settings
    if settings.public_origin:
        return settings.public_origin
    origin = request.headers.get("origin")
    return origin if origin and is_own(request) else f"{request.scope['scheme']}://{_host(request)}"


def _host(request: Request) -> str:
    return request.headers.get("host", "").lower().removesuffix(_DEFAULT_PORTS.get(request.scope["scheme"], ""))


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
    settings: Settings = request.app.state.startup.settings
    return origin in (f"{request.scope['scheme']}://{_host(request)}", settings.public_origin)


def origin_of(request: Request) -> str:
    """What a session token of this request is bound to: `OWN`, which a request without an origin is as well, or the
    site."""
    origin = request.headers.get("origin")
    return OWN if origin is None or is_own(request) else origin


def bearer(headers: Headers) -> str:
    """What a request brings as `Authorization: Bearer …`, or nothing."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def session_token(request: Request) -> str | None:
    """The session token of a request; keys of another form, which clients of OpenAI's API send, are none."""
    token = bearer(request.headers)
    return token if token.startswith((SESSION_PREFIX, LAUNCH_PREFIX)) else None


def renewed(request: Request) -> Session | None:
    """The session that the request may go on with, which may have ended some days ago."""
    tokens: Tokens = request.app.state.tokens
    token = session_token(request)
    found = tokens.session.renewable(token) if token else None
    return found if found and found.origin == origin_of(request) else None


def key(request: Request) -> Key | None:
    """The key that the request was made with."""
    found: Key | None = getattr(request.state, "key", None)
    return found


def is_user(request: Request) -> bool:
    """Whether the request was made with a key for a user of its LMS."""
    return bool(getattr(request.state, "is_user", False))


def reader(request: Request) -> Caller:
    """Whoever asks, as the route's declaration let them in; their `person` is empty where they are not known."""
    found: Caller = request.state.caller
    return found


def known_caller(request: Request) -> Caller | None:
    """Whoever asks, where they are known."""
    found = reader(request)
    return found if found.person else None


def caller(request: Request) -> Caller:
    """Whoever asks; a new person, whose cookie `KeepPerson` sends, where the request names none."""
    found = reader(request)
    if found.person:
        return found
    tokens: Tokens = request.app.state.tokens
    new, request.state.person_token = tokens.person.new()
    return replace(found, person=new.person)


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
