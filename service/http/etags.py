"""ETags: whoever has an answer already is told that it is the same (RFC 9110, 8.8.3 and 13.1.2)."""

import hashlib
import re
from typing import Annotated, Any

from fastapi import Header
from fastapi.responses import Response

from reperage.service.courses.conditions import matches_weakly
from reperage.service.http.response_headers import ETAG

ETAG_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"headers": ETAG},
    304: {"description": "What `If-None-Match` names is still the same.", "headers": ETAG},
}
"""Responses that a route declares whose response is a `conditional_response`."""
IfNoneMatch = Annotated[
    str, Header(description="The `ETag` of what one has already: where it is still the same, 304 without a body.")
]
_GRANT = re.compile(rb"&grant=[\w.-]+")
"""The right to read in an address, which is another each time."""


def etag_of(body: bytes) -> str:
    """ETag of the body of a response."""
    return f'"{hashlib.sha256(_GRANT.sub(b"", body)).hexdigest()[:32]}"'


def conditional_response(if_none_match: str, response: Response) -> Response:
    """`response` with its ETag; 304 without a body where `if_none_match` names it."""
    etag = etag_of(bytes(response.body))
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if matches_weakly(if_none_match, lambda: etag):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response
