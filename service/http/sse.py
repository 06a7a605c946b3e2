"""The events of an answer as server-sent events, and as the one object that the last of them holds."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

import anyio
import structlog
from fastapi import Request
from fastapi.responses import Response
from sse_starlette import EventSourceResponse as EventSourceResponse
from sse_starlette import ServerSentEvent as ServerSentEvent
from sse_starlette.sse import AppStatus

from reperage.service.contract.answer import Answer
from reperage.service.contract.stream_events import DoneEvent, Event, final_answer
from reperage.service.errors import ClientGone, ServiceError
from reperage.service.http.metrics import count
from reperage.service.http.problems import Problem
from reperage.service.http.root_path import own_path

log = structlog.get_logger(__name__)

T = TypeVar("T")

MEDIA_TYPE = "text/event-stream"
EVENTS: dict[str, Any] = {
    "description": "The answer; as server-sent events where they are accepted.",
    "content": {
        MEDIA_TYPE: {
            "itemSchema": {
                "type": "object",
                "properties": {
                    "event": {"type": "string", "description": "What it tells, where it has a name."},
                    "data": {"type": "string", "description": "A JSON object."},
                },
                "required": ["data"],
            },
            "example": "event: status\ndata: {…}\n\n",
        }
    },
}
_HEARTBEAT_SECONDS = 10
_LAST_SECONDS = 8
"""How long an answer may go on once the server is told to end: less than the server waits for its connections."""
_LINE = "\n"


def wants_events(request: Request) -> bool:
    """Whether the request accepts events, and names no JSON before them."""
    accept = request.headers.get("accept", "")
    before, separator, _ = accept.partition(MEDIA_TYPE)
    return bool(separator) and "application/json" not in before


async def whole_answer(request: Request, events: AsyncGenerator[Event], *, takes_long: bool) -> Answer:
    """The answer that the events end with; where it takes long, the work stops when the client goes away.

    Raises:
        ClientGone: it did.
    """
    answer = await (while_connected(request, final_answer(events)) if takes_long else final_answer(events))
    count(answer)
    return answer


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Result of `work`, which is stopped when the client goes away.

    Raises:
        ClientGone: it did.
    """
    answer_task, disconnect_task = asyncio.ensure_future(work), asyncio.ensure_future(_wait_for_disconnect(request))
    try:
        await asyncio.wait((answer_task, disconnect_task), return_when=asyncio.FIRST_COMPLETED)
        if not answer_task.done():
            raise ClientGone("The client went away.")
        return answer_task.result()
    finally:
        for task in (answer_task, disconnect_task):
            task.cancel()
        await asyncio.wait((answer_task, disconnect_task))


async def _wait_for_disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def event_response(request: Request, events: AsyncGenerator[Event]) -> Response:
    """The events as they come; what fails before the first is raised, what fails later becomes the last event."""
    return stream_response(_server_sent_events(request, await with_first_event(events)))


async def with_first_event(events: AsyncGenerator[Event]) -> AsyncGenerator[Event]:
    """The same events, the first of which is there already: what can be raised before it has been."""
    first = await anext(events)

    async def all_events() -> AsyncGenerator[Event]:
        async with aclosing(events):
            yield first
            async for event in events:
                if isinstance(event, DoneEvent):
                    count(event.data)
                yield event

    return all_events()


def stream_response(events: AsyncIterator[ServerSentEvent]) -> Response:
    """A response that sends each event at once, and a comment now and then so that nobody takes it for dead."""
    return EventSourceResponse(
        events,
        ping=_HEARTBEAT_SECONDS,
        sep=_LINE,
        shutdown_event=anyio.Event(),
        shutdown_grace_period=_LAST_SECONDS,
    )


def reopen_streams() -> None:
    """Let streams of later servers of this process go on, after one of its servers was told to end."""
    # The library keeps for the whole process that a server was.
    AppStatus.should_exit = False


def server_sent(data: str, name: str | None = None) -> ServerSentEvent:
    return ServerSentEvent(data, event=name, sep=_LINE)


async def _server_sent_events(request: Request, events: AsyncGenerator[Event]) -> AsyncIterator[ServerSentEvent]:
    async with aclosing(events):
        try:
            async for event in events:
                yield server_sent(event.data.model_dump_json(by_alias=True), event.name)
        except Exception as error:
            yield server_sent(problem_of(request, error).model_dump_json(), "error")


def problem_of(request: Request, error: Exception) -> Problem:
    """Problem that is told of an error after the response has begun."""
    path = own_path(request.scope)
    if isinstance(error, ServiceError):
        return Problem(title=error.title, status=error.status, detail=str(error), instance=path)
    log.error("unexpected_error", path=path, exc_info=error)
    return Problem(
        title="Internal error", status=500, detail="This is a fault of the program; its log says more.", instance=path
    )
