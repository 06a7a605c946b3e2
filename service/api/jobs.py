"""`/v1/jobs/{job_id}`: what became of a change of a document."""

from datetime import datetime
from typing import Annotated, Literal

from anyio import to_thread
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import ConfigDict, Field

from reperage.service.api.schemas import ID_PATTERN
from reperage.service.clock import to_datetime
from reperage.service.contract.answer import Contract
from reperage.service.database.jobs import Job
from reperage.service.http.problems import problem_responses
from reperage.service.http.requirements import TEACHER, reading_caller
from reperage.service.http.responses import json_response
from reperage.service.http.services_of import services_of

router = APIRouter(tags=["courses"])

JobId = Annotated[
    str,
    Path(
        max_length=64,
        pattern=ID_PATTERN,
        description="The job, as `id` of what changing a document gave.",
        examples=["0f2b9c0d5a5e4f6c8f0f6b7a2d1c3e4f"],
    ),
]


class DocumentJob(Contract):
    """A change of a document: it is written, and the course's index is built anew in the background."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0f2b9c0d5a5e4f6c8f0f6b7a2d1c3e4f",
                "course": "reseaux",
                "kind": "put",
                "document_id": "chapitre-1",
                "status": "running",
                "done": 120,
                "total": 480,
                "detail": "",
                "made_at": "2026-11-23T09:30:00Z",
                "started_at": "2026-11-23T09:30:01Z",
                "ended_at": None,
            }
        }
    )

    id: str = Field(description="The job's own name.")
    course: str = Field(description="The course that it changes.")
    kind: Literal["put", "delete"] = Field(description="Whether the document was written or removed.")
    document_id: str = Field(description="The document.")
    status: Literal["queued", "running", "done", "failed"] = Field(
        description="`queued`; `running`; `done`: questions are answered from the change; or `failed`."
    )
    done: int = Field(description="How many texts of the build are encoded.")
    total: int = Field(description="How many there are to encode, 0 as long as that is not known.")
    detail: str = Field(description="Why it failed, and what to do about it; empty where it did not.")
    made_at: datetime = Field(description="When the change was asked for, in UTC.")
    started_at: datetime | None = Field(None, description="When the build was begun.")
    ended_at: datetime | None = Field(None, description="When it was done or failed.")


@router.get(
    "/v1/jobs/{job_id}",
    response_model=DocumentJob,
    responses=problem_responses(401, 403, 404, 422, 503),
    dependencies=[TEACHER],
)
async def job(request: Request, job_id: JobId) -> Response:
    """How far a change of a document is; jobs are kept for 30 days."""
    jobs = services_of(request).jobs
    caller = reading_caller(request)
    return json_response(document_job(await to_thread.run_sync(lambda: jobs.read(job_id, caller))))


def document_job(job: Job) -> DocumentJob:
    """A job as the API shows it: nobody is told who asked."""
    return DocumentJob(
        id=job.id,
        course=job.course,
        kind=job.kind,
        document_id=job.document_id,
        status=job.status,
        done=job.done,
        total=job.total,
        detail=job.detail,
        made_at=to_datetime(job.made_at),
        started_at=job.started_at and to_datetime(job.started_at),
        ended_at=job.ended_at and to_datetime(job.ended_at),
    )
