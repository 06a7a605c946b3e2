"""`/v1/ask` and `/v1/search`."""

from collections.abc import AsyncGenerator
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from reperage.service.api.idempotency import idempotent_questions
from reperage.service.api.parameters import IdempotencyKey
from reperage.service.api.schemas import Question
from reperage.service.assistant import Options
from reperage.service.caller import Caller
from reperage.service.contract.answer import Answer
from reperage.service.contract.search_result import EXAMPLE, SearchResult
from reperage.service.contract.stream_events import Event
from reperage.service.http.problems import problem_responses
from reperage.service.http.rate_limit import count_question
from reperage.service.http.requirements import STUDENT, identified_caller, reading_caller
from reperage.service.http.response_headers import RATE_LIMIT_RESPONSES
from reperage.service.http.responses import json_response
from reperage.service.http.services_of import services_of
from reperage.service.http.source_links import source_links
from reperage.service.http.sse import EVENTS, event_response, wants_events, whole_answer

router = APIRouter()


@router.post(
    "/v1/ask",
    response_model=Answer,
    responses=problem_responses(400, 401, 403, 404, 413, 422, 429, 503) | {200: EVENTS | RATE_LIMIT_RESPONSES[200]},
    tags=["questions"],
    dependencies=[STUDENT],
)
async def ask(request: Request, body: Question, idempotency_key: IdempotencyKey = None) -> Response:
    """Answer a question, every sentence with a verified quote, or say that the material does not answer it.

    With `Accept: text/event-stream` the answer comes event by event: `reading` (where passages of the course are
    read before it is decided), `status` (how the question was read and what it gets), `citation` and `sentence` (each
    sentence after the citations that it rests on, all verified), `done` (the whole answer, the same object as without
    streaming), or `error` (problem details) where something fails on the way.

    With a session token questions are limited, for each person and each address; `RateLimit` tells what is left.
    """
    assistant = services_of(request).assistant
    caller = identified_caller(request)
    limits = await count_question(request, caller)
    events = events_of(request, body, caller, idempotency_key)
    if wants_events(request):
        response = await event_response(request, events)
    else:
        answer = await whole_answer(request, events, takes_long=assistant.generates)
        response = Response(answer.as_json, media_type="application/json")
    response.headers.update(limits)
    return response


@router.get(
    "/v1/search",
    response_model=SearchResult,
    responses=problem_responses(401, 403, 404, 422, 429, 503) | RATE_LIMIT_RESPONSES,
    tags=["questions"],
    dependencies=[STUDENT],
)
async def search(
    request: Request,
    q: Annotated[str, Query(description="The question or words to search for.", examples=[EXAMPLE])],
    course: Annotated[str | None, Query(description="The course to search.", examples=["docker"])] = None,
    k: Annotated[int, Query(ge=1, le=100, description="How many chunks to return at most.")] = 10,
) -> Response:
    """The chunks that fit best, without an answer; counted as a question where questions are."""
    assistant, caller = services_of(request).assistant, reading_caller(request)
    limits = await count_question(request, caller)
    find = partial(assistant.search_result, q, course, k, caller=caller, links=source_links(request))
    response = json_response(await to_thread.run_sync(find, limiter=assistant.limiter))
    response.headers.update(limits)
    return response


def events_of(request: Request, question: Question, caller: Caller, key: str | None) -> AsyncGenerator[Event]:
    """The events of an answer; with `key`, those that the same question got before where it is sent again."""
    assistant = services_of(request).assistant
    options: Options = {
        "caller": caller,
        "links": source_links(request),
        "conversation_id": question.conversation_id,
    }
    if key is None:
        return assistant.stream(question.question, question.course, **options)
    return idempotent_questions(request).stream(assistant, key, question.question, question.course, **options)
