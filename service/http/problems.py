"""Every failing request gets the same body: problem details, RFC 9457."""

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reperage.service.errors import InvalidBody, ServiceError
from reperage.service.http.problem_pages import problem_page
from reperage.service.http.response_headers import RETRY_AFTER
from reperage.service.http.root_path import own_path

MEDIA_TYPE = "application/problem+json"
_API = ("/v1", "/healthz", "/readyz", "/metrics")
_OPENAI_FORM = ("/v1/chat/", "/v1/models")
_LARGEST_BODY = 1_000_000
_LIMIT = "x-largest-body"
_COME_AGAIN = (429, 503)

log = structlog.get_logger(__name__)


class Problem(BaseModel):
    """Why a request failed (RFC 9457)."""

    type: str = Field("about:blank", description="No further documents: the title is for people.")
    title: str = Field(description="What went wrong, the same for every error of this kind.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What to do about it.")
    instance: str = Field(description="The path that was asked for, within the service.")


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route declares for the ways in which it can fail."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        | ({"headers": RETRY_AFTER} if status in _COME_AGAIN else {})
        for status in statuses
    }


def problem(request: Request, status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    path = own_path(request.scope)
    if "text/html" in request.headers.get("accept", "") and not path.startswith(_API):
        return problem_page(request, status, headers or {})
    found = Problem(title=title, status=status, detail=detail, instance=path)
    body = found.model_dump()
    if path.startswith(_OPENAI_FORM):
        body |= openai_error(found)
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def openai_error(found: Problem) -> dict[str, Any]:
    """A problem as clients of OpenAI's API read it."""
    return {"error": {"message": found.detail, "type": found.title, "param": None, "code": str(found.status)}}


def add_handlers(app: FastAPI) -> None:
    """Translate everything that a request can raise."""
    app.add_exception_handler(ServiceError, error_response)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(Exception, _unexpected)


async def error_response(request: Request, error: Exception) -> Response:
    """What a request gets that raised a `ServiceError`."""
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


def largest_body(size: int) -> dict[str, Any]:
    """What a route declares as `openapi_extra` whose body may have another number of bytes than a million."""
    return {_LIMIT: size}


class LimitBody:
    """Refuses a body of more than a million bytes, or what its route declares, before it is held in memory."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            # The route was found before anything of the body is asked for.
            declared = getattr(scope.get("route"), "openapi_extra", None) or {}
            most = declared.get(_LIMIT, _LARGEST_BODY)
            if received > most:
                # FastAPI passes this on; any other error while it reads a body becomes a 400.
                raise HTTPException(413, f"The body may have at most {most:,} bytes.")
            return message

        await self._app(scope, limited, send)
