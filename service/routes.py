"""`/v1`: the API, and what tells that the process lives, is ready, and how it does."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from anyio import to_thread
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import BaseModel, Field

from corpus import Section
from index.index import Hit, Index
from service.answer import Answer, Contract
from service.assistant import section_url
from service.courses import Courses
from service.errors import CourseUnavailable, NotReady, UnknownDocument
from service.metrics import ANSWERS, REGISTRY
from service.problems import problem_responses
from service.startup import Startup

router = APIRouter()
T = TypeVar("T")
_EXAMPLE = "différence port exposé et port interne"


CourseId = Annotated[str, Path(description="The course.", examples=["docker"])]
DocumentId = Annotated[str, Path(description="The document.", examples=["introduction-docker"])]


class Question(BaseModel):
    """A question about a course."""

    question: str = Field(description="What a person would like to know.", examples=[_EXAMPLE])
    course: str | None = Field(
        None,
        description="The course to answer from; may be left out where there is only one.",
        examples=["docker"],
    )
    conversation_id: str | None = Field(
        None, max_length=64, description="The conversation that the question goes on with.", examples=[None]
    )


class FoundChunk(Contract):
    """A chunk that may answer; `score` is higher for a better one, within one search."""

    rank: int = Field(description="1 for the best.")
    score: float = Field(description="The fused score.")
    dense: float = Field(description="The cosine between question and chunk.")
    lexical: float = Field(description="The BM25 score.")
    chunk_id: str = Field(description="Stable as long as the chunk's place and text are.")
    document_id: str = Field(description="The document that it stands in.")
    document_title: str = Field(description="That document's title.")
    heading_path: list[str] = Field(description="The headings that it stands under, from the top.")
    anchor: str = Field(description="The anchor of its section.")
    text: str = Field(description="The text of the document from `start` to `end`.")
    start: int = Field(description="Where it begins, in code points of the document's text.")
    end: int = Field(description="Where it ends.")
    url: str = Field(description="Opens the document with the chunk highlighted.")


class SearchResult(Contract):
    """The chunks found, best first."""

    course: str = Field(description="The course that was searched.")
    question: str = Field(description="What was searched for.")
    hits: list[FoundChunk] = Field(description="Best first.")


class CourseSummary(Contract):
    """A course and what it holds."""

    id: str = Field(description="The name to ask it by.")
    title: str = Field(description="The name to show.")
    language: str = Field(description="The language of its material, such as `fr`.")
    available: bool = Field(description="Whether it can be asked.")
    detail: str = Field(description="Why not, where it cannot.")
    documents: int = Field(description="How many documents it has.")
    sections: int = Field(description="How many sections they have.")
    chunks: int = Field(description="How many chunks are searched.")


class CourseList(Contract):
    """Every course there is."""

    courses: list[CourseSummary] = Field(description="In alphabetical order of their names.")


class DocumentSummary(Contract):
    """A document of a course."""

    id: str = Field(description="The name in addresses.")
    title: str = Field(description="The name to show.")
    language: str = Field(description="The language of its text, such as `fr`.")
    version: str = Field(description="`sha256:` and the digest of its text.")
    path: str = Field(description="The file that it was read from, within its course.")
    url: str = Field(description="Opens its page.")


class DocumentList(Contract):
    """The documents of one course."""

    course: str = Field(description="The course.")
    documents: list[DocumentSummary] = Field(description="In the order of their paths.")


class SectionSpan(Contract):
    """One heading and its own text, without the sections below it."""

    heading_path: list[str] = Field(description="The headings from the top.")
    anchor: str = Field(description="Its anchor, unique in the document.")
    start: int = Field(description="Where it begins, in code points of the document's text.")
    end: int = Field(description="Where it ends.")
    is_empty: bool = Field(description="Nothing is written in it yet.")


class DocumentText(DocumentSummary):
    """A document: the text that every span refers to, and its sections."""

    course: str = Field(description="The course.")
    text: str = Field(description="The whole text, which the spans of citations refer to.")
    sections: list[SectionSpan] = Field(description="In their order; they cover the text but for its front matter.")


class Health(Contract):
    """How the process is."""

    status: str = Field(description="`alive`, or `ready` once a question can be answered.")
    problems: dict[str, str] = Field({}, description="Why courses cannot be asked, by course.")


@router.post("/v1/ask", response_model=Answer, responses=problem_responses(400, 404, 413, 422, 503), tags=["questions"])
async def ask(request: Request, body: Question) -> Response:
    """Answer a question, every sentence with a verified quote, or say that the material does not answer it."""
    assistant = startup(request).assistant
    base = base_url(request)
    answer = await _in_thread(
        request,
        lambda: assistant.ask(body.question, body.course, base_url=base, conversation_id=body.conversation_id),
    )
    ANSWERS.labels(answer.course, answer.status).inc()
    return _json(answer)


@router.get("/v1/search", response_model=SearchResult, responses=problem_responses(404, 422, 503), tags=["questions"])
async def search(
    request: Request,
    q: Annotated[str, Query(description="The question or words to search for.", examples=[_EXAMPLE])],
    course: Annotated[str | None, Query(description="The course to search.", examples=["docker"])] = None,
    k: Annotated[int, Query(ge=1, le=100, description="How many chunks to return at most.")] = 10,
) -> Response:
    """The chunks that fit best, without an answer."""
    assistant = startup(request).assistant
    index, hits = await _in_thread(request, lambda: assistant.search(q, course, k))
    base = base_url(request)
    found = [found_chunk(index, hit, base) for hit in hits]
    return _json(SearchResult(course=index.manifest.course, question=assistant.checked(q), hits=found))


@router.get("/v1/courses", response_model=CourseList, responses=problem_responses(503), tags=["courses"])
async def courses(request: Request) -> Response:
    """Every course, and whether it can be asked."""
    return _json(
        CourseList(courses=[summary(startup(request).courses, name) for name in startup(request).courses.names()])
    )


@router.get(
    "/v1/courses/{course}/documents",
    response_model=DocumentList,
    responses=problem_responses(404, 422, 503),
    tags=["courses"],
)
async def documents(request: Request, course: CourseId) -> Response:
    """The documents of a course."""
    index = startup(request).courses.index(course)
    base = base_url(request)
    found = [DocumentSummary(**_document(index, name, base)) for name in index.document_ids]
    return _json(DocumentList(course=course, documents=found))


@router.get(
    "/v1/courses/{course}/documents/{document_id}",
    response_model=DocumentText,
    responses=problem_responses(404, 422, 503),
    tags=["courses"],
)
async def document(request: Request, course: CourseId, document_id: DocumentId) -> Response:
    """One document: its text, which the spans of citations refer to, and its sections."""
    index = startup(request).courses.index(course)
    check_document(index, document_id)
    return _json(
        DocumentText(
            **_document(index, document_id, base_url(request)),
            course=course,
            text=index.document(document_id).text,
            sections=[_span(section) for section in index.sections(document_id)],
        )
    )


@router.get("/healthz", response_model=Health, tags=["operation"])
async def healthz() -> Response:
    """200 as soon as the process lives."""
    return _json(Health(status="alive"))


@router.get("/readyz", response_model=Health, responses=problem_responses(503), tags=["operation"])
async def readyz(request: Request) -> Response:
    """200 once a question can be answered; until then, or when no course can be, 503 and why."""
    started = startup(request)
    if not started.is_ready:
        raise NotReady(started.detail)
    problems = started.courses.problems()
    if len(problems) == len(started.courses.names()):
        raise CourseUnavailable(" ".join(problems.values()) or "There is no course; run `repere build FOLDER`.")
    return _json(Health(status="ready", problems=problems))


@router.get("/metrics", response_class=Response, tags=["operation"])
async def metrics() -> Response:
    """Counters and timings in the text format of Prometheus."""
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def startup(request: Request) -> Startup:
    started: Startup = request.app.state.startup
    return started


def base_url(request: Request) -> str:
    """What links begin with, without a slash at the end."""
    public = startup(request).settings.public_url
    return str(public or request.base_url).rstrip("/")


def check_document(index: Index, document_id: str) -> None:
    """Raise `UnknownDocument` unless the course has it."""
    if document_id not in index.document_ids:
        raise UnknownDocument(
            f"The course {index.manifest.course!r} has no document {document_id!r}; "
            f"/v1/courses/{index.manifest.course}/documents lists those that it has."
        )


def found_chunk(index: Index, hit: Hit, base: str) -> FoundChunk:
    """A hit as the API shows it."""
    chunk, section = hit.chunk, hit.chunk.section
    document = index.document(section.document_id)
    return FoundChunk(
        rank=hit.rank,
        score=round(hit.score, 4),
        dense=round(hit.dense, 4),
        lexical=round(hit.lexical, 4),
        chunk_id=chunk.id,
        document_id=document.id,
        document_title=document.title,
        heading_path=list(section.heading_path),
        anchor=section.anchor,
        text=chunk.text,
        start=chunk.start,
        end=chunk.end,
        url=section_url(base, document, section, (chunk.start, chunk.end)),
    )


def summary(opened: Courses, course: str) -> CourseSummary:
    """A course as the API lists it."""
    try:
        manifest = opened.index(course).manifest
    except CourseUnavailable as error:
        return CourseSummary(
            id=course,
            title=course,
            language="",
            available=False,
            detail=str(error),
            documents=0,
            sections=0,
            chunks=0,
        )
    counts = {name: manifest.counts[name] for name in ("documents", "sections", "chunks")}
    return CourseSummary(
        id=course, title=manifest.title, language=manifest.language, available=True, detail="", **counts
    )


def _document(index: Index, document_id: str, base: str) -> dict[str, Any]:
    document = index.document(document_id)
    return {
        "id": document.id,
        "title": document.title,
        "language": document.language,
        "version": document.version,
        "path": document.source.path,
        "url": section_url(base, document, None),
    }


def _span(section: Section) -> SectionSpan:
    return SectionSpan(
        heading_path=list(section.heading_path),
        anchor=section.anchor,
        start=section.start,
        end=section.end,
        is_empty=section.is_empty,
    )


async def _in_thread(request: Request, work: Callable[[], T]) -> T:
    """Run what blocks off the event loop, as many at once as there are encoder calls worth making."""
    return await to_thread.run_sync(work, limiter=request.app.state.limiter)


def _json(value: BaseModel) -> Response:
    # Straight from the model: FastAPI would check it a second time.
    return Response(value.model_dump_json(by_alias=True), media_type="application/json")
