"""The answer to a question: what every channel shows and the API returns."""

from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from reperage.corpus.blocks import BlockKind
from reperage.corpus.located import Emphasis

Status = Literal["answered", "not_in_material", "section_empty", "small_talk"]


class Contract(BaseModel):
    """A part of the API's contract: fields may be added, never renamed or given another meaning.

    One that is added to an answer needs a default: those that are stored lack it.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)


class Citation(Contract):
    """A verbatim quote and where it stands: `document.text[start:end] == quote`."""

    number: int = Field(description="The number that sentences refer to, from 1.")
    document_id: str = Field(description="The document that the quote stands in.")
    document_title: str = Field(description="That document's title.")
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
    shown: str = Field("", description="The quote as a reader sees it, without Markdown marks.")


class Span(Contract):
    """A run of a sentence's text that is shown in one way."""

    text: str = Field(description="What to show.")
    marks: list[Emphasis] = Field([], description="How the material sets it, the outermost first; `code` is the last.")
    href: str | None = Field(
        None, description="Where it links to: an absolute address that begins with `http:`, `https:` or `mailto:`."
    )
    cell: int | None = Field(None, description="The column that it stands in, from 0; of rows of tables only.")


class ShownSentence(Contract):
    """A sentence, an item of a list, a row of a table or a block of code, and how to show it."""

    text: str = Field(description="What to show, without Markdown marks.")
    kind: BlockKind = Field(description="How to show it: as prose, an item of a list, a row of a table or code.")
    block: int = Field(description="The same for sentences of one paragraph or one item of a list, within a section.")
    group: int = Field(description="The same for sentences of one paragraph, list or table, within a section.")
    spans: list[Span] = Field(
        [],
        description="The same text in runs, where some of it is set in another way; of a row of a table always, "
        "without the ` | ` between its cells.",
    )
    level: int = Field(1, description="How deep in lists it stands, from 1.")
    ordinal: int | None = Field(None, description="The number of an item of an ordered list, at its first block.")
    continues: bool = Field(False, description="Goes on with the item of a list that a block before it began.")
    is_header: bool = Field(False, description="The row at the head of a table.")


class AnswerSentence(ShownSentence):
    """One sentence of the answer and the citations that it rests on."""

    citations: list[int] = Field(description="Numbers of citations, at least one.")


class RelatedSection(Contract):
    """A section worth reading when the material does not answer."""

    document_id: str = Field(description="The document that it is part of.")
    heading_path: list[str] = Field(description="The headings from the top.")
    anchor: str = Field(description="Its anchor in the document.")
    url: str = Field(description="Opens the document at the section.")
    is_empty: bool = Field(description="The section exists but nothing is written in it yet.")


class Correction(Contract):
    """The question was read as another spelling."""

    from_: str = Field(alias="from", description="What was written.")
    to: str = Field(description="What it was read as.")


class Timings(Contract):
    """Milliseconds that each step took."""

    encode: float = Field(description="Question into vector.")
    search: float = Field(description="Vector and terms into hits.")
    read: float = Field(0.0, description="Hits read with the question, where the reader is on.")
    compose: float = Field(description="Hits into an answer, its quotes checked.")
    total: float = Field(description="All of it.")


class Answer(Contract):
    """The answer to one question.

    `sentences` and `citations` are empty unless `status` is `answered`; `related_sections` is empty when it is.
    """

    id: str = Field(description="The answer's own name.")
    conversation_id: str = Field(description="The conversation that it belongs to.")
    course: str = Field(description="The course that was asked.")
    language: str = Field(description="The language of the course, such as `fr`.")
    question: str = Field(description="The question as it was asked.")
    standalone_question: str = Field(description="The question as it reads without the conversation.")
    status: Status = Field(
        description="`answered`; `not_in_material`; `section_empty`: there is a section, but nothing in it yet; or "
        "`small_talk`."
    )
    answer: str = Field(description="The text to show, always.")
    sentences: list[AnswerSentence] = Field(description="The answer, sentence by sentence.")
    citations: list[Citation] = Field(description="What the sentences rest on, by number.")
    related_sections: list[RelatedSection] = Field(description="Sections worth reading when there is no answer.")
    correction: Correction | None = Field(description="Set when the question was read as another spelling.")
    confidence: float = Field(description="How likely the material answers the question, 0 to 1.")
    composer: str = Field(description="What wrote the answer: `extractive`, which only quotes, or the language model.")
    took_ms: Timings = Field(description="Milliseconds that each step took.")

    @cached_property
    def as_json(self) -> str:
        """The object as it is sent and kept, written once."""
        return self.model_dump_json(by_alias=True)
