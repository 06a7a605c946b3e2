"""Markdown files into documents."""

import re
from pathlib import Path

from reperage.corpus.blocks import Heading, headings_and_blocks
from reperage.corpus.document import Document, Source, text_version
from reperage.corpus.errors import UndecodableFile
from reperage.corpus.markdown import front_matter, parse

ENDINGS = frozenset({".md", ".markdown", ".mdown", ".mkd"})


def read_markdown(data: bytes, path: Path, document_id: str, course: str, source: Source, language: str) -> Document:
    """A document from the bytes of one Markdown file.

    Raises:
        UndecodableFile: they are not UTF-8 text.
    """
    return markdown_document(decode(data, path), document_id, course, source, language)


def decode(data: bytes, path: Path) -> str:
    """`data` as text with line feeds only and no byte order mark."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UndecodableFile(path, 0, "the mark of UTF-16")
    if (offset := data.find(b"\0")) >= 0:
        raise UndecodableFile(path, offset, "a NUL byte")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UndecodableFile(path, error.start, f"0x{data[error.start]:02x}") from None
    return re.sub(r"\r\n?", "\n", text.removeprefix("\ufeff"))


def markdown_document(text: str, document_id: str, course: str, source: Source, language: str) -> Document:
    """A document from Markdown `text` (line feeds only).

    Its title is the front matter's `title`, else its first heading of the highest level, else the file's name.
    """
    tokens = parse(text)
    settings, body = front_matter(text, tokens)
    headings = [p for p in headings_and_blocks(text, tokens) if isinstance(p, Heading) and p.is_top_level]
    top = min(headings, key=lambda h: h.level, default=None)
    title = _line(settings.get("title")) or (top.title if top else "") or _name(source.path)
    return Document(
        id=document_id,
        course=course,
        title=title,
        language=_line(settings.get("lang")) or language,
        text=text,
        version=text_version(text),
        source=source,
        body=body,
    )


def _line(value: object) -> str:
    """A setting as one line; nothing where it is a list or a mapping."""
    return " ".join(value.split()) if isinstance(value, str) else ""


def _name(path: str) -> str:
    words = re.sub(r"[-_]+", " ", Path(path).stem).strip()
    return words[:1].upper() + words[1:]
