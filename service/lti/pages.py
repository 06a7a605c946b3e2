"""Pages within the LMS's frame: those on the way from a login to a view, the views themselves, and refusals."""

from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from reperage.service.http.requirements import OPEN
from reperage.service.http.root_path import own_path
from reperage.service.http.services_of import services_of
from reperage.service.http.templates import headers, render, wanted_language
from reperage.service.lti.refusals import LaunchRefused
from reperage.service.messages import messages

View = Literal["course", "choose", "gaps", "documents", "link"]
EVERYWHERE = "*"
"""Frame origins of a page that holds nothing: any may show it."""

router = APIRouter(include_in_schema=False)


@router.get("/lti/{platform_id}/{view}", dependencies=[OPEN])
async def view_page(
    request: Request, platform_id: str, view: View, lang: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """One of the views: it holds nobody's data, and asks the API for it with the token of the launch."""
    registry = services_of(request).registry
    await registry.refresh()
    if (platform := registry.platform(platform_id)) is None:
        raise LaunchRefused("unknown_platform", f"there is no platform {platform_id!r}")
    language = wanted_language(lang or request.headers.get("accept-language", ""))
    return page(request, "lti/view.html", platform.frame_origins, language=language)


def page(
    request: Request,
    template: str,
    frame_origins: Iterable[str],
    *,
    status: int = 200,
    form_action: str = "'self'",
    language: str | None = None,
    **values: object,
) -> Response:
    """One of our pages, which only pages of `frame_origins` may show within theirs."""
    language = language or wanted_language(request.headers.get("accept-language", ""))
    # From the page's own address: a proxy may have put it under a path that we do not know.
    root = "../" * (own_path(request.scope).count("/") - 1)
    html = render(template, language=language, text=messages(language), root=root, **values)
    page_headers = headers(" ".join(frame_origins) or "'none'", form_action) | {"Vary": "Accept-Language"}
    # What others send may hold half of a surrogate pair.
    body = html.encode(errors="replace")
    return HTMLResponse(body, status, page_headers | {"Cache-Control": "no-store"})


async def refusal(request: Request, error: Exception) -> Response:
    """Page for a person whose launch is refused; for whoever looks after the LMS, why."""
    assert isinstance(error, LaunchRefused)
    return page(
        request, "lti/refused.html", [EVERYWHERE], status=error.page_status, reason=error.reason, detail=str(error)
    )
