"""The addresses that open documents, as the service's pages have them."""

from collections.abc import Callable
from functools import lru_cache
from typing import Self
from urllib.parse import quote

from reperage.corpus import Document, Section

_quoted = lru_cache(maxsize=4096)(quote)


class Base(str):
    """What addresses begin with, where they also hold a right to read the document that they open."""

    __slots__ = ("grant",)
    grant: Callable[[Document], str]

    @classmethod
    def granting(cls, address: str, grant: Callable[[Document], str]) -> Self:
        """`grant` gives the right, or nothing where none is needed."""
        base = cls(address)
        base.grant = grant
        return base


def section_url(
    base_url: str, document: Document, section: Section | None, quote_span: tuple[int, int] | None = None
) -> str:
    """The address that opens a document, at a section, the quote highlighted where its span is given."""
    path = f"/courses/{_quoted(document.course)}/documents/{_quoted(document.id)}"
    span = f"&start={quote_span[0]}&end={quote_span[1]}" if quote_span else ""
    anchor = f"#{_quoted(section.anchor)}" if section and section.anchor else ""
    grant = base_url.grant(document) if isinstance(base_url, Base) else ""
    return f"{base_url}{path}?version={document.version}{span}{grant and f'&grant={grant}'}{anchor}"
