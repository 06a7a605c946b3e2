"""Citations: quotes that stand in their documents."""

from collections.abc import Callable, Sequence

import structlog

from reperage.index.index import Index
from reperage.service.answering.extractive import Quote
from reperage.service.contract.answer import AnswerSentence, Citation
from reperage.service.sources.formatting import shown_fields
from reperage.service.sources.links import SourceLinks, find_document

log = structlog.get_logger(__name__)


def cite(index: Index, quotes: Sequence[Quote], links: SourceLinks) -> tuple[list[AnswerSentence], list[Citation]]:
    """Sentences and citations for the quotes that stand in their documents, checked here, last of all."""
    sentences: list[AnswerSentence] = []
    citations: list[Citation] = []
    find = find_document(index, links)
    for quote in quotes:
        citation = citation_of(index, quote, len(citations) + 1, links)
        if citation is None:
            continue
        citations.append(citation)
        document = index.document(quote.section.document_id)
        fields = shown_fields(quote.sentence, document, find)
        sentences.append(AnswerSentence(**fields, citations=[citation.number]))
    return sentences, citations


def citation_of(index: Index, quote: Quote, number: int, links: SourceLinks) -> Citation | None:
    """The citation of a quote; `None` where it does not stand in its document."""
    section, start, end = quote.section, quote.sentence.start, quote.sentence.end
    document = index.document(section.document_id)
    if document.text[start:end] != quote.text:
        log.error("quote_does_not_stand", document=document.id, start=start, end=end)
        return None
    line_start, line_end = document.lines(start, end)
    return Citation(
        number=number,
        document_id=document.id,
        document_title=document.title,
        heading_path=list(section.heading_path),
        anchor=section.anchor,
        quote=quote.text,
        start=start,
        end=end,
        line_start=line_start,
        line_end=line_end,
        page=document.page_at(start),
        url=links.to(document, section, (start, end)),
        document_version=document.version,
        shown=quote.sentence.shown,
    )


class AnswerText:
    """The answer as one text, sentence by sentence: those of a block run on, an empty line parts sections."""

    def __init__(
        self,
        mark: Callable[[Citation], str] = lambda citation: f"[{citation.number}]",
        show: Callable[[AnswerSentence], str] = lambda sentence: sentence.text,
    ) -> None:
        """`mark`: what stands behind a sentence for each of its citations; `show`: the sentence itself."""
        self._mark = mark
        self._show = show
        self._before: tuple[tuple[str, str], int] | None = None

    def add(self, sentence: AnswerSentence, citations: Sequence[Citation]) -> str:
        """What the sentence adds; `citations` are those so far, by number from 1."""
        own = [citations[number - 1] for number in sentence.citations]
        place, between = _place(own[0]), ""
        if self._before and self._before[0] != place:
            between = "\n\n"
        elif self._before:
            between = " " if sentence.block == self._before[1] else "\n"
        self._before = (place, sentence.block)
        bullet = "- " if sentence.kind == "list" and between != " " else ""
        marks = "".join(self._mark(citation) for citation in own)
        return f"{between}{bullet}{self._show(sentence)}{chr(10) if sentence.kind == 'code' else ' '}{marks}"


def answer_text(sentences: Sequence[AnswerSentence], citations: Sequence[Citation]) -> str:
    """The whole answer as one text, each sentence with its numbers."""
    text = AnswerText()
    return "".join(text.add(sentence, citations) for sentence in sentences)


def _place(citation: Citation) -> tuple[str, str]:
    return citation.document_id, citation.anchor
