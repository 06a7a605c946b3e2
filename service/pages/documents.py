"""Page of a document, opened at a quote."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from reperage.index.index import Index
from reperage.service.courses.library import check_has_document
from reperage.service.errors import NoCredentials
from reperage.service.http.requirements import DOCUMENT, readable_index
from reperage.service.http.templates import HEADERS, render
from reperage.service.messages import messages
from reperage.service.sources.document_html import render_document
from reperage.service.sources.links import SourceLinks, find_document

router = APIRouter(include_in_schema=False)


@router.get("/courses/{course}/documents/{document_id}", dependencies=[DOCUMENT])
def document_page(
    request: Request,
    course: str,
    document_id: str,
    version: Annotated[str | None, Query()] = None,
    start: Annotated[int | None, Query()] = None,
    end: Annotated[int | None, Query()] = None,
) -> Response:
    """The document, opened at its quote; says so where it has changed since the link was made."""
    index = readable_index(request, course)
    check_has_document(index, document_id)
    grant_version = getattr(request.state, "grant_version", None)
    if grant_version is not None and grant_version != index.document(document_id).version:
        raise NoCredentials("The link opens a version of this document that there is no longer.")
    quote = (start, end) if start is not None and end is not None else None
    return HTMLResponse(_source_page(index, document_id, version, quote), headers=HEADERS)


def _source_page(index: Index, document_id: str, version: str | None, quote: tuple[int, int] | None) -> str:
    document = index.document(document_id)
    text = messages(document.language)
    is_same = version in (None, document.version)
    root = "../../../"

    find = find_document(index, SourceLinks(root.rstrip("/")))
    body = render_document(document, quote if is_same else None, text["image_missing"], find)
    return render(
        "source.html",
        document=document,
        course_title=index.manifest.title,
        notice=None if is_same else text["document_changed"],
        body=Markup(body),
        text=text,
        root=root,
    )
