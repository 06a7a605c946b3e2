"""Links to the material, and where the links within it lead."""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote, urlsplit

from reperage.corpus import Document, Section
from reperage.index.address import section_url
from reperage.index.index import Index

SCHEMES = frozenset({"http", "https", "mailto"})

Grant = Callable[[Document], str]
"""Gives the right to read a document that its address holds; nothing where none is needed."""


def no_grant(document: Document) -> str:
    """None is needed."""
    return ""


@dataclass(frozen=True, slots=True)
class SourceLinks:
    """Addresses that open the material: what they begin with, and the right to read that they hold.

    Made once for a request, or once at the start of a program. `base_url` ends without a slash.
    """

    base_url: str = ""
    grant: Grant = no_grant

    def to(self, document: Document, section: Section | None = None, quote_span: tuple[int, int] | None = None) -> str:
        """The address that opens a document, at a section, the quote highlighted where its span is given."""
        return section_url(self.base_url, document, section, quote_span, self.grant(document))


FindDocument = Callable[[str], str | None]
"""The address of the document that was read from a path of the course, if there is one."""


def find_document(index: Index, links: SourceLinks) -> FindDocument:
    """Finds the pages of the course's documents."""
    return partial(_page, index, links)


def course_page(href: str, document: Document, find: FindDocument) -> str | None:
    """The page of the course's document that a relative link of `document` leads to; `None` where there is none."""
    address = urlsplit(href)
    folder = posixpath.dirname(document.source.path)
    path = posixpath.normpath(posixpath.join(folder, unquote(address.path))) if address.path else document.source.path
    page = find(path)
    return page and page + (f"#{address.fragment}" if address.fragment else "")


def is_relative(href: str) -> bool:
    """Whether a link stays on its server; false for what is no address."""
    try:
        address = urlsplit(href)
    except ValueError:
        return False
    return not (address.scheme or address.netloc)


def absolute(href: str, document: Document, find: FindDocument) -> str | None:
    """The whole address that a link of `document` leads to; `None` where it leads nowhere that can be opened."""
    if is_relative(href):
        return course_page(href, document, find)
    try:
        scheme = urlsplit(href).scheme
    except ValueError:
        return None
    opens = scheme == "mailto" or href.lower().startswith(f"{scheme}://")
    return href if scheme in SCHEMES and opens else None


def _page(index: Index, links: SourceLinks, path: str) -> str | None:
    name = index.document_from(path)
    return links.to(index.document(name)) if name else None
