"""Status of an old answer's citations: whether the quotes still stand in today's documents."""

from typing import Literal

from pydantic import Field

from reperage.index.index import Index
from reperage.service.contract.answer import Citation, Contract
from reperage.service.sources.links import SourceLinks

Standing = Literal["in_place", "moved", "gone", "unknown"]


class CitedThen(Contract):
    """What became of a citation of a stored answer."""

    number: int = Field(description="The citation's number in its answer.")
    standing: Standing = Field(
        description="`in_place`; `moved`: the same words stand elsewhere in the document; `gone`: they no longer stand "
        "in it, or it is gone itself; `unknown`: the course cannot be opened."
    )
    document_changed: bool = Field(description="Whether the document has changed since, or is gone.")
    document_version: str = Field(description="The version that was cited.")
    current_version: str | None = Field(description="Today's version, where there is one.")
    start: int | None = Field(description="Where the quote stands today, in code points.")
    end: int | None = Field(description="Where it ends today.")
    url: str | None = Field(description="Opens it today.")


def look_up(citation: Citation, index: Index | None, links: SourceLinks) -> CitedThen:
    """Find a citation's quote in the documents of `index`, `None` where it cannot be opened."""
    if index is None:
        return _not_found(citation, "unknown", None)
    if citation.document_id not in index.document_ids:
        return _not_found(citation, "gone", None)
    document = index.document(citation.document_id)
    start = _nearest(document.text, citation.quote, citation.start)
    if start is None:
        return _not_found(citation, "gone", document.version)
    end = start + len(citation.quote)
    section = next((s for s in index.sections(document.id) if s.start <= start < s.end), None)
    return CitedThen(
        number=citation.number,
        standing="in_place" if start == citation.start else "moved",
        document_changed=document.version != citation.document_version,
        document_version=citation.document_version,
        current_version=document.version,
        start=start,
        end=end,
        url=links.to(document, section, (start, end)),
    )


def _not_found(citation: Citation, standing: Standing, version: str | None) -> CitedThen:
    return CitedThen(
        number=citation.number,
        standing=standing,
        document_changed=standing != "unknown" and version != citation.document_version,
        document_version=citation.document_version,
        current_version=version,
        start=None,
        end=None,
        url=None,
    )


def _nearest(text: str, quote: str, place: int) -> int | None:
    """Where `quote` stands in `text`, as near to `place` as it does."""
    after = text.find(quote, place)
    before = text.rfind(quote, 0, place + len(quote))
    starts = [start for start in (after, before) if start >= 0]
    return min(starts, key=lambda start: abs(start - place), default=None)
