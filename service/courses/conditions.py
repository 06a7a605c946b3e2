"""Conditions on a change: what has to stand there so that it is made, by its ETag (RFC 9110, 8.8.3 and 13.1)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from reperage.service.errors import PreconditionFailed

_ANY = {"*"}
_TAG = re.compile(r'(?:W/)?"[^"]*"')


@dataclass(frozen=True, slots=True)
class Conditions:
    """What `If-Match` and `If-None-Match` say of a change (RFC 9110, 13.1): empty where nothing is asked."""

    if_match: str = ""
    if_none_match: str = ""

    def check(self, exists: bool, etag: Callable[[], str | None]) -> None:
        """Raise `PreconditionFailed` unless they hold; `etag` is that of what stands there, `None` where it has been
        changed since anybody could read it."""
        if self.if_match and not (exists and matches_strongly(self.if_match, etag)):
            raise PreconditionFailed(
                "The document is not the one that `If-Match` names: it was changed or removed meanwhile. Read it again "
                "once its job is done, and change what is there then."
                if exists
                else "There is no document here, and `If-Match` asks for one."
            )
        if self.if_none_match and exists and matches_weakly(self.if_none_match, etag):
            raise PreconditionFailed("There is a document here already, and `If-None-Match` asks that there be none.")


def matches_strongly(condition: str, etag: Callable[[], str | None]) -> bool:
    """Whether a condition names an ETag by the strong comparison: that of what is to be changed."""
    # A weak one, W/"…", never is the same here (RFC 9110, 13.1.1).
    tags = _tags(condition)
    return tags == _ANY or etag() in tags


def matches_weakly(condition: str, etag: Callable[[], str | None]) -> bool:
    """Whether a condition names an ETag by the weak comparison: that of what is known already."""
    tags = _tags(condition)
    return tags == _ANY or etag() in {tag.removeprefix("W/") for tag in tags}


def _tags(condition: str) -> set[str]:
    """The ETags that a header names, as they are written there; `_ANY` where it names all."""
    text = condition.strip(" \t,")
    return _ANY if text == "*" else set(_TAG.findall(text))
