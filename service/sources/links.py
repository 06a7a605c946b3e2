"""Where the links of the material lead."""

import posixpath
from collections.abc import Callable
from functools import partial
from urllib.parse import unquote, urlsplit

from reperage.corpus import Document
from reperage.index.address import section_url
from reperage.index.index import Index

SCHEMES = frozenset({"http", "https", "mailto"})

FindDocument = Callable[[str], str | None]
"""The address of the document that was read from a path of the course, if there is one."""


def find_document(index: Index, base_url: str) -> FindDocument:
    """Finds the pages of the course's documents, at addresses that begin with `base_url`."""
    return partial(_page, index, base_url)


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


def _page(index: Index, base_url: str, path: str) -> str | None:
    name = index.document_from(path)
    return section_url(base_url, index.document(name), None) if name else None
