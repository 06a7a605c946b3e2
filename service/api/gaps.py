"""`/v1/courses/{course}/gaps`: what a teacher could write."""

from datetime import datetime
from typing import Annotated, Literal

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import ConfigDict, Field

from reperage.index.index import Index
from reperage.service.api.parameters import CourseId
from reperage.service.clock import now, to_datetime
from reperage.service.contract.answer import Contract
from reperage.service.conversations.gaps import Gap, find_gaps
from reperage.service.errors import StateUnavailable, UnknownCourse
from reperage.service.http.problems import problem_responses
from reperage.service.http.requirements import TEACHER, reading_caller
from reperage.service.http.responses import json_response
from reperage.service.http.services_of import services_of
from reperage.service.http.source_links import source_links
from reperage.service.sources.links import SourceLinks

router = APIRouter(tags=["courses"])


class AskedGap(Contract):
    """A question that the course did not answer, or whose answer did not help."""

    question: str = Field(description="The question as it was last asked, made to stand alone.")
    status: Literal["answered", "not_in_material", "section_empty"] = Field(
        description="What it got the last time; `answered` where somebody found the answer wanting."
    )
    count: int = Field(description="How often it was asked, differences of case, spaces and final punctuation aside.")
    last_asked_at: datetime = Field(description="When it was last asked, in UTC.")
    down: int = Field(0, description="How many people said that the answer did not help.")
    missing: int = Field(0, description="How many people said that the course should have answered.")
    reasons: list[str] = Field([], description="What they said about it, the latest first.")


class EmptySection(Contract):
    """A section in which nothing is written yet."""

    document_id: str = Field(description="The document that it stands in.")
    document_title: str = Field(description="That document's title.")
    heading_path: list[str] = Field(description="The headings from the top.")
    anchor: str = Field(description="Its anchor.")
    url: str = Field(description="Opens the document there.")


class Gaps(Contract):
    """What a course could not answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "course": "docker",
                "questions": [
                    {
                        "question": "Comment installer Kubernetes ?",
                        "status": "not_in_material",
                        "count": 3,
                        "last_asked_at": "2026-11-23T09:30:00Z",
                        "down": 0,
                        "missing": 1,
                        "reasons": ["Vu en TP"],
                    }
                ],
                "empty_sections": [
                    {
                        "document_id": "introduction-docker",
                        "document_title": "Introduction Docker",
                        "heading_path": ["Concepts", "Volume Docker"],
                        "anchor": "volume-docker",
                        "url": "http://127.0.0.1:8000/courses/docker/documents/introduction-docker#volume-docker",
                    }
                ],
            }
        }
    )

    course: str = Field(description="The course.")
    questions: list[AskedGap] = Field(description="The one that was asked last first; nobody is told who asked.")
    empty_sections: list[EmptySection] = Field(description="In the order of the documents.")


@router.get(
    "/v1/courses/{course}/gaps",
    response_model=Gaps,
    responses=problem_responses(401, 403, 404, 422, 503),
    dependencies=[TEACHER],
)
async def gaps(
    request: Request,
    course: CourseId,
    days: Annotated[int, Query(ge=1, le=3650, description="Questions of so many last days.")] = 90,
    limit: Annotated[int, Query(ge=1, le=500, description="How many questions to return at most.")] = 100,
) -> Response:
    """The questions that found no answer in a course, or one that did not help, and its sections without text.

    The same question counts once, however it was written; small talk is none. Whoever comes from an LMS by LTI is told
    of what was asked from that same deployment of it; a key is told of the whole course.
    """
    services, links, caller = services_of(request), source_links(request), reading_caller(request)
    services.courses.check(course, caller)
    database = services.conversations.database
    # A course may be lent to several schools: what one's students ask is not the others' to read.
    tenant = caller.tenant if caller.channel == "lti" else None

    def find() -> Gaps:
        if database is None:
            raise StateUnavailable("there is no database")
        course_gaps = find_gaps(database, course, days, now(), tenant)
        index = services.courses.find(course, may_be_empty=True)
        if index is None and not course_gaps and course not in services.courses.names():
            raise UnknownCourse(f"There is no course {course!r}, and nobody asked it anything.")
        questions = [_asked_gap(gap) for gap in course_gaps[:limit]]
        return Gaps(course=course, questions=questions, empty_sections=_empty_sections(index, links) if index else [])

    return json_response(await to_thread.run_sync(find))


def _asked_gap(gap: Gap) -> AskedGap:
    return AskedGap(
        question=gap.question,
        status=gap.status,
        count=gap.count,
        last_asked_at=to_datetime(gap.last_at),
        down=gap.ratings.get("down", 0),
        missing=gap.ratings.get("missing", 0),
        reasons=gap.reasons,
    )


def _empty_sections(index: Index, links: SourceLinks) -> list[EmptySection]:
    return [
        EmptySection(
            document_id=document_id,
            document_title=index.document_title(document_id),
            heading_path=list(section.heading_path) or [index.document_title(document_id)],
            anchor=section.anchor,
            url=links.to(index.document(document_id), section),
        )
        for document_id in index.document_ids
        for section in index.sections(document_id)
        if section.is_empty
    ]
