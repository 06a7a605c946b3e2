"""A section as channels show it: its sentences as they are set, around those that an answer quotes."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from pydantic import Field

from reperage.corpus import Chunk, Section, Sentence
from reperage.index.index import Index
from reperage.service.contract.answer import Contract, ShownSentence
from reperage.service.errors import UnknownDocument
from reperage.service.sources.formatting import shown_fields
from reperage.service.sources.links import SourceLinks, find_document

MOST_SHOWN = 20_000
"""Characters that the sentences of a section show together, but for the head of a table and a last sentence."""


class UnknownSection(UnknownDocument):
    title = "No such section"


class SourceSentence(ShownSentence):
    """A sentence of a section."""

    start: int = Field(description="Where its source begins, in code points of the document's text.")
    end: int = Field(description="Where its source ends.")
    quoted: bool = Field(description="Whether it is part of the quote that was asked for.")


class SourceSection(Contract):
    """A section of a document: its own text, without the sections below it."""

    course: str = Field(description="The course.")
    document_id: str = Field(description="The document.")
    document_title: str = Field(description="That document's title.")
    language: str = Field(description="The language of its text, such as `fr`.")
    version: str = Field(description="`sha256:` and the digest of its text as it is today.")
    is_current: bool = Field(description="Whether that is the version that was asked for; else nothing is `quoted`.")
    heading_path: list[str] = Field(description="The headings from the top.")
    anchor: str = Field(description="Its anchor, empty for text before the first heading.")
    url: str = Field(description="Opens the document at the same place.")
    is_empty: bool = Field(description="Nothing is written in it yet.")
    sentences: list[SourceSentence] = Field(
        description="In the order of the document; of a long section those around the quote, else its first. Where "
        "that leaves off the head of a table, it comes all the same, before the first row."
    )
    more_before: bool = Field(description="Sentences before these were left off.")
    more_after: bool = Field(description="Sentences behind these were left off.")


def source_section(
    index: Index,
    document_id: str,
    anchor: str | None,
    quote: tuple[int | None, int | None],
    version: str | None,
    links: SourceLinks,
) -> SourceSection:
    """The section of a document with this anchor, else the one in which `quote` begins, else the first.

    The spans of another `version` mean nothing in this one: nothing is quoted then.

    Raises:
        UnknownSection: there is none, or none any more.
    """
    document = index.document(document_id)
    is_current = version in (None, document.version)
    start, end = quote if is_current else (None, None)
    section = _find(index, document_id, anchor, start)
    quoted = (start, end) if start is not None and end is not None and start < end else None
    chunks = index.section_chunks(section)
    shown, more_before, more_after = _around(chunks, quoted)
    find = find_document(index, links)
    return SourceSection(
        course=index.manifest.course,
        document_id=document_id,
        document_title=document.title,
        language=document.language,
        version=document.version,
        is_current=is_current,
        heading_path=list(section.heading_path),
        anchor=section.anchor,
        url=links.to(document, section, quoted),
        is_empty=section.is_empty,
        sentences=[
            SourceSentence(
                **shown_fields(sentence, document, find),
                start=sentence.start,
                end=sentence.end,
                quoted=_overlaps(sentence, quoted),
            )
            for sentence in shown
        ],
        more_before=more_before,
        more_after=more_after,
    )


def _find(index: Index, document_id: str, anchor: str | None, start: int | None) -> Section:
    section = index.section(document_id, anchor) if anchor is not None else None
    if section is None and not anchor:
        first = next(iter(index.sections(document_id)), None)
        section = first if start is None else index.section_at(document_id, start)
    if section is None:
        place = f"with the anchor {anchor!r}" if anchor else "there"
        raise UnknownSection(
            f"The document {document_id!r} has no section {place}; "
            f"/v1/courses/{index.manifest.course}/documents/{document_id} lists those that it has."
        )
    return section


def _overlaps(sentence: Sentence, quote: tuple[int, int] | None) -> bool:
    return quote is not None and sentence.start < quote[1] and quote[0] < sentence.end


@dataclass(slots=True)
class _Side:
    """Sentences on one side of the place where reading began, read one by one; `following` is not taken yet."""

    source: Iterator[Sentence]
    taken: list[Sentence] = field(default_factory=list)
    following: Sentence | None = field(init=False)

    def __post_init__(self) -> None:
        self.following = next(self.source, None)

    def take(self, room: int) -> int:
        """The characters of the next sentence, if it fits into `room` and is taken; else 0."""
        if self.following is None or len(self.following.shown) > room:
            return 0
        self.taken.append(self.following)
        self.following = next(self.source, None)
        return len(self.taken[-1].shown)


def _around(chunks: Sequence[Chunk], quote: tuple[int, int] | None) -> tuple[list[Sentence], bool, bool]:
    """The sentences to show, whether some before them are left off, and whether some behind them are.

    Chunks are read from the first quoted sentence on, in both directions, only as far as they are shown.
    """
    i, j = _first_quoted(chunks, quote) or (0, 0)
    ahead, behind = _Side(_forwards(chunks, i, j)), _Side(_backwards(chunks, i, j))
    room = MOST_SHOWN - ahead.take(MOST_SHOWN)
    while ahead.following and _overlaps(ahead.following, quote) and (length := ahead.take(room)):
        room -= length
    while length := behind.take(room) or ahead.take(room):
        room -= length
        room -= ahead.take(room)
    sentences = [*reversed(behind.taken), *ahead.taken]
    head, left_off = _head(behind, sentences)
    return [*head, *sentences], left_off or behind.following is not None, ahead.following is not None


def _head(behind: _Side, sentences: Sequence[Sentence]) -> tuple[list[Sentence], bool]:
    """The head of the table whose rows `sentences` begin with, where it is still to be read; and whether rows between
    them are left off."""
    head: list[Sentence] = []
    left_off = False
    first = sentences[0] if sentences else None
    while first and first.kind == "table" and not first.is_header and (row := behind.following):
        if (row.kind, row.group) != ("table", first.group) or (head and not row.is_header):
            break
        behind.take(MOST_SHOWN)
        head[:0] = [row] * row.is_header
        left_off = left_off or not row.is_header
    return head, left_off


def _first_quoted(chunks: Sequence[Chunk], quote: tuple[int, int] | None) -> tuple[int, int] | None:
    """The chunk that holds the first sentence of the quote, and which of its sentences that is."""
    if quote is None:
        return None
    i = bisect_right(chunks, quote[0], key=lambda chunk: chunk.end)
    sentences = chunks[i].sentences if i < len(chunks) else ()
    return next(((i, j) for j, sentence in enumerate(sentences) if _overlaps(sentence, quote)), None)


def _forwards(chunks: Sequence[Chunk], i: int, j: int) -> Iterator[Sentence]:
    """The sentences from the `j`th of the `i`th chunk on."""
    for at in range(i, len(chunks)):
        yield from map(_capped, chunks[at].sentences[j if at == i else 0 :])


def _backwards(chunks: Sequence[Chunk], i: int, j: int) -> Iterator[Sentence]:
    """The sentences before the `j`th of the `i`th chunk, the last one first."""
    for at in range(min(i, len(chunks) - 1), -1, -1):
        yield from map(_capped, reversed(chunks[at].sentences[: j if at == i else None]))


def _capped(sentence: Sentence) -> Sentence:
    """A sentence that alone would be too long, without its end; what has no words may be (a million full stops)."""
    if len(sentence.shown) <= MOST_SHOWN:
        return sentence
    marks = [mark._replace(end=min(mark.end, MOST_SHOWN)) for mark in sentence.marks if mark.start < MOST_SHOWN]
    return replace(sentence, shown=sentence.shown[:MOST_SHOWN], marks=tuple(marks))
