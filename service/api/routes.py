"""`/v1`: the API, and what tells that the process lives, is ready, and how it does."""

from collections.abc import AsyncGenerator
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import BaseModel

from reperage.index.index import Index
from reperage.service.access.document_grants import links_for
from reperage.service.answering.calibration import WITHOUT_CALIBRATION
from reperage.service.api.idempotency import Repeats
from reperage.service.api.schemas import (
    CONVERSATION,
    EXAMPLE,
    CourseList,
    DocumentList,
    DocumentSummary,
    DocumentText,
    Health,
    Question,
    SearchResult,
    document_fields,
    document_text,
    search_result,
    summary,
)
from reperage.service.assistant import Options
from reperage.service.caller import Caller
from reperage.service.contract.answer import Answer
from reperage.service.contract.stream_events import Event
from reperage.service.database.migration_worker import MigrationWorker
from reperage.service.errors import CourseUnavailable, NotReady, UnknownDocument
from reperage.service.http.authentication import ADMINISTRATOR, OPEN, STUDENT, caller, reader
from reperage.service.http.etags import SAME, IfNoneMatch, conditional
from reperage.service.http.metrics import REGISTRY
from reperage.service.http.problems import problem_responses
from reperage.service.http.response_headers import COUNTED
from reperage.service.http.sse import EVENTS, event_response, wants_events, whole_answer
from reperage.service.loading import Startup
from reperage.service.rate_limits.limiter import Rates, count_question
from reperage.service.sources.section_view import SourceSection, source_section

router = APIRouter()


CourseId = Annotated[str, Path(description="The course.", examples=["docker"])]
DocumentId = Annotated[str, Path(description="The document.", examples=["introduction-docker"])]
IdempotencyKey = Annotated[
    str | None,
    Header(
        max_length=64,
        pattern=CONVERSATION,
        description="A name of one's own for this question: sent again with it, it gets the same answer and is asked "
        "once.",
    ),
]


@router.post(
    "/v1/ask",
    response_model=Answer,
    responses=problem_responses(400, 401, 403, 404, 413, 422, 429, 503) | {200: EVENTS | COUNTED[200]},
    tags=["questions"],
    dependencies=[STUDENT],
)
async def ask(request: Request, body: Question, idempotency_key: IdempotencyKey = None) -> Response:
    """Answer a question, every sentence with a verified quote, or say that the material does not answer it.

    With `Accept: text/event-stream` the answer comes event by event: `status` (how the question was read and what it
    gets), `citation` and `sentence` (each sentence after the citations that it rests on, all verified), `done` (the
    whole answer, the same object as without streaming), or `error` (problem details) where something fails on the way.

    With a session token questions are limited, for each person and each address; `RateLimit` tells what is left.
    """
    assistant = startup(request).assistant
    whose = caller(request)
    limits = await count_question(request, whose)
    events = events_of(request, body, whose, idempotency_key)
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
    responses=problem_responses(401, 403, 404, 422, 429, 503) | COUNTED,
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
    assistant, whose = startup(request).assistant, reader(request)
    limits = await count_question(request, whose)
    find = partial(search_result, assistant, q, course, k, base_url(request), whose)
    response = json_response(await to_thread.run_sync(find, limiter=assistant.limiter))
    response.headers.update(limits)
    return response


@router.get(
    "/v1/courses",
    response_model=CourseList,
    responses=problem_responses(401, 403, 503),
    tags=["courses"],
    dependencies=[STUDENT],
)
def courses(request: Request) -> Response:
    """Every course that one may ask, and whether it can be asked."""
    opened, whose = startup(request).assistant.courses, reader(request)
    names = [name for name in opened.names() if whose.may_read(name)]
    return json_response(CourseList(courses=[summary(opened, name) for name in names]))


@router.get(
    "/v1/courses/{course}/documents",
    response_model=DocumentList,
    responses=problem_responses(401, 403, 404, 422, 503) | SAME,
    tags=["courses"],
    dependencies=[STUDENT],
)
def documents(request: Request, course: CourseId, if_none_match: IfNoneMatch = "") -> Response:
    """The documents of a course."""
    index = readable(request, course)
    base = base_url(request)
    found = [DocumentSummary(**document_fields(index, name, base)) for name in index.document_ids]
    return conditional(if_none_match, json_response(DocumentList(course=course, documents=found)))


@router.get(
    "/v1/courses/{course}/documents/{document_id}",
    response_model=DocumentText,
    responses=problem_responses(401, 403, 404, 422, 503) | SAME,
    tags=["courses"],
    dependencies=[STUDENT],
)
def document(request: Request, course: CourseId, document_id: DocumentId, if_none_match: IfNoneMatch = "") -> Response:
    """One document: its text, which the spans of citations refer to, and its sections."""
    index = readable(request, course)
    check_document(index, document_id)
    return conditional(if_none_match, json_response(document_text(index, document_id, base_url(request))))


