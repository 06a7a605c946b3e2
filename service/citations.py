"""Citations: quotes that stand in their documents, and the addresses that open them."""

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote

import structlog

from corpus import Document, Section
from index.index import Index
from service.answer import AnswerSentence, Citation
from service.compose import Quote

log = structlog.get_logger(__name__)


def cite(index: Index, quotes: Sequence[Quote], base_url: str) -> tuple[list[AnswerSentence], list[Citation]]:
    """Sentences and citations for the quotes that stand in their documents, checked here, last of all."""
    sentences: list[AnswerSentence] = []
    citations: list[Citation] = []
    for found in quotes:
        section, sentence = found.section, found.sentence
        document = index.document(section.document_id)
        start, end = sentence.start, sentence.end
        if document.text[start:end] != found.text:
            log.error("quote_does_not_stand", document=document.id, start=start, end=end)
            continue
        number = len(citations) + 1
        line_start = document.text.count("\n", 0, start) + 1
        citations.append(
            Citation(
                number=number,
                document_id=document.id,
                document_title=document.title,
                heading_path=list(section.heading_path),
                anchor=section.anchor,
                quote=found.text,
                start=start,
                end=end,
                line_start=line_start,
                line_end=line_start + found.text.count("\n"),
                page=document.page_at(start),
                url=section_url(base_url, document, section, (start, end)),
                document_version=document.version,
            )
        )
        sentences.append(
            AnswerSentence(
                text=sentence.shown,
                citations=[number],
                kind=sentence.kind,
                block=sentence.block,
                group=sentence.group,
            )
        )
    return sentences, citations


def answer_text(sentences: Sequence[AnswerSentence], citations: Sequence[Citation]) -> str:
    """The answer as one text: sentences of a block run on, each with its number; an empty line parts sections."""
    parts: list[str] = []
    for i, sentence in enumerate(sentences):
        if i and _place(citations[i]) != _place(citations[i - 1]):
            parts.append("\n\n")
        elif i:
            parts.append(" " if sentence.block == sentences[i - 1].block else "\n")
        numbers = "".join(f"[{number}]" for number in sentence.citations)
        bullet = "- " if sentence.kind == "list" and (not i or parts[-1] != " ") else ""
        parts.append(f"{bullet}{sentence.text}{chr(10) if sentence.kind == 'code' else ' '}{numbers}")
    return "".join(parts)


def _place(citation: Citation) -> tuple[str, str]:
    return citation.document_id, citation.anchor


_quoted = lru_cache(maxsize=4096)(quote)


def section_url(
    base_url: str, document: Document, section: Section | None, quote_span: tuple[int, int] | None = None
) -> str:
    """The address that opens a document, at a section, the quote highlighted where its span is given."""
    path = f"/courses/{_quoted(document.course)}/documents/{_quoted(document.id)}"
    span = f"&start={quote_span[0]}&end={quote_span[1]}" if quote_span else ""
    anchor = f"#{_quoted(section.anchor)}" if section and section.anchor else ""
    return f"{base_url}{path}?version={document.version}{span}{anchor}"
