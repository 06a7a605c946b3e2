"""What a browser opens: the page of a course, which asks; the pages of documents; their files."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup
from starlette.staticfiles import StaticFiles

import reperage
from reperage.index.index import Index
from reperage.service.courses.library import check_has_document
from reperage.service.errors import NoCredentials, UnknownCourse
from reperage.service.http.request_origin import own_address
from reperage.service.http.requirements import DOCUMENT, OPEN, STUDENT, readable_index, reader
from reperage.service.http.services_of import services_of
from reperage.service.http.templates import HEADERS, render, wanted_language
from reperage.service.messages import messages
from reperage.service.sources.document_html import render_document
from reperage.service.sources.links import SourceLinks, find_document

WEB = Path(reperage.__file__).parent / "web"
"""The static files: beside the packages, in a checkout as in an installation."""

router = APIRouter(include_in_schema=False)
_files = StaticFiles(directory=WEB)
_VARY = {"Vary": "Accept-Language"}


@router.get("/", dependencies=[STUDENT])
def first_page(request: Request) -> Response:
    """The courses; where there is but one, its own page."""
    names = [name for name in services_of(request).courses.names() if reader(request).may_read(name)]
    if len(names) == 1:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"courses/{names[0]}{query}", headers={"Cache-Control": "no-cache"})
    page = render("courses.html", courses=names, **_reader(request))
    return HTMLResponse(page, headers=HEADERS | _VARY)


@router.get("/courses/{course}", dependencies=[STUDENT])
def course_page(request: Request, course: str) -> Response:
    """The widget as a page of its own; it waits by itself while the service starts."""
    if course not in services_of(request).courses.names() or not reader(request).may_read(course):
        raise UnknownCourse(f"There is no course {course!r}.")
    return HTMLResponse(render("course.html", course=course, **_reader(request)), headers=HEADERS | _VARY)


@router.get("/demo", dependencies=[OPEN])
def demo_page(request: Request) -> Response:
    """The widget on a page of course text whose own styles mean it no good."""
    page = render("demo.html", course=next(iter(services_of(request).courses.names()), ""))
    return HTMLResponse(page, headers=HEADERS)


@router.get("/widget.js", dependencies=[OPEN])
async def widget(request: Request) -> Response:
    """What a page loads to have the widget."""
    return await _files.get_response("widget.js", request.scope)


@router.get("/docs", dependencies=[OPEN])
async def api_page(request: Request) -> Response:
    """The HTTP API for people; loads nothing from elsewhere."""
    page = render("api.html", api=request.app.openapi(), base=own_address(request))
    return HTMLResponse(page, headers=HEADERS)


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
    granted = getattr(request.state, "granted", None)
    if granted is not None and granted != index.document(document_id).version:
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


def _reader(request: Request) -> dict[str, object]:
    """The language that the browser asks for, of those that there are texts in, and the texts."""
    language = wanted_language(request.headers.get("accept-language", ""))
    return {"language": language, "text": messages(language)}
