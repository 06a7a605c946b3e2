"""What the API takes and returns beside the answer itself."""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from reperage.corpus import Section
from reperage.index.index import Hit, Index
from reperage.service.answering.citations import section_url
from reperage.service.caller import COMMAND_LINE, Caller
from reperage.service.contract.answer import Contract
from reperage.service.courses.library import Courses
from reperage.service.errors import CourseUnavailable

if TYPE_CHECKING:
    from reperage.service.assistant import Assistant

CONVERSATION = r"^[A-Za-z0-9._:-]+$"
EXAMPLE = "différence port exposé et port interne"


class Question(BaseModel):
    """A question about a course."""

    question: str = Field(description="What a person would like to know.", examples=[EXAMPLE])
    course: str | None = Field(
        None,
        description="The course to answer from; may be left out where there is only one.",
        examples=["docker"],
    )
    conversation_id: str | None = Field(
        None,
        max_length=64,
        pattern=CONVERSATION,
        description="The conversation that the question goes on with; a name of one's own begins one.",
        examples=[None],
    )


class FoundChunk(Contract):
    """A chunk that may answer; `score` is higher for a better one, within one search."""

    rank: int = Field(description="1 for the best.")
    score: float = Field(description="The fused score.")
    dense: float = Field(description="The cosine between question and chunk.")
    lexical: float = Field(description="The BM25 score.")
    chunk_id: str = Field(description="Stable as long as the chunk's place and text are.")
    document_id: str = Field(description="The document that it stands in.")
    document_title: str = Field(description="That document's title.")
    heading_path: list[str] = Field(description="The headings that it stands under, from the top.")
    anchor: str = Field(description="The anchor of its section.")
    text: str = Field(description="The text of the document from `start` to `end`.")
    start: int = Field(description="Where it begins, in code points of the document's text.")
    end: int = Field(description="Where it ends.")
    url: str = Field(description="Opens the document with the chunk highlighted.")


class SearchResult(Contract):
    """The chunks found, best first."""

    course: str = Field(description="The course that was searched.")
    question: str = Field(description="What was searched for.")
    hits: list[FoundChunk] = Field(description="Best first.")


class CourseSummary(Contract):
    """A course and what it holds."""

    id: str = Field(description="The name to ask it by.")
    title: str = Field(description="The name to show.")
    language: str = Field(description="The language of its material, such as `fr`.")
    available: bool = Field(description="Whether it can be asked.")
    detail: str = Field(description="Why not, where it cannot.")
    documents: int = Field(description="How many documents it has.")
    sections: int = Field(description="How many sections they have.")
    chunks: int = Field(description="How many chunks are searched.")


class CourseList(Contract):
    """Every course there is."""

    courses: list[CourseSummary] = Field(description="In alphabetical order of their names.")


class DocumentSummary(Contract):
    """A document of a course."""

    id: str = Field(description="The name in addresses.")
    title: str = Field(description="The name to show.")
    language: str = Field(description="The language of its text, such as `fr`.")
    version: str = Field(description="`sha256:` and the digest of its text.")
    path: str = Field(description="The file that it was read from, within its course.")
    url: str = Field(description="Opens its page.")


class DocumentList(Contract):
    """The documents of one course."""

    course: str = Field(description="The course.")
    documents: list[DocumentSummary] = Field(description="In the order of their paths.")


class SectionSpan(Contract):
    """One heading and its own text, without the sections below it."""

    heading_path: list[str] = Field(description="The headings from the top.")
    anchor: str = Field(description="Its anchor, unique in the document.")
    start: int = Field(description="Where it begins, in code points of the document's text.")
    end: int = Field(description="Where it ends.")
    is_empty: bool = Field(description="Nothing is written in it yet.")


class DocumentText(DocumentSummary):
    """A document: the text that every span refers to, and its sections."""

    course: str = Field(description="The course.")
    text: str = Field(description="The whole text, which the spans of citations refer to.")
    sections: list[SectionSpan] = Field(description="In their order; they cover the text but for its front matter.")


class Health(Contract):
    """How the process is."""

    status: str = Field(description="`alive`, or `ready` once a question can be answered.")
    problems: dict[str, str] = Field({}, description="Why courses cannot be asked, by course.")
    notices: list[str] = Field([], description="What keeps answers from being as good as they could be.")


def found_chunk(index: Index, hit: Hit, base: str) -> FoundChunk:
    """A hit as the API shows it."""
    chunk, section = hit.chunk, hit.chunk.section
    document = index.document(section.document_id)
    return FoundChunk(
        rank=hit.rank,
        score=round(hit.score, 4),
        dense=round(hit.dense, 4),
        lexical=round(hit.lexical, 4),
        chunk_id=chunk.id,
        document_id=document.id,
        document_title=document.title,
        heading_path=list(section.heading_path),
        anchor=section.anchor,
        text=chunk.text,
        start=chunk.start,
        end=chunk.end,
        url=section_url(base, document, section, (chunk.start, chunk.end)),
    )


def search_result(
    assistant: "Assistant", question: str, course: str | None, k: int, base: str, caller: Caller = COMMAND_LINE
) -> SearchResult:
    """The `k` best chunks as the API shows them; blocks while it encodes, and raises what `Assistant.search` does."""
    index, hits = assistant.search(question, course, k, caller)
    found = [found_chunk(index, hit, base) for hit in hits]
    return SearchResult(course=index.manifest.course, question=assistant.checked(question), hits=found)


def summary(opened: Courses, course: str) -> CourseSummary:
    """A course as the API lists it."""
    try:
        manifest = opened.index(course).manifest
    except CourseUnavailable as error:
        return CourseSummary(
            id=course,
            title=course,
            language="",
            available=False,
            detail=str(error),
            documents=0,
            sections=0,
            chunks=0,
        )
    counts = {name: manifest.counts[name] for name in ("documents", "sections", "chunks")}
    return CourseSummary(
        id=course, title=manifest.title, language=manifest.language, available=True, detail="", **counts
    )


def document_fields(index: Index, document_id: str, base: str) -> dict[str, Any]:
    """What a document is listed with."""
    document = index.document(document_id)
    return {
        "id": document.id,
        "title": document.title,
        "language": document.language,
        "version": document.version,
        "path": document.source.path,
        "url": section_url(base, document, None),
    }


def document_text(index: Index, document_id: str, base: str) -> DocumentText:
    """A document with its text and sections."""
    return DocumentText(
        **document_fields(index, document_id, base),
        course=index.manifest.course,
        text=index.document(document_id).text,
        sections=[section_span(section) for section in index.sections(document_id)],
    )


def section_span(section: Section) -> SectionSpan:
    return SectionSpan(
        heading_path=list(section.heading_path),
        anchor=section.anchor,
        start=section.start,
        end=section.end,
        is_empty=section.is_empty,
    )
