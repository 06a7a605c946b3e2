"""A sentence of the material as channels show it: its text in runs that are set alike."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from reperage.corpus import Document, Sentence
from reperage.corpus.blocks import Item
from reperage.corpus.located import Emphasis, Mark
from reperage.service.contract.answer import Span
from reperage.service.sources.links import FindDocument, absolute

_OUTERMOST_FIRST: tuple[Emphasis, ...] = ("strong", "emphasis", "strikethrough", "code")


def shown_fields(sentence: Sentence, document: Document, find: FindDocument) -> dict[str, Any]:
    """The fields of a `ShownSentence`."""
    item = sentence.item or Item()
    return {
        "text": sentence.shown,
        "kind": sentence.kind,
        "block": sentence.block,
        "group": sentence.group,
        "spans": spans_of(sentence, document, find),
        "level": item.level,
        "ordinal": item.ordinal,
        "continues": item.continues,
        "is_header": sentence.is_header,
    }


def spans_of(sentence: Sentence, document: Document, find: FindDocument) -> list[Span]:
    """The runs of a sentence of `document`; none where all of it is plain, unless it is a row of a table.

    Together they are its text; of a row of a table without what parts its cells.
    """
    is_row = sentence.kind == "table"
    if not sentence.marks and not is_row:
        return []
    spans: list[Span] = []
    runs = _runs(len(sentence.shown), tuple(whole_cells(sentence)) if is_row else sentence.marks)
    for start, end, marks in runs:
        columns = [mark.column for mark in marks if mark.kind == "cell"]
        if is_row and not columns and sentence.marks:
            continue
        hrefs = [absolute(mark.href, document, find) for mark in marks if mark.kind == "link"]
        kinds = {mark.kind for mark in marks}
        emphasis = [kind for kind in _OUTERMOST_FIRST if kind in kinds]
        href = next((href for href in hrefs if href is not None), None)
        cell = columns[0] if columns else None
        text = sentence.shown[start:end]
        if spans and (spans[-1].marks, spans[-1].href, spans[-1].cell) == (emphasis, href, cell):
            text = spans.pop().text + text
        spans.append(Span(text=text, marks=emphasis, href=href, cell=cell))
    return spans if is_row or any(span.marks or span.href for span in spans) else []


def whole_cells(row: Sentence) -> list[Mark]:
    """The marks of a table row, whose outer cells reach to its ends.

    A row that was too long to be quoted whole may have been cut beside a ` | `, which then belongs to them.
    """
    marks = list(row.marks)
    cells = [i for i, mark in enumerate(marks) if mark.kind == "cell"]
    if cells:
        marks[cells[-1]] = marks[cells[-1]]._replace(end=len(row.shown))
        marks[cells[0]] = marks[cells[0]]._replace(start=0)
    return marks


@lru_cache(maxsize=4096)
def _runs(length: int, marks: tuple[Mark, ...]) -> Sequence[tuple[int, int, Sequence[Mark]]]:
    """Ranges of a text of that length, between which marks begin or end, and the marks of each; cached, as the
    same sentences are shown for many questions."""
    edges = sorted({0, length, *(mark.start for mark in marks), *(mark.end for mark in marks)})
    runs: list[tuple[int, int, Sequence[Mark]]] = []
    reaching: list[Mark] = []
    following = 0
    for start, end in pairwise(edges):
        while following < len(marks) and marks[following].start <= start:
            reaching.append(marks[following])
            following += 1
        reaching = [mark for mark in reaching if mark.end > start]
        runs.append((start, end, tuple(reaching)))
    return runs
