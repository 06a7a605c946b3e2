"""Result of a search, as the API, MCP and the command line return it."""

from pydantic import Field

from reperage.service.contract.answer import Contract

EXAMPLE = "différence port exposé et port interne"
"""A question that the shipped course answers."""


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
