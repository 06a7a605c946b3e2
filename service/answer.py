"""The answer to a question: what every channel shows and the API returns."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from corpus.blocks import Kind

Status = Literal["answered", "not_in_material", "section_empty", "small_talk"]


class Contract(BaseModel):
    """A part of the API's contract: fields may be added, never renamed or given another meaning."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)


class Citation(Contract):
    """A verbatim quote and where it stands: `document.text[start:end] == quote`."""

    number: int = Field(description="The number that sentences refer to, from 1.")
    document_id: str
    document_title: str
    heading_path: list[str] = Field(description="The headings that the quote stands under, from the top.")
    anchor: str = Field(description="The anchor of the section, empty for text before the first heading.")
    quote: str = Field(description="The text of the document from `start` to `end`, Markdown marks included.")
    start: int = Field(description="Where the quote begins, in code points of the document's text.")
    end: int = Field(description="Where the quote ends, in code points.")
    line_start: int = Field(description="The quote's first line, from 1.")
    line_end: int = Field(description="The quote's last line.")
    page: int | None = Field(description="The page, where the document's format has pages.")
    url: str = Field(description="Opens the document at the highlighted quote.")
    document_version: str = Field(description="`sha256:` and the digest of the document's text.")


class AnswerSentence(Contract):
    """One sentence of the answer and the citations that it rests on."""

    text: str = Field(description="What to show, without Markdown marks.")
    citations: list[int] = Field(description="Numbers of citations, at least one.")
    kind: Kind = Field(description="How to show it: as prose, an item of a list, a row of a table or code.")


class RelatedSection(Contract):
    """A section worth reading when the material does not answer."""

    document_id: str
    heading_path: list[str]
    anchor: str
    url: str
    is_empty: bool = Field(description="The section exists but nothing is written in it yet.")


class Correction(Contract):
    """The question was read as another spelling."""

    from_: str = Field(alias="from")
    to: str


class Timings(Contract):
    """Milliseconds that each step took."""

    encode: float
    search: float
    compose: float
    total: float


class Answer(Contract):
    """The answer to one question.

    `sentences` and `citations` are empty unless `status` is `answered`; `related_sections` is empty when it is.
    """

    id: str
    conversation_id: str
    course: str
    language: str
    question: str
    standalone_question: str = Field(description="The question as it reads without the conversation.")
    status: Status
    answer: str = Field(description="The text to show, always.")
    sentences: list[AnswerSentence]
    citations: list[Citation]
    related_sections: list[RelatedSection]
    correction: Correction | None
    confidence: float = Field(description="How likely the material answers the question, 0 to 1.")
    composer: str = Field(description="What made the answer: `extractive` quotes only.")
    took_ms: Timings
