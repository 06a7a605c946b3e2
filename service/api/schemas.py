"""Bodies that the API takes and returns, beside the answer itself."""

from typing import Any

from pydantic import BaseModel, Field

from reperage.corpus import Section
from reperage.index.index import Index
from reperage.service.contract.answer import Contract
from reperage.service.contract.search_result import EXAMPLE
from reperage.service.sources.links import SourceLinks

ID_PATTERN = r"^[A-Za-z0-9._:-]+$"


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
        pattern=ID_PATTERN,
        description="The conversation that the question goes on with; a name of one's own begins one.",
        examples=[None],
    )


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


def document_fields(index: Index, document_id: str, links: SourceLinks) -> dict[str, Any]:
    """Fields that a document is listed with."""
    document = index.document(document_id)
    return {
        "id": document.id,
        "title": document.title,
        "language": document.language,
        "version": document.version,
        "path": document.source.path,
        "url": links.to(document),
    }


def document_text(index: Index, document_id: str, links: SourceLinks) -> DocumentText:
    """A document with its text and sections."""
    return DocumentText(
        **document_fields(index, document_id, links),
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
