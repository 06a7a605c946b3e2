"""The addresses that open documents, as the service's pages have them."""

from functools import lru_cache
from urllib.parse import quote

from reperage.corpus import Document, Section

_quoted = lru_cache(maxsize=4096)(quote)


def section_url(
    base_url: str,
    document: Document,
    section: Section | None,
    quote_span: tuple[int, int] | None = None,
    grant: str = "",
) -> str:
    """The address that opens a document, at a section, the quote highlighted where its span is given.

    `grant` is a right to read the document that the address holds, empty where none is needed.
    """
    path = f"/courses/{_quoted(document.course)}/documents/{_quoted(document.id)}"
    span = f"&start={quote_span[0]}&end={quote_span[1]}" if quote_span else ""
    anchor = f"#{_quoted(section.anchor)}" if section and section.anchor else ""
    return f"{base_url}{path}?version={document.version}{span}{grant and f'&grant={grant}'}{anchor}"
