"""Documents of a course: read by whoever may ask; written by teachers where Repère keeps the material itself."""

from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from reperage.service.api.jobs import DocumentJob, document_job
from reperage.service.api.parameters import CourseId, DocumentId
from reperage.service.api.schemas import (
    ID_PATTERN,
    DocumentList,
    DocumentSummary,
    DocumentText,
    document_fields,
    document_text,
)
from reperage.service.courses.conditions import Conditions
from reperage.service.courses.jobs import Change
from reperage.service.courses.library import CourseLibrary, check_has_document
from reperage.service.courses.material import LARGEST_DOCUMENT, LONGEST_NAME, check_document, check_format, check_name
from reperage.service.database.jobs import Job
from reperage.service.errors import ClientGone
from reperage.service.http.body_limit import largest_body
from reperage.service.http.etags import ETAG_RESPONSES, IfNoneMatch, conditional_response, etag_of
from reperage.service.http.problems import problem_responses
from reperage.service.http.requirements import STUDENT, TEACHER, readable_index, reading_caller
from reperage.service.http.responses import json_response
from reperage.service.http.services_of import services_of
from reperage.service.http.source_links import source_links
from reperage.service.sources.links import SourceLinks
from reperage.service.sources.section_view import SourceSection, source_section

router = APIRouter(tags=["courses"])

_EXAMPLE = "# Ports\n\nUn port exposé est ouvert sur la machine.\n"
_BODY: dict[str, Any] = {
    "required": True,
    "description": f"The document in Markdown, UTF-8, at most {LARGEST_DOCUMENT:,} bytes.",
    "content": {
        media_type: {"schema": {"type": "string", "format": "binary"}, "example": _EXAMPLE}
        for media_type in ("text/markdown", "text/plain", "application/octet-stream")
    },
}
_JOB_RESPONSES: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "The change is made, and will be searched once its job is done.",
        "headers": {"Location": {"description": "Where the job is.", "schema": {"type": "string", "format": "uri"}}},
    }
}

CourseName = Annotated[
    str, Path(description="The course; a new name begins a course.", examples=["reseaux"], max_length=LONGEST_NAME)
]
DocumentName = Annotated[
    str,
    Path(
        description="The document: lower-case letters, digits and hyphens.",
        examples=["chapitre-1"],
        max_length=LONGEST_NAME,
    ),
]
IfMatch = Annotated[
    str,
    Header(
        description="The `ETag` of the document as it was read: it is changed only where it is still the same. `*`: "
        "only where there is one.",
    ),
]
OnlyIfNone = Annotated[str, Header(description="`*`: the document is written only where there is none.")]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=64,
        pattern=ID_PATTERN,
        description="A name of one's own for this request: sent again with it, it gets the same job.",
    ),
]


@router.get(
    "/v1/courses/{course}/documents",
    response_model=DocumentList,
    responses=problem_responses(401, 403, 404, 422, 503) | ETAG_RESPONSES,
    dependencies=[STUDENT],
)
def documents(request: Request, course: CourseId, if_none_match: IfNoneMatch = "") -> Response:
    """The documents of a course."""
    index = readable_index(request, course)
    links = source_links(request)
    summaries = [DocumentSummary(**document_fields(index, name, links)) for name in index.document_ids]
    return conditional_response(if_none_match, json_response(DocumentList(course=course, documents=summaries)))


@router.get(
    "/v1/courses/{course}/documents/{document_id}",
    response_model=DocumentText,
    responses=problem_responses(401, 403, 404, 422, 503) | ETAG_RESPONSES,
    dependencies=[STUDENT],
)
def document(request: Request, course: CourseId, document_id: DocumentId, if_none_match: IfNoneMatch = "") -> Response:
    """One document: its text, which the spans of citations refer to, and its sections."""
    index = readable_index(request, course)
    check_has_document(index, document_id)
    return conditional_response(if_none_match, json_response(document_text(index, document_id, source_links(request))))


