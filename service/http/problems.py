"""Problem details (RFC 9457): the body that every failing request gets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from reperage.service.errors import InvalidBody, ServiceError
from reperage.service.http.problem_pages import problem_page
from reperage.service.http.response_headers import RETRY_AFTER
from reperage.service.http.root_path import own_path

MEDIA_TYPE = "application/problem+json"
_RETRY_STATUSES = (429, 503)

log = structlog.get_logger(__name__)


class Problem(BaseModel):
    """Why a request failed (RFC 9457)."""

    type: str = Field("about:blank", description="No further documents: the title is for people.")
    title: str = Field(description="What went wrong, the same for every error of this kind.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What to do about it.")
    instance: str = Field(description="The path that was asked for, within the service.")


@dataclass(frozen=True, slots=True)
class ProblemForms:
    """Where in the application a problem looks otherwise than as a page for browsers and plain JSON for programs.

    `programs`: beginnings of paths where it is always JSON. `members`: what it holds besides, by the
    beginning of a path. `framed`: beginnings of paths whose pages stand in a frame of another site.
    """

    programs: tuple[str, ...] = ()
    members: Mapping[str, Callable[[Problem], dict[str, Any]]] = field(default_factory=dict)
    framed: tuple[str, ...] = ()


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Responses that a route declares for the ways in which it can fail."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        | ({"headers": RETRY_AFTER} if status in _RETRY_STATUSES else {})
        for status in statuses
    }


def problem(request: Request, status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    """The response to a request that failed; with `headers` besides."""
    path = own_path(request.scope)
    forms: ProblemForms = getattr(request.app.state, "problem_forms", ProblemForms())
    if "text/html" in request.headers.get("accept", "") and not path.startswith(forms.programs):
        return problem_page(request, status, headers or {}, is_framed=path.startswith(forms.framed))
    details = Problem(title=title, status=status, detail=detail, instance=path)
    body = details.model_dump()
    for beginning, members in forms.members.items():
        if path.startswith(beginning):
            body |= members(details)
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def add_handlers(app: FastAPI, forms: ProblemForms) -> None:
    """Translate everything that a request can raise."""
    app.state.problem_forms = forms
    app.add_exception_handler(ServiceError, error_response)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(Exception, _unexpected)


async def error_response(request: Request, error: Exception) -> Response:
    """Response to a request that raised a `ServiceError`."""
    assert isinstance(error, ServiceError)
    headers = dict(error.headers)
    if error.retry_after:
        headers["Retry-After"] = str(error.retry_after)
    return problem(request, error.status, error.title, str(error), headers)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return await error_response(request, InvalidBody(f"{first['ctx']['error']}; send a JSON object in UTF-8."))
    # What was sent is not repeated: it may not even be text.
    place = ".".join(str(part) for part in first["loc"][1:]) or "body"
    return problem(request, 422, "The request is not understood", f"`{place}`: {first['msg']}.")


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:
        return await error_response(request, InvalidBody("Send a JSON object in UTF-8."))
    details = {
        404: "There is nothing at this address; /docs lists what there is.",
        405: "This address does not know this method; /docs lists those that it does.",
    }
    title = HTTPStatus(error.status_code).phrase
    return problem(
        request,
        error.status_code,
        title,
        details.get(error.status_code, str(error.detail)),
        dict(error.headers or {}),
    )


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected_error", path=own_path(request.scope), exc_info=error)
    return problem(request, 500, "Internal error", "This is a fault of the program; its log says more.")
