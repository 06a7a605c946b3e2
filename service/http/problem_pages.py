"""Pages that tell why a request failed, for a person who opened a link, perhaps in the frame of an LMS."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from reperage.service.http.root_path import own_path
from reperage.service.http.templates import headers, render, wanted_language
from reperage.service.messages import messages


def problem_page(request: Request, status: int, more: Mapping[str, str], *, is_framed: bool) -> Response:
    """The page of a status in the reader's language, sent with `more` headers; `is_framed` where another site's page
    may show it within its own."""
    path = own_path(request.scope)
    language = wanted_language(request.headers.get("accept-language", ""))
    text, kind = messages(language), "frame" if is_framed else "page"
    name = f"{kind}_{status}" if f"{kind}_{status}_title" in text else f"{kind}_error"
    page = render(
        "lti/problem.html" if is_framed else "problem.html",
        title=text[f"{name}_title"],
        detail=text[f"{name}_detail"],
        language=language,
        text=text,
        root="../" * (path.count("/") - 1) or "./",
    )
    # Whose frame it is need not be known: the page holds nothing, and no link that leads anywhere.
    page_headers = headers("*") | {"Cache-Control": "no-store"} if is_framed else headers()
    return HTMLResponse(page, status, {**more, **page_headers, "Vary": "Accept-Language"})
