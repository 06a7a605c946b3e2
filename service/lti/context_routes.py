"""`/v1/lti`: the state of a launch, for the views within an LMS, and the course that its context is mapped to."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, StringConstraints

from reperage.service.access.lms_courses import choices, is_open_to, new_names
from reperage.service.access.registry import Registry
from reperage.service.access.signed_tokens import SESSION_SECONDS, LaunchSession
from reperage.service.caller import Role, check
from reperage.service.clock import now
from reperage.service.contract.answer import Contract
from reperage.service.courses.material import check_managed, material_folder
from reperage.service.database.keys import all_keys
from reperage.service.database.lti import (
    Platform,
    all_platforms,
    context_course,
    course_owners,
    make_course,
    map_context,
    mapped_contexts,
)
from reperage.service.database.sites import registered_sites
from reperage.service.errors import ContextChanged, CourseUnavailable, InvalidToken, NotManaged, UnknownCourse
from reperage.service.http.authentication import context_of, launch_caller, launch_session
from reperage.service.http.problems import problem_responses
from reperage.service.http.requirements import OPEN
from reperage.service.http.responses import json_response
from reperage.service.http.services_of import services_of

router = APIRouter(tags=["LTI"])


class LaunchCourse(Contract):
    """The course of the LMS's course."""

    id: str = Field(description="The name to ask it by.")
    title: str = Field(description="The name to show.")
    is_ready: bool = Field(description="Whether it can be asked: a new course has no document yet.")
    is_managed: bool = Field(description="Whether its documents are written over the API.")


class LaunchState(Contract):
    """What a view within an LMS knows of its launch."""

    token: str = Field(description="A fresh token of the same session, for `Authorization: Bearer …`.")
    expires_in: int = Field(description="How long it is good for, in seconds.")
    person: str = Field(description="The pseudonym that the person's conversations stand under.")
    role: Role = Field(description="The person's role in the LMS's course.")
    context_title: str = Field(description="What the LMS calls its course.")
    course: LaunchCourse | None = Field(description="The course that it is mapped to; none as long as it is not.")
    courses: list[str] = Field(description="For teachers, the courses that they may map it to.")


class ContextMapping(BaseModel):
    """The course for the LMS's course: one that is there, or a new one."""

    course: str | None = Field(None, description="The name of a course that may be chosen.", examples=["docker"])
    instead_of: str | None = Field(
        None,
        description="The course that it is mapped to as far as you know, `null` for none; where that has changed, "
        "nothing is done. Left out, it is not looked at.",
        examples=[None],
    )
    new: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] | None = Field(
        None, description="The title of a new course, which begins without a document.", examples=[None]
    )


@router.get(
    "/v1/lti/session",
    response_model=LaunchState,
    responses=problem_responses(401, 503),
    dependencies=[OPEN],
)
async def lti_session(request: Request) -> Response:
    """The session of a launch, with a fresh token; on the day of the launch also for one that has ended."""
    session = launch_session(request, or_ended=True)
    caller = await launch_caller(request, session)
    assert session is not None
    state = await to_thread.run_sync(partial(_state, request, session, next(iter(caller.courses or ()), None)))
    return _uncached_response(state)


@router.put(
    "/v1/lti/context",
    response_model=LaunchState,
    responses=problem_responses(400, 401, 403, 404, 409, 413, 422, 503),
    dependencies=[OPEN],
)
async def map_lti_context(request: Request, body: ContextMapping) -> Response:
    """Map the LMS's course to a course, as its teacher; everybody who comes from there finds it from then on."""
    session = launch_session(request)
    check(await launch_caller(request, session), "teacher")
    assert session is not None
    state = await to_thread.run_sync(partial(_map, request, session, body))
    return _uncached_response(state)


def _map(request: Request, session: LaunchSession, body: ContextMapping) -> LaunchState:
    registry = services_of(request).registry
    database = services_of(request).database
    context, course_names = context_of(session), services_of(request).courses.names()
    platform, owners = _platform(registry, session), course_owners(database)
    current = context_course(database, context)
    # A course that was taken from the platform is none for the page that the teacher chooses on.
    if current is not None and not is_open_to(platform, session.deployment_id, current, owners):
        current = None
    if "instead_of" in body.model_fields_set and body.instead_of != current:
        raise ContextChanged("Somebody else has chosen a course meanwhile: load the page anew, and look.")
    if body.new is not None:
        names = _nonempty_names(new_names(body.new, _unavailable_names(request, course_names)))
        name = make_course(database, context, names, now())
    else:
        name, allowed = body.course or "", choices(platform, session.deployment_id, owners, course_names)
        if name not in allowed:
            raise UnknownCourse(f"There is no course {name!r} that you may choose; there are: {', '.join(allowed)}.")
        map_context(database, context, name, now())
    registry.read_again()
    return _state(request, session, name)


def _nonempty_names(names: Iterator[str]) -> Iterator[str]:
    """`names`, of which there is one at least; raises `UnknownCourse` where there is none."""
    if (first := next(names, None)) is None:
        raise UnknownCourse("Name the new course with letters or digits.")
    return chain([first], names)


def _unavailable_names(request: Request, course_names: Collection[str]) -> set[str]:
    """Names that a new course may not have: somebody has, or is to have, a course of that name."""
    database = services_of(request).database
    course_sets = [key.courses for key in all_keys(database)]
    course_sets += [*registered_sites(database).values(), *(platform.courses for platform in all_platforms(database))]
    material = material_folder(services_of(request).settings)
    folders = [folder.name for folder in material.iterdir()] if material.is_dir() else []
    return {
        *course_names,
        *folders,
        *mapped_contexts(database).values(),
        *chain.from_iterable(filter(None, course_sets)),
    }


def _state(request: Request, session: LaunchSession, course: str | None) -> LaunchState:
    registry = services_of(request).registry
    tokens = services_of(request).tokens
    platform = _platform(registry, session)
    courses = services_of(request).courses
    course_names = courses.names()
    return LaunchState(
        token=tokens.launch.new(session),
        expires_in=SESSION_SECONDS,
        person=session.person,
        role=session.role,
        context_title=session.title,
        course=None if course is None else _course(request, course, course in course_names),
        courses=choices(platform, session.deployment_id, course_owners(services_of(request).database), course_names)
        if session.role == "teacher"
        else [],
    )


def _course(request: Request, name: str, is_there: bool) -> LaunchCourse:
    services = services_of(request)
    title = None
    if is_there:
        with suppress(CourseUnavailable):
            title = services.courses.index(name).manifest.title
    return LaunchCourse(id=name, title=title or name, is_ready=title is not None, is_managed=_is_managed(request, name))


def _is_managed(request: Request, name: str) -> bool:
    try:
        check_managed(services_of(request).settings, name)
    except NotManaged:
        return False
    return True


def _platform(registry: Registry, session: LaunchSession) -> Platform:
    if (platform := registry.platform(session.platform_id)) is None:
        raise InvalidToken("The platform may not launch any more.")
    return platform


def _uncached_response(state: LaunchState) -> Response:
    response = json_response(state)
    response.headers["Cache-Control"] = "no-store"
    return response
