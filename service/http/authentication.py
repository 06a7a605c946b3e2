"""Caller of a request: known by a key, a session token, the cookie of a browser, or by being on this very machine."""

from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import Headers

from reperage.service.access import api_keys as keys
from reperage.service.access.lms_courses import is_open_to
from reperage.service.access.lms_user_tokens import HEADER as USER_TOKEN
from reperage.service.access.signed_tokens import LAUNCH_PREFIX, OWN, SESSION_PREFIX, LaunchSession, Session
from reperage.service.caller import Caller, Role
from reperage.service.clock import now
from reperage.service.database.keys import Key
from reperage.service.database.lti import Context
from reperage.service.errors import InvalidToken, InvalidUserToken, StateUnavailable
from reperage.service.http.person_cookie import COOKIE
from reperage.service.http.request_origin import is_local, origin_of, own_origin
from reperage.service.http.services_of import services_of


@dataclass(frozen=True, slots=True)
class Rights:
    """Rights of our own pages without a key: the courses, `None` for all, and the role."""

    courses: frozenset[str] | None
    role: Role


async def caller_of(request: Request) -> Caller | None:
    """Caller of a request; `None` where nothing names one, and nothing is open to everybody. Raises as `Needs` does."""
    registry = services_of(request).registry
    token = bearer(request.headers)
    if USER_TOKEN in request.headers and not token.startswith(keys.PREFIX):
        raise InvalidUserToken(f"{USER_TOKEN} goes with the key of an LMS, as `Authorization: Bearer rk_…`.")
    if token.startswith(keys.PREFIX):
        name, secret = keys.split_key(token)
        await registry.refresh()
        key = keys.check(registry.key(name), secret)
        registry.note_use(key.id, now())
        request.state.key = key
        return await _key_caller(request, key)
    if token.startswith(SESSION_PREFIX):
        return await _session_caller(request, token)
    if token.startswith(LAUNCH_PREFIX):
        return await launch_caller(request, launch_session(request))
    rights = await own_rights(request)
    if rights is None:
        return None
    tokens = services_of(request).tokens
    cookie = request.cookies.get(COOKIE)
    visitor = tokens.person.caller(cookie) if cookie else None
    return Caller(visitor.person if visitor else "", rights.courses, rights.role, "web")


async def _key_caller(request: Request, key: Key) -> Caller:
    """Caller with a key: the user whom its LMS names, else the key itself.

    Raises:
        InvalidUserToken: the user's token proves nothing, or the key demands one.
        Forbidden: the token names a course that the key does not open.
        JwksDown: the LMS's public keys cannot be fetched.
    """
    token = request.headers.get(USER_TOKEN)
    if token is not None:
        tokens = services_of(request).user_tokens
        caller = await tokens.caller(token, key)
        request.state.is_user = True
        return caller
    if key.users_only:
        raise InvalidUserToken(f"This key opens nothing by itself: send its user's token as `{USER_TOKEN}`.")
    return Caller(f"key-{key.id}", key.courses, key.role)


async def own_rights(request: Request) -> Rights | None:
    """Rights of a request that brings neither key nor token; `None` for none.

    As long as no key was ever made, all on this very machine; beside that, or from elsewhere, what our own pages may
    ask as a registered site.

    Raises:
        StateUnavailable: from elsewhere, where the registry cannot be read and never was.
    """
    registry = services_of(request).registry
    try:
        await registry.refresh()
    except StateUnavailable:
        if is_local(request):
            return Rights(None, "student")
        raise
    if is_open_here(request):
        return Rights(None, "administrator")
    courses = registry.courses(own_origin(request))
    return Rights(courses, "student") if courses else None


async def _session_caller(request: Request, token: str) -> Caller:
    """Caller that a session token names.

    Raises:
        InvalidToken: it has ended, is forged, was given to pages of another origin, or these may not ask any more.
        StateUnavailable: the registry cannot be read and never was.
    """
    tokens = services_of(request).tokens
    registry = services_of(request).registry
    session, origin = tokens.session.read(token), origin_of(request)
    if session is None or session.origin != origin:
        raise InvalidToken(_SESSION_ENDED)
    if origin == OWN:
        rights = await own_rights(request)
        if rights is None:
            raise InvalidToken(_SESSION_ENDED)
        return Caller(session.person, rights.courses, rights.role, "web")
    await registry.refresh()
    courses = registry.courses(origin)
    if courses is None:
        raise InvalidToken(_SESSION_ENDED)
    return Caller(session.person, courses, channel="web")


async def launch_caller(request: Request, session: LaunchSession | None) -> Caller:
    """Caller whom an LMS has sent: their course is the one of the context that they came from, none where it has none,
    or where that was taken from the platform.

    Raises:
        InvalidToken: there is no session, it is not of our own pages, or the platform may not launch any more.
    """
    registry = services_of(request).registry
    await registry.refresh()
    platform = registry.platform(session.platform_id) if session else None
    if session is None or platform is None or session.deployment_id not in platform.deployments:
        raise InvalidToken(_LAUNCH_ENDED)
    course = registry.contexts.get(context_of(session))
    is_open = course is not None and is_open_to(platform, session.deployment_id, course, registry.owners)
    tenant = f"{session.platform_id}/{session.deployment_id}"
    return Caller(session.person, frozenset({course} if course and is_open else ()), session.role, "lti", tenant)


def launch_session(request: Request, *, or_ended: bool = False) -> LaunchSession | None:
    """The launch session of a request from our own pages, with `or_ended` also one that can be renewed."""
    tokens = services_of(request).tokens
    token = bearer(request.headers)
    if not token.startswith(LAUNCH_PREFIX) or origin_of(request) != OWN:
        return None
    return tokens.launch.renewable(token) if or_ended else tokens.launch.read(token)


def context_of(session: LaunchSession) -> Context:
    """Context that an LMS has sent somebody from."""
    return Context(session.platform_id, session.deployment_id, session.context_id)


_LAUNCH_ENDED = "The session has ended: open the assistant again from your course."

_SESSION_ENDED = "The token has ended, or is not this page's: get another with POST /v1/session."


def is_open_here(request: Request) -> bool:
    """Whether everything is open to a request, as it comes from this machine and no key was ever made, or nobody can
    say whether one was: then this machine asks as a student. The registry was refreshed before."""
    if not is_local(request):
        return False
    try:
        return not services_of(request).registry.has_keys
    except StateUnavailable:
        return True


def is_public(request: Request, course: str) -> bool:
    """Whether whoever opens our own page of a course may ask there. The registry was refreshed before."""
    registry = services_of(request).registry
    return is_open_here(request) or course in (registry.courses(own_origin(request)) or ())


def bearer(headers: Headers) -> str:
    """Token that a request brings as `Authorization: Bearer …`, or an empty one."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def session_token(request: Request) -> str | None:
    """Session token of a request; keys of another form, which clients of OpenAI's API send, are none."""
    token = bearer(request.headers)
    return token if token.startswith((SESSION_PREFIX, LAUNCH_PREFIX)) else None


def renewable_session(request: Request) -> Session | None:
    """Session that the request may go on with, which may have ended some days ago."""
    tokens = services_of(request).tokens
    token = session_token(request)
    session = tokens.session.renewable(token) if token else None
    return session if session and session.origin == origin_of(request) else None


def key_of(request: Request) -> Key | None:
    """Key that the request was made with."""
    key: Key | None = getattr(request.state, "key", None)
    return key


def is_user(request: Request) -> bool:
    """Whether the request was made with a key for a user of its LMS."""
    return bool(getattr(request.state, "is_user", False))
