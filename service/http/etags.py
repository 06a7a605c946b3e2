"""ETags: whoever has an answer already is told that it is the same (RFC 9110, 8.8.3 and 13.1.2)."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Header
from fastapi.responses import Response

from reperage.service.errors import PreconditionFailed
from reperage.service.http.response_headers import ETAG

SAME: dict[int | str, dict[str, Any]] = {
    200: {"headers": ETAG},
    304: {"description": "What `If-None-Match` names is still the same.", "headers": ETAG},
}
"""What a route declares whose response is `conditional`."""
IfNoneMatch = Annotated[
    str, Header(description="The `ETag` of what one has already: where it is still the same, 304 without a body.")
]
_ANY = {"*"}
_TAG = re.compile(r'(?:W/)?"[^"]*"')
_GRANT = re.compile(rb"&grant=[\w.-]+")
"""The right to read in an address, which is another each time."""


def etag_of(body: bytes) -> str:
    """The ETag of what a response holds."""
    return f'"{hashlib.sha256(_GRANT.sub(b"", body)).hexdigest()[:32]}"'


def conditional(if_none_match: str, response: Response) -> Response:
    """`response` with its ETag; 304 without a body where `if_none_match` names it."""
    etag = etag_of(bytes(response.body))
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if _is_known(if_none_match, lambda: etag):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response


@dataclass(frozen=True, slots=True)
class Conditions:
    """What has to be so that something is changed (RFC 9110, 13.1): empty where nothing is asked."""

    if_match: str = ""
    if_none_match: str = ""

    def check(self, exists: bool, etag: Callable[[], str | None]) -> None:
        """Raise `PreconditionFailed` unless they hold; `etag` is that of what stands there, `None` where it has been
        changed since anybody could read it."""
        if self.if_match and not (exists and _is_this(self.if_match, etag)):
            raise PreconditionFailed(
                "The document is not the one that `If-Match` names: it was changed or removed meanwhile. Read it again "
                "once its job is done, and change what is there then."
                if exists
                else "There is no document here, and `If-Match` asks for one."
            )
        if self.if_none_match and exists and _is_known(self.if_none_match, etag):
            raise PreconditionFailed("There is a document here already, and `If-None-Match` asks that there be none.")


def _named(condition: str) -> set[str]:
    """The ETags that a header names, as they are written there; `_ANY` where it names all."""
    text = condition.strip(" \t,")
    return _ANY if text == "*" else set(_TAG.findall(text))


def _is_this(condition: str, etag: Callable[[], str | None]) -> bool:
    # A weak one, W/"…", never is the same here (RFC 9110, 13.1.1).
    named = _named(condition)
    return named == _ANY or etag() in named


def _is_known(condition: str, etag: Callable[[], str | None]) -> bool:
    named = _named(condition)
    return named == _ANY or etag() in {name.removeprefix("W/") for name in named}
