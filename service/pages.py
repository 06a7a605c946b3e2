"""What a browser opens: the page that asks, the pages of documents, their files."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from markupsafe import Markup

import service
from index.index import Index
from service.catalogue import messages
from service.citations import section_url
from service.html import HEADERS, render
from service.routes import base_url, check_document, startup
from service.source_page import render_document

WEB = Path(service.__file__).parent.parent / "web"
"""The static files: beside the packages, in a checkout as in an installation."""

router = APIRouter(include_in_schema=False)


@router.get("/")
async def ask_page() -> Response:
    return FileResponse(WEB / "index.html", headers=HEADERS)


@router.get("/docs")
async def api_page(request: Request) -> Response:
    """The HTTP API for people; loads nothing from elsewhere."""
    page = render("api.html", api=request.app.openapi(), base=base_url(request))
    return HTMLResponse(page, headers=HEADERS)


@router.get("/courses/{course}/documents/{document_id}")
def document_page(
    request: Request,
    course: str,
    document_id: str,
    version: Annotated[str | None, Query()] = None,
    start: Annotated[int | None, Query()] = None,
    end: Annotated[int | None, Query()] = None,
) -> Response:
    """The document, opened at its quote; says so where it has changed since the link was made."""
    index = startup(request).assistant.courses.index(course)
    check_document(index, document_id)
    quote = (start, end) if start is not None and end is not None else None
    return HTMLResponse(_source_page(index, document_id, version, quote), headers=HEADERS)


def _source_page(index: Index, document_id: str, version: str | None, quote: tuple[int, int] | None) -> str:
    document = index.document(document_id)
    text = messages(document.language)
    is_same = version in (None, document.version)
    root = "../../../"

    def find_document(path: str) -> str | None:
        name = index.document_from(path)
        return section_url(root.rstrip("/"), index.document(name), None) if name else None

    body = render_document(document, quote if is_same else None, text["image_missing"], find_document)
    return render(
        "source.html",
        document=document,
        course_title=index.manifest.title,
        notice=None if is_same else text["document_changed"],
        body=Markup(body),
        text=text,
        root=root,
    )
