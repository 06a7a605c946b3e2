"""An answer as plain text, for terminals and for programs that show nothing else."""

from collections.abc import Iterator

from reperage.service.contract.answer import Answer, Citation
from reperage.service.messages import messages


def plain_text(answer: Answer, *, links: bool = False) -> str:
    """Text of an answer, then its sources by number, or the sections worth reading; with addresses where `links`."""
    return "\n".join(_lines(answer, messages(answer.language), links))


def _lines(answer: Answer, text: dict[str, str], links: bool) -> Iterator[str]:
    if answer.correction:
        yield text["results_for"].format(question=answer.correction.to)
        yield ""
    yield answer.answer
    if answer.citations:
        yield ""
        yield text["sources"]
    for citation in answer.citations:
        place = " › ".join([citation.document_title, *citation.heading_path])
        yield f"[{citation.number}] {place}, {_line_numbers(citation, text)}"
        yield "    " + text["source_quote"].format(quote=" ".join(citation.quote.split()))
        if links:
            yield f"    {citation.url}"
    for section in answer.related_sections:
        empty = f" {text['section_without_text']}" if section.is_empty else ""
        yield f"  - {' › '.join(section.heading_path)}{empty}"
        if links:
            yield f"    {section.url}"


def _line_numbers(citation: Citation, text: dict[str, str]) -> str:
    first, last = citation.line_start, citation.line_end
    return text["source_line" if first == last else "source_lines"].format(first=first, last=last)
