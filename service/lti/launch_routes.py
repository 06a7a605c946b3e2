"""`/lti/login` and `/lti/launch`: somebody comes from a platform, is signed in there, and comes back."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from reperage.service.access.lms_courses import is_open_to
from reperage.service.access.secret_digest import secret_digest
from reperage.service.clock import now
from reperage.service.database.engine import Database
from reperage.service.database.lti import (
    Login,
    Platform,
    all_platforms,
    begin_login,
    context_course,
    course_owners,
    finish_login,
    keep_launch,
    use_login,
)
from reperage.service.http.authentication import context_of
from reperage.service.http.request_origin import own_address
from reperage.service.http.requirements import OPEN
from reperage.service.http.services_of import services_of
from reperage.service.http.templates import wanted_language
from reperage.service.lti.pages import page
from reperage.service.lti.refusals import LaunchRefused
from reperage.service.lti.request_fields import Fields, count_session, database_of, platform_by_id, read_registry_again
from reperage.service.urls import origin_of_address

if TYPE_CHECKING:
    from reperage.service.lti.launch import Launch

router = APIRouter(include_in_schema=False)

_OWN_COOKIE = "repere_lti_"


@router.api_route("/lti/login", methods=["GET", "POST"], dependencies=[OPEN, Depends(count_session)])
def login(request: Request, fields: Fields) -> Response:
    """A platform begins to sign somebody in: they go back to it, with what it must answer to."""
    from reperage.service.lti import launch

    base, database = own_address(request), database_of(request)
    target = fields.get("target_link_uri")
    if target is not None and not launch.is_own_address(target, base):
        raise LaunchRefused("foreign_address", f"target_link_uri is {target[:200]!r}")
    platform = _platform(database, fields.get("iss", ""), fields.get("client_id", ""))
    started_login = launch.begin(platform, fields, f"{base}/lti/launch")
    begin_login(database, started_login.login, now())
    keeps_cookies = any(_OWN_COOKIE in name for name in request.cookies)
    if keeps_cookies or launch.NEW_WINDOW in fields:
        response: Response = RedirectResponse(started_login.address, 302, {"Cache-Control": "no-store"})
    else:
        storage, origin = fields.get(launch.STORAGE, ""), origin_of_address(platform.auth_url)
        again = {name: fields[name] for name in launch.AGAIN if name in fields} | {launch.NEW_WINDOW: "1"}
        response = page(
            request,
            "lti/store.html",
            platform.frame_origins,
            # The login in a new window leads on to the platform, and perhaps to another of its hosts.
            form_action=f"'self' {origin} https:",
            key=started_login.state,
            value=started_login.proof if storage else "",
            frame=storage,
            origin=origin,
            cookie=_cookie(request, started_login.login),
            address=started_login.address,
            again=again,
        )
    _set_cookie(request, response, started_login.login, started_login.proof, launch.LOGIN_SECONDS)
    return response


@router.get("/lti/cookie", dependencies=[OPEN])
def is_kept(request: Request, name: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Whether the cookie of a login has come back: scripts do not see it."""
    body = {"is_kept": _OWN_COOKIE in name and name in request.cookies}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


@router.post("/lti/launch", dependencies=[OPEN])
def launch(request: Request, fields: Fields) -> Response:
    """What a platform answers to a login: who is there, and what for."""
    from reperage.service.lti import launch

    database = database_of(request)
    login, platform = _login_of(database, fields)
    lti_launch = launch.launch_of(fields, platform, login, own_address(request), services_of(request).jwks)
    if launch.is_same_browser(login, request.cookies.get(_cookie(request, login))):
        return _enter(request, platform, lti_launch, login)
    if storage := json.loads(login.parameters).get(launch.STORAGE):
        keep_launch(database, login.state, lti_launch.as_json())
        origin = origin_of_address(platform.auth_url)
        return page(
            request, "lti/prove.html", platform.frame_origins, key=fields["state"], frame=storage, origin=origin
        )
    raise LaunchRefused("other_browser")


