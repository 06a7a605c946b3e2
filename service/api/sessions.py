"""`/v1/session`: a token with which pages ask, those of registered sites and our own."""

import secrets
from functools import partial

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from reperage.service.access.signed_tokens import LAUNCH_PREFIX, OWN, SESSION_SECONDS
from reperage.service.assistant import Assistant
from reperage.service.caller import Caller
from reperage.service.contract.answer import Contract
from reperage.service.errors import ForeignOrigin
from reperage.service.http.authentication import (
    bearer,
    is_public,
    launch_caller,
    launch_session,
    own_rights,
    renewable_session,
)
from reperage.service.http.problems import problem_responses
from reperage.service.http.rate_limit import client_address
from reperage.service.http.request_origin import is_own, origin_of, own_address
from reperage.service.http.requirements import OPEN
from reperage.service.http.responses import json_response
from reperage.service.http.services_of import services_of
from reperage.service.suggestions.suggestions import suggestions

router = APIRouter(tags=["sessions"])


class SessionRequest(BaseModel):
    """What a page would like to ask about."""

    course: str = Field(description="The course.", examples=["docker"])


class SessionCourse(Contract):
    """The course that a session is about."""

    id: str = Field(description="The name to ask it by.")
    title: str = Field(description="The name to show.")
    language: str = Field(description="The language of its material, such as `fr`.")
    suggestions: list[str] = Field(description="Questions that it answers, to begin with.")
    url: str | None = Field(
        description="Its own page, which asks with `?q=` and the question; `null` where not everybody may open it."
    )


class SessionStart(Contract):
    """A session token and what a page shows first."""

    token: str = Field(description="To be sent as `Authorization: Bearer …`, by pages of the same origin.")
    expires_in: int = Field(description="How long it is good for, in seconds.")
    course: SessionCourse = Field(description="The course.")


@router.post(
    "/v1/session",
    response_model=SessionStart,
    responses=problem_responses(400, 401, 403, 404, 413, 422, 429, 503),
    dependencies=[OPEN],
)
async def begin_session(request: Request, body: SessionRequest) -> Response:
    """Begin or renew a session, for a page of this service or of a registered site that has the course.

    The request's `Origin` tells which page it is; a browser sends it. The token stands for a new random person, or for
    the one of the token in `Authorization`, which may have ended up to seven days ago.
    """
    assistant = services_of(request).assistant
    limiter = services_of(request).rate_limiter
    await limiter.count_session(client_address(request))
    courses = await _allowed_courses(request)
    if courses is not None and body.course not in courses:
        raise ForeignOrigin("Pages of this site may not ask this course: give it to the site with `repere sites add`.")
    url = f"{own_address(request)}/courses/{body.course}" if is_public(request, body.course) else None
    find = partial(_session_course, assistant, body.course, Caller("", courses), url)
    course = await to_thread.run_sync(find, limiter=assistant.limiter)
    response = json_response(SessionStart(token=_session_token(request), expires_in=SESSION_SECONDS, course=course))
    response.headers["Cache-Control"] = "no-store"
    return response


def _session_token(request: Request) -> str:
    """A token of the same person, or of a new one."""
    tokens = services_of(request).tokens
    if launch := launch_session(request, or_ended=True):
        return tokens.launch.new(launch)
    session = renewable_session(request)
    return tokens.session.new(session.person if session else secrets.token_hex(16), origin_of(request))


async def _allowed_courses(request: Request) -> frozenset[str] | None:
    """The courses of the page's site, `None` for all; of whoever an LMS has sent, theirs."""
    if bearer(request.headers).startswith(LAUNCH_PREFIX):
        return (await launch_caller(request, launch_session(request, or_ended=True))).courses
    if is_own(request):
        rights = await own_rights(request)
        return rights.courses if rights else frozenset()
    registry = services_of(request).registry
    origin = origin_of(request)
    if origin == OWN:
        raise ForeignOrigin("Sessions are for pages, and a browser names the page's origin: there is none here.")
    return registry.courses(origin) or frozenset()


def _session_course(assistant: Assistant, name: str, caller: Caller, url: str | None) -> SessionCourse:
    index = assistant.courses.readable(name, caller)
    manifest = index.manifest
    return SessionCourse(
        id=manifest.course,
        title=manifest.title,
        language=manifest.language,
        suggestions=suggestions(assistant, index),
        url=url,
    )
