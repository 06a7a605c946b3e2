"""Pages of courses, on which one asks; the demonstration; the API for people."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from reperage.service.errors import UnknownCourse
from reperage.service.http.request_origin import own_address
from reperage.service.http.requirements import OPEN, STUDENT, reading_caller
from reperage.service.http.services_of import services_of
from reperage.service.http.static_files import WEB
from reperage.service.http.templates import HEADERS, render, wanted_language
from reperage.service.messages import messages

router = APIRouter(include_in_schema=False)
_files = StaticFiles(directory=WEB)
_VARY = {"Vary": "Accept-Language"}


@router.get("/", dependencies=[STUDENT])
def first_page(request: Request) -> Response:
    """The courses; where there is but one, its own page."""
    names = [name for name in services_of(request).courses.names() if reading_caller(request).may_read(name)]
    if len(names) == 1:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"courses/{names[0]}{query}", headers={"Cache-Control": "no-cache"})
    page = render("courses.html", courses=names, **_language_values(request))
    return HTMLResponse(page, headers=HEADERS | _VARY)


@router.get("/courses/{course}", dependencies=[STUDENT])
def course_page(request: Request, course: str) -> Response:
    """The widget as a page of its own; it waits by itself while the service starts."""
    if course not in services_of(request).courses.names() or not reading_caller(request).may_read(course):
        raise UnknownCourse(f"There is no course {course!r}.")
    return HTMLResponse(render("course.html", course=course, **_language_values(request)), headers=HEADERS | _VARY)


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


def _language_values(request: Request) -> dict[str, object]:
    """Template values: the language that the browser asks for, of those that there are texts in, and the texts."""
    language = wanted_language(request.headers.get("accept-language", ""))
    return {"language": language, "text": messages(language)}
