"""A document: the text that every span refers to, and where it came from."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """The file that a document was read from.

    `path` is relative to its course's folder; `digest` is the sha256 of its bytes.
    """

    path: str
    format: str
    digest: str


@dataclass(frozen=True, slots=True)
class Document:
    """One text of a course.

    `text` has line feeds only and no byte order mark; `body` is where it starts after the front matter;
    `version` is `sha256:` and the digest of the text as UTF-8; `pages` are the spans of pages where the
    format has them.
    """

    id: str
    course: str
    title: str
    language: str
    text: str
    version: str
    source: Source
    body: int = 0
    pages: tuple[tuple[int, int], ...] = ()

    def page_at(self, offset: int) -> int | None:
        """The number of the page that holds `offset`, from 1, where the format has pages."""
        return next((n for n, (start, end) in enumerate(self.pages, 1) if start <= offset < end), None)

    def lines(self, start: int, end: int) -> tuple[int, int]:
        """The numbers of the first and last line of `text[start:end]`, from 1."""
        first = self.text.count("\n", 0, start) + 1
        return first, first + self.text.count("\n", start, end)


def text_version(text: str) -> str:
    """`sha256:` and the hexadecimal digest of `text` as UTF-8."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def slug(name: str) -> str:
    """A name for addresses: lower-case ASCII letters, digits and hyphens; never empty."""
    decomposed = unicodedata.normalize("NFKD", name.replace("œ", "oe").replace("Œ", "oe").replace("æ", "ae"))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "document"
