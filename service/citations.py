"""Citations: quotes that stand in their documents."""

from collections.abc import Sequence

import structlog

from index.address import section_url as section_url
from index.index import Index
from service.answer import AnswerSentence, Citation
from service.compose import Quote

log = structlog.get_logger(__name__)


def cite(index: Index, quotes: Sequence[Quote], base_url: str) -> tuple[list[AnswerSentence], list[Citation]]:
    """Sentences and citations for the quotes that stand in their documents, checked here, last of all."""
    sentences: list[AnswerSentence] = []
    citations: list[Citation] = []
    for found in quotes:
        citation = citation_of(index, found, len(citations) + 1, base_url)
        if citation is None:
            continue
        citations.append(citation)
        sentence = found.sentence
        sentences.append(
            AnswerSentence(
                text=sentence.shown,
                citations=[citation.number],
                kind=sentence.kind,
                block=sentence.block,
                group=sentence.group,
            )
        )
    return sentences, citations


def citation_of(index: Index, found: Quote, number: int, base_url: str) -> Citation | None:
    """The citation of a quote; `None` where it does not stand in its document."""
    section, start, end = found.section, found.sentence.start, found.sentence.end
    document = index.document(section.document_id)
    if document.text[start:end] != found.text:
        log.error("quote_does_not_stand", document=document.id, start=start, end=end)
        return None
    line_start, line_end = document.lines(start, end)
    return Citation(
        number=number,
        document_id=document.id,
        document_title=document.title,
        heading_path=list(section.heading_path),
        anchor=section.anchor,
        quote=found.text,
        start=start,
        end=end,
        line_start=line_start,
        line_end=line_end,
        page=document.page_at(start),
        url=section_url(base_url, document, section, (start, end)),
        document_version=document.version,
    )


def answer_text(sentences: Sequence[AnswerSentence], citations: Sequence[Citation]) -> str:
    """The answer as one text: sentences of a block run on, each with its number; an empty line parts sections."""
    parts: list[str] = []
    places = [_place(citations[sentence.citations[0] - 1]) for sentence in sentences]
    for i, sentence in enumerate(sentences):
        if i and places[i] != places[i - 1]:
            parts.append("\n\n")
        elif i:
            parts.append(" " if sentence.block == sentences[i - 1].block else "\n")
        numbers = "".join(f"[{number}]" for number in sentence.citations)
        bullet = "- " if sentence.kind == "list" and (not i or parts[-1] != " ") else ""
        parts.append(f"{bullet}{sentence.text}{chr(10) if sentence.kind == 'code' else ' '}{numbers}")
    return "".join(parts)


def _place(citation: Citation) -> tuple[str, str]:
    return citation.document_id, citation.anchor