@router.get(
    "/v1/courses/{course}/documents/{document_id}/section",
    response_model=SourceSection,
    responses=problem_responses(401, 403, 404, 422, 503) | SAME,
    tags=["courses"],
    dependencies=[STUDENT],
)
def section(
    request: Request,
    course: CourseId,
    document_id: DocumentId,
    anchor: Annotated[
        str | None,
        Query(
            description="The section's anchor; where it is left out, the section that holds `start`, else the first."
        ),
    ] = None,
    start: Annotated[int | None, Query(ge=0, description="Where the quote begins, in code points.")] = None,
    end: Annotated[int | None, Query(ge=0, description="Where it ends.")] = None,
    version: Annotated[
        str | None, Query(description="The version that `start` and `end` refer to, `document_version` of a citation.")
    ] = None,
    if_none_match: IfNoneMatch = "",
) -> Response:
    """One section of a document, sentence by sentence, with those marked that a citation quotes.

    The parameters are a citation's: its `anchor`, `start`, `end` and, as `version`, its `document_version`.
    """
    index = readable(request, course)
    check_document(index, document_id)
    found = source_section(index, document_id, anchor, (start, end), version, base_url(request))
    return conditional(if_none_match, json_response(found))


@router.get("/healthz", response_model=Health, tags=["operation"], dependencies=[OPEN])
async def healthz() -> Response:
    """200 as soon as the process lives."""
    return json_response(Health(status="alive"))


@router.get("/readyz", response_model=Health, responses=problem_responses(503), tags=["operation"], dependencies=[OPEN])
def readyz(request: Request) -> Response:
    """200 once a question can be answered; until then, or when no course can be, 503 and why."""
    started = startup(request)
    if not started.is_ready:
        raise NotReady(started.detail)
    problems = started.courses.problems()
    if len(problems) == len(started.courses.names()):
        raise CourseUnavailable(" ".join(problems.values()) or "There is no course; run `repere build FOLDER`.")
    notices = [WITHOUT_CALIBRATION] if started.assistant.calibration.model_digest is None else []
    migration: MigrationWorker = request.app.state.migration
    if migration.problem is not None or started.conversations.problem is not None:
        notices.append("Conversations are not kept for now; the log says why.")
    rates: Rates = request.app.state.rates
    if rates.problem is not None:
        notices.append("What is asked is counted by each process for itself for now; the log says why.")
    return json_response(Health(status="ready", problems=problems, notices=notices))


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses=problem_responses(401, 403, 503),
    tags=["operation"],
    dependencies=[ADMINISTRATOR],
)
async def metrics() -> Response:
    """Counters and timings in the text format of Prometheus."""
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def startup(request: Request) -> Startup:
    started: Startup = request.app.state.startup
    return started


def readable(request: Request, course: str) -> Index:
    """The index of a course, for whoever asks.

    Raises:
        UnknownCourse: there is none, or it is not theirs.
    """
    return startup(request).assistant.courses.readable(course, reader(request), may_be_empty=True)


def events_of(request: Request, question: Question, whose: Caller, key: str | None) -> AsyncGenerator[Event]:
    """The events of an answer; with `key`, those that the same question got before where it is sent again."""
    assistant = startup(request).assistant
    options: Options = {
        "caller": whose,
        "base_url": base_url(request),
        "conversation_id": question.conversation_id,
    }
    if key is None:
        return assistant.stream(question.question, question.course, **options)
    repeats: Repeats = request.app.state.repeats
    return repeats.stream(assistant, key, question.question, question.course, **options)


def own_address(request: Request) -> str:
    """What every address of ours begins with, without a slash at the end."""
    public = startup(request).settings.public_url
    return str(public or request.base_url).rstrip("/")


def base_url(request: Request) -> str:
    """What links in an answer begin with, without a slash at the end."""
    return links_for(request, own_address(request))


def check_document(index: Index, document_id: str) -> None:
    """Raise `UnknownDocument` unless the course has it."""
    if document_id not in index.document_ids:
        raise UnknownDocument(
            f"The course {index.manifest.course!r} has no document {document_id!r}; "
            f"/v1/courses/{index.manifest.course}/documents lists those that it has."
        )


def json_response(value: BaseModel) -> Response:
    # Straight from the model: FastAPI would check it a second time.
    return Response(value.model_dump_json(by_alias=True), media_type="application/json")
