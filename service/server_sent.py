"""The events of an answer as server-sent events, and as the one object that the last of them holds."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import structlog
from fastapi import Request
from fastapi.responses import Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from service.errors import ServiceError
from service.events import DoneEvent, Event
from service.metrics import count
from service.problems import Problem

log = structlog.get_logger(__name__)

MEDIA_TYPE = "text/event-stream"
EVENTS: dict[str, Any] = {
    "description": "The answer; as server-sent events where they are accepted.",
    "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": "event: status\ndata: {…}\n\n"}},
}
_HEARTBEAT_SECONDS = 10
_LINE = "\n"


def wants_events(request: Request) -> bool:
    """Whether the request accepts events, and names no JSON before them."""
    accepted = request.headers.get("accept", "")
    before, found, _ = accepted.partition(MEDIA_TYPE)
    return bool(found) and "application/json" not in before


async def event_response(request: Request, events: AsyncGenerator[Event]) -> Response:
    """The events as they come; what fails before the first is raised, what fails later becomes the last event."""
    first = await anext(events)
    return EventSourceResponse(_encoded(request, first, events), ping=_HEARTBEAT_SECONDS, sep=_LINE)


async def _encoded(request: Request, first: Event, events: AsyncGenerator[Event]) -> AsyncIterator[ServerSentEvent]:
    async with aclosing(events):
        try:
            yield _event(first.name, first.data.model_dump_json(by_alias=True))
            async for event in events:
                if isinstance(event, DoneEvent):
                    count(event.data)
                yield _event(event.name, event.data.model_dump_json(by_alias=True))
        except Exception as error:
            yield _event("error", _problem(request, error).model_dump_json())


def _event(name: str, data: str) -> ServerSentEvent:
    return ServerSentEvent(data, event=name, sep=_LINE)


def _problem(request: Request, error: Exception) -> Problem:
    path = request.url.path
    if isinstance(error, ServiceError):
        return Problem(title=error.title, status=error.status, detail=str(error), instance=path)
    log.error("unexpected_error", path=path, exc_info=error)
    return Problem(
        title="Internal error", status=500, detail="This is a fault of the program; its log says more.", instance=path
    )
