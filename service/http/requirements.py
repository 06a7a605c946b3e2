"""Requirements of routes: who is let in, as what they are known from then on, and what they may read."""

from dataclasses import replace

from fastapi import Depends, Request

from reperage.index.index import Index
from reperage.service.caller import Caller, Role, check
from reperage.service.database.keys import Key
from reperage.service.http.authentication import caller_of
from reperage.service.http.services_of import services_of


class Needs:
    """Lets a request in that comes from a caller of at least that role, whom `request.state.caller` then names."""

    def __init__(self, least: Role) -> None:
        self.least: Role = least

    async def __call__(self, request: Request) -> None:
        """Raises `NoCredentials`, `Forbidden`, `InvalidKey`, `InvalidToken` or `StateUnavailable`."""
        caller = await caller_of(request)
        key: Key | None = getattr(request.state, "key", None)
        request.state.caller = check(caller, self.least, key.role if key else None)


class NeedsDocument(Needs):
    """The same for the page of a document, which an address with a right to read opens too."""

    async def __call__(self, request: Request) -> None:
        tokens = services_of(request).tokens
        course, document_id = request.path_params["course"], request.path_params["document_id"]
        grant, version = request.query_params.get("grant", ""), request.query_params.get("version", "")
        if grant and tokens.grant.is_good(grant, course, document_id, version):
            request.state.caller = Caller("", frozenset({course}), channel="web")
            request.state.grant_version = version
            return
        await super().__call__(request)


async def open_to_all() -> None:
    """Lets every request in: nothing is told that is anybody's own, or the route looks for itself."""


STUDENT, TEACHER = Depends(Needs("student")), Depends(Needs("teacher"))

ADMINISTRATOR = Depends(Needs("administrator"))

DOCUMENT = Depends(NeedsDocument("student"))

OPEN = Depends(open_to_all)
"""What every route declares, one of these."""


def reading_caller(request: Request) -> Caller:
    """Caller of a request, as the route's declaration let them in; their `person` is empty where they are not known."""
    caller: Caller = request.state.caller
    return caller


def known_caller(request: Request) -> Caller | None:
    """Caller of a request, `None` where they are not known."""
    caller = reading_caller(request)
    return caller if caller.person else None


def identified_caller(request: Request) -> Caller:
    """Caller of a request; a new person, whose cookie `KeepPerson` sends, where the request names none."""
    caller = reading_caller(request)
    if caller.person:
        return caller
    tokens = services_of(request).tokens
    new, request.state.person_token = tokens.person.new()
    return replace(caller, person=new.person)


def readable_index(request: Request, course: str) -> Index:
    """The index of a course, for whoever asks; perhaps without a document.

    Raises:
        UnknownCourse: there is none, or it is not theirs.
    """
    return services_of(request).assistant.courses.readable(course, reading_caller(request), may_be_empty=True)
