"""A course: a folder of documents."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reperage.corpus.blocks import headings_and_blocks
from reperage.corpus.chunk import Chunk, Chunking, CountTokens, chunks_of
from reperage.corpus.document import Document, Source, slug
from reperage.corpus.errors import CorpusError, EmptyCourse, UnreadableCourse, UnreadableFile
from reperage.corpus.markdown import parse
from reperage.corpus.readers import markdown
from reperage.corpus.section import Section, sections_of

_BEGINNING = 100_000
"""Characters of a long document."""


@dataclass(frozen=True, slots=True)
class Course:
    """The documents of one folder; `passed_over` are the files in formats that no reader knows."""

    id: str
    title: str
    language: str
    documents: tuple[Document, ...]
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SplitDocument:
    """A document with its sections and chunks, in the order of its text."""

    document: Document
    sections: tuple[Section, ...]
    chunks: tuple[Chunk, ...]


def read_course(folder: Path, course: str | None = None, language: str = "fr", may_be_empty: bool = False) -> Course:
    """Read every document of `folder` and its subfolders, in the order of their paths.

    Folders and files whose names start with a dot are left out, links to folders are not followed.

    Raises:
        EmptyCourse: there is no such folder, or nothing in it that can be read, unless it `may_be_empty`.
        UnreadableCourse: at least one file is damaged; names every one of them.
    """
    course = course or slug(folder.resolve().name)
    documents: list[Document] = []
    errors: list[CorpusError] = []
    readable, passed_over = _files(folder, may_be_empty)
    for document_id, path in _with_ids(folder, readable):
        relative = path.relative_to(folder).as_posix()
        try:
            data = _bytes(path)
            source = Source(relative, "markdown", hashlib.sha256(data).hexdigest())
            with _naming(relative):
                documents.append(markdown.read_markdown(data, path, document_id, course, source, language))
        except CorpusError as error:
            errors.append(error)
    if errors:
        raise UnreadableCourse(course, errors)
    names = tuple(path.relative_to(folder).as_posix() for path in passed_over)
    return Course(course, _title(course), language, tuple(documents), names)


def document_paths(folder: Path) -> dict[str, str]:
    """The path within `folder` of every document that `read_course` would read, by its id; none where there is no
    folder.

    Raises:
        UnreadableFile: as `read_course` would.
    """
    readable, _ = _files(folder, may_be_empty=True)
    return {document_id: path.relative_to(folder).as_posix() for document_id, path in _with_ids(folder, readable)}


def source_digests(folder: Path, may_be_empty: bool = False) -> dict[str, str]:
    """The sha256 of every file that `read_course` would read, by its path: what tells whether it changed.

    Raises:
        EmptyCourse, UnreadableFile: as `read_course` would.
    """
    readable, _ = _files(folder, may_be_empty)
    return {p.relative_to(folder).as_posix(): hashlib.sha256(_bytes(p)).hexdigest() for p in readable}


def split(document: Document, count_tokens: CountTokens, chunking: Chunking) -> SplitDocument:
    """Cut a document into sections and chunks."""
    with _naming(document.source.path):
        parts = list(headings_and_blocks(document.text, parse(document.text)))
        sections = sections_of(document.id, document.title, document.body, len(document.text), parts)
        chunks = [chunk for section in sections for chunk in chunks_of(document, section, count_tokens, chunking)]
    return SplitDocument(document, tuple(s.section for s in sections), tuple(chunks))


def has_section(text: str) -> bool:
    """Whether Markdown `text` holds a heading or a block of text: what sections are made of."""
    # A long document takes long to parse, and nearly always says something at its beginning.
    return any(any(headings_and_blocks(part, parse(part))) for part in dict.fromkeys((text[:_BEGINNING], text)))


@contextmanager
def _naming(path: str) -> Iterator[None]:
    """Note on an unexpected error from which document it comes; a `CorpusError` says so itself."""
    try:
        yield
    except CorpusError:
        raise
    except Exception as error:
        error.add_note(f"It came from the document {path!r}.")
        raise


def _with_ids(folder: Path, paths: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """Each path after the id of its document."""
    ids: set[str] = set()
    for path in paths:
        yield _unique(slug(path.relative_to(folder).as_posix().rsplit(".", 1)[0]), ids), path


def _files(folder: Path, may_be_empty: bool = False) -> tuple[list[Path], list[Path]]:
    """The files that a reader knows and the others, each in the order of their paths."""
    if not folder.is_dir():
        if may_be_empty and not folder.exists():
            return [], []
        raise EmptyCourse(f"{str(folder)!r} is no folder; give the folder that holds the course's documents")
    readable: list[Path] = []
    others: list[Path] = []

    def refuse(error: OSError) -> None:
        raise UnreadableFile(f"{error.filename!r} cannot be read: {error.strerror}; check its permissions") from error

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [f for f in folders if not f.startswith(".")]
        for name in files:
            if not name.startswith("."):
                path = Path(parent, name)
                if not _is_text(name):
                    raise UnreadableFile(f"the name of {str(path)!r} is not UTF-8; rename the file")
                (readable if path.suffix.lower() in markdown.ENDINGS else others).append(path)
    if not readable and not may_be_empty:
        endings = ", ".join(sorted(markdown.ENDINGS))
        raise EmptyCourse(f"{str(folder)!r} holds no document; formats that are read: {endings}")
    return sorted(readable), sorted(others)


def _is_text(name: str) -> bool:
    """Whether a path's name can be written as UTF-8; other bytes come as half surrogates."""
    return not any("\ud800" <= c <= "\udfff" for c in name)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{str(path)!r} cannot be read: {error.strerror}; check its permissions") from error


def _unique(name: str, names: set[str]) -> str:
    unique, n = name, 1
    while unique in names:
        n += 1
        unique = f"{name}-{n}"
    names.add(unique)
    return unique


def _title(course: str) -> str:
    words = course.replace("-", " ")
    return words[:1].upper() + words[1:]