@router.get(
    "/v1/courses/{course}/documents/{document_id}/section",
    response_model=SourceSection,
    responses=problem_responses(401, 403, 404, 422, 503) | ETAG_RESPONSES,
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
    index = readable_index(request, course)
    check_has_document(index, document_id)
    view = source_section(index, document_id, anchor, (start, end), version, source_links(request))
    return conditional_response(if_none_match, json_response(view))


@router.put(
    "/v1/courses/{course}/documents/{document_id}",
    status_code=202,
    response_model=DocumentJob,
    responses=_JOB_RESPONSES | problem_responses(401, 403, 404, 409, 412, 413, 415, 422, 503),
    openapi_extra={"requestBody": _BODY} | largest_body(LARGEST_DOCUMENT),
    dependencies=[TEACHER],
)
async def put_document(
    request: Request,
    course: CourseName,
    document_id: DocumentName,
    idempotency_key: Key = None,
    if_match: IfMatch = "",
    if_none_match: OnlyIfNone = "",
) -> Response:
    """Write a document of a course whose material Repère keeps itself, in place of the one of that name.

    A course that does not exist yet is made. The document is checked and written at once; the index is built anew in
    the background, as the job tells. Courses that ship with Repère or were built from another folder are not changed
    (409).
    """
    _check_names(request, course, document_id)
    check_format(request.headers.get("content-type", ""), request.headers.get("content-encoding", ""))
    try:
        data = await request.body()
    except ClientDisconnect as error:
        raise ClientGone("The client went away.") from error
    jobs = services_of(request).jobs
    services = services_of(request)
    encoder = services.assistant.pipeline.encoder if services.loading.is_ready else None
    check = partial(check_document, data, document_id, services.settings, encoder)
    await to_thread.run_sync(check, limiter=jobs.limiter)
    conditions = Conditions(if_match, if_none_match)
    return await _submit(
        request, Change(course, document_id, data, reading_caller(request).person, idempotency_key, conditions)
    )


@router.delete(
    "/v1/courses/{course}/documents/{document_id}",
    status_code=202,
    response_model=DocumentJob,
    responses=_JOB_RESPONSES | problem_responses(401, 403, 404, 409, 412, 422, 503),
    dependencies=[TEACHER],
)
async def delete_document(
    request: Request,
    course: CourseName,
    document_id: DocumentName,
    idempotency_key: Key = None,
    if_match: IfMatch = "",
) -> Response:
    """Remove a document of a course whose material Repère keeps itself.

    The file is removed at once, and from what is searched once the job is done. A course without a document stays, and
    cannot be asked until one is written again.
    """
    _check_names(request, course, document_id)
    conditions = Conditions(if_match)
    return await _submit(
        request, Change(course, document_id, None, reading_caller(request).person, idempotency_key, conditions)
    )


def _check_names(request: Request, course: str, document_id: str) -> None:
    services_of(request).courses.check(course, reading_caller(request))
    check_name("course", course)
    check_name("document", document_id)


async def _submit(request: Request, change: Change) -> Response:
    jobs = services_of(request).jobs
    links = source_links(request)
    etag = partial(_etag, services_of(request).courses, change.course, change.document_id, links)
    job: Job = await to_thread.run_sync(jobs.submit, change, etag, limiter=jobs.limiter)
    response = json_response(document_job(job))
    response.status_code = 202
    response.headers["Location"] = f"{links.base_url}/v1/jobs/{job.id}"
    return response


def _etag(
    courses: CourseLibrary, course: str, document_id: str, links: SourceLinks, path: str, digest: str
) -> str | None:
    """The ETag that reading the document gives, where the index was built from that very file."""
    index = courses.find(course, may_be_empty=True)
    if index is None or document_id not in index.document_ids:
        return None
    source = index.document(document_id).source
    if (source.path, source.digest) != (path, digest):
        return None
    return etag_of(bytes(json_response(document_text(index, document_id, links)).body))