@router.post("/lti/finish", dependencies=[OPEN])
def finish(request: Request, fields: Fields) -> Response:
    """The same, for a browser that keeps no cookie of ours: the platform's page has kept the proof."""
    from reperage.service.lti import launch

    database = database_of(request)
    state, proof = secret_digest(fields.get("state", "")), secret_digest(fields.get("proof", ""))
    login = finish_login(database, state, proof, now())
    if login is None or login.launch is None:
        raise LaunchRefused("other_browser")
    platform = platform_by_id(database, login.platform_id)
    return _enter(request, platform, launch.Launch.from_json(login.launch), login)


def _enter(request: Request, platform: Platform, lti_launch: "Launch", login: Login) -> Response:
    """Page that keeps the token of a launch in the frame, and goes on to its view.

    Raises:
        LaunchRefused: a student has come for what is a teacher's, or from where there is no course.
    """
    session, is_teacher = lti_launch.session, lti_launch.session.role == "teacher"
    if lti_launch.deep_link is not None and not is_teacher:
        raise LaunchRefused("teachers_only")
    # As it is now: the registry may be seconds old.
    database = database_of(request)
    course = context_course(database, context_of(session))
    is_mapped = course is not None and is_open_to(platform, session.deployment_id, course, course_owners(database))
    if not is_mapped and not is_teacher:
        raise LaunchRefused("not_mapped")
    read_registry_again(request)
    view = "link" if lti_launch.deep_link is not None else "course"
    language = wanted_language(session.locale or request.headers.get("accept-language", ""))
    query = urlencode({"lang": language, **lti_launch.custom})
    tokens = services_of(request).tokens
    link = "" if lti_launch.deep_link is None else tokens.deep_link.new(session, lti_launch.deep_link)
    response = page(
        request,
        "lti/enter.html",
        platform.frame_origins,
        language=language,
        token=tokens.launch.new(session),
        link=link,
        address=f"{platform.id}/{view if is_mapped else 'choose'}?{query}",
    )
    _set_cookie(request, response, login, "", 0)
    return response


def _login_of(database: Database, fields: Mapping[str, str]) -> tuple[Login, Platform]:
    """Login that an answer belongs to, which is thereby used, and its platform.

    Raises:
        LaunchRefused: it belongs to none, comes too late or again, or says that nobody could be signed in.
    """
    if not (state := fields.get("state")):
        raise LaunchRefused("state_missing")
    use = use_login(database, secret_digest(state), now())
    if use is None:
        raise LaunchRefused("state_unknown")
    login, is_first = use
    if not is_first:
        raise LaunchRefused("replayed")
    if login.expires_at <= now():
        raise LaunchRefused("state_unknown", "the login has taken too long")
    if error := fields.get("error"):
        raise LaunchRefused("invalid_message", f"the platform answers {error[:200]!r}")
    return login, platform_by_id(database, login.platform_id)


def _platform(database: Database, issuer: str, client_id: str) -> Platform:
    """Platform of that issuer and client; of its only client where none is named.

    Raises:
        LaunchRefused: there is none.
    """
    platforms = [platform for platform in all_platforms(database) if platform.issuer == issuer]
    if client_id:
        platforms = [platform for platform in platforms if platform.client_id == client_id]
    if len(platforms) != 1:
        raise LaunchRefused("unknown_platform", f"issuer {issuer[:200]!r}, client {client_id[:100]!r}")
    return platforms[0]


def _cookie(request: Request, login: Login) -> str:
    # With the prefix no other host of the site can set it (RFC 6265bis, 4.1.3.2); it takes HTTPS.
    prefix = "__Host-" if own_address(request).startswith("https://") else ""
    return f"{prefix}{_OWN_COOKIE}{login.state[:16]}"


def _set_cookie(request: Request, response: Response, login: Login, value: str, seconds: int) -> None:
    """Set a cookie that comes back from within the frame of another site, and is that site's alone (CHIPS)."""
    attributes = f"Max-Age={seconds}; Path=/; HttpOnly; Secure; SameSite=None; Partitioned"
    response.headers.append("set-cookie", f"{_cookie(request, login)}={value}; {attributes}")
