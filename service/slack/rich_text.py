"""Sentences of an answer as `rich_text`, set as the material sets them.

Slack's own writing is followed: prose in one section, a line feed at its end where a list or code comes below, and one
at its beginning where it comes below a list.
"""

from collections.abc import Sequence
from typing import Any

from reperage.service.contract.answer import AnswerSentence, Citation, Span

Block = dict[str, Any]

_STYLES = {"strong": "bold", "emphasis": "italic", "strikethrough": "strike", "code": "code"}
_LONGEST_URL = 3000
_DEEPEST = 8
_SECTION, _LIST, _CODE = "rich_text_section", "rich_text_list", "rich_text_preformatted"


def is_clickable(url: str) -> bool:
    """Whether Slack takes an address."""
    return url.startswith(("http://", "https://", "mailto:")) and len(url) <= _LONGEST_URL


class Body:
    """Body of an answer: sentences in their order, each with the numbers of its citations behind it; links where
    `base_url` is."""

    def __init__(self, citations: Sequence[Citation], base_url: str) -> None:
        self._citations, self._base_url = citations, base_url
        self._parts: list[Block] = []
        self._previous: AnswerSentence | None = None
        self._place: tuple[str, str] | None = None

    def add(self, sentence: AnswerSentence) -> None:
        citation = self._citations[sentence.citations[0] - 1]
        place = (citation.document_id, citation.anchor)
        previous = self._previous if place == self._place else None
        self._previous, self._place = sentence, place
        if sentence.kind == "code":
            self._append({"type": _CODE, "elements": [_text(sentence.text)]})
            self._append({"type": _SECTION, "elements": self._numbers(sentence)})
            return
        elements = [*_spans(sentence), _text(" "), *self._numbers(sentence)]
        same_group = previous is not None and previous.group == sentence.group
        if previous is not None and previous.block == sentence.block:
            self._extend_last(" ", elements)
        elif sentence.kind == "table" and same_group:
            self._extend_last("\n", elements)
        elif sentence.kind != "list":
            self._prose(elements)
        elif sentence.continues and previous is not None and same_group:
            if previous.kind == "list" and previous.level == sentence.level:
                self._extend_last("\n", elements)
            else:
                self._prose(elements)
        else:
            self._item(sentence, elements, is_new=previous is None)

    def blocks(self) -> list[Block]:
        """Sentences that were added, as one block."""
        return [{"type": "rich_text", "elements": [_with_merged_texts(part) for part in self._parts]}]

    def _append(self, part: Block) -> None:
        if self._parts and part["type"] != _SECTION and self._parts[-1]["type"] == _SECTION:
            self._parts[-1]["elements"].append(_text("\n"))
        self._parts.append(part)

    def _extend_last(self, between: str, elements: list[Block]) -> None:
        """Behind what stands there already: the last item of a list, or prose."""
        last = self._parts[-1]
        within = last["elements"][-1] if last["type"] == _LIST else last
        within["elements"] += [_text(between), *elements]

    def _prose(self, elements: list[Block]) -> None:
        last = self._parts[-1]["type"] if self._parts else ""
        if last == _SECTION:
            self._extend_last("\n\n", elements)
        else:
            self._append({"type": _SECTION, "elements": [_text("\n"), *elements] if last == _LIST else elements})

    def _item(self, sentence: AnswerSentence, elements: list[Block], *, is_new: bool) -> None:
        """An item: in the list above where it goes on with it, else in one of its own, which Slack nests by indent."""
        item = {"type": _SECTION, "elements": elements}
        style = "bullet" if sentence.ordinal is None else "ordered"
        last: Block = self._parts[-1] if self._parts else {"type": ""}
        indent = min(sentence.level - 1, _DEEPEST)
        if last["type"] == _LIST and is_new:  # Of another section.
            self._append({"type": _SECTION, "elements": [_text("\n")]})
        elif last["type"] == _LIST and (last["style"], last["indent"]) == (style, indent):
            following = last.get("offset", 0) + len(last["elements"]) + 1
            if sentence.ordinal in (None, following):
                last["elements"].append(item)
                return
        new_list: Block = {"type": _LIST, "style": style, "indent": indent, "elements": [item]}
        if sentence.ordinal is not None and sentence.ordinal > 1:
            new_list["offset"] = sentence.ordinal - 1
        self._append(new_list)

    def _numbers(self, sentence: AnswerSentence) -> list[Block]:
        """Numbers behind a sentence, each a link to its quote."""
        return [self._number(self._citations[number - 1]) for number in sentence.citations]

    def _number(self, citation: Citation) -> Block:
        label = f"[{citation.number}]"
        if not self._base_url or not is_clickable(citation.url):
            return _text(label)
        return {"type": "link", "url": citation.url, "text": label}


def _spans(sentence: AnswerSentence) -> list[Block]:
    """Runs of a sentence; cells of a row stand between bars, empty ones too."""
    elements: list[Block] = []
    cell = 0
    for span in sentence.spans or [Span(text=sentence.text)]:
        if span.cell is not None and span.cell > cell:
            elements.append(_text(" | " * (span.cell - cell)))
            cell = span.cell
        style = {_STYLES[mark]: True for mark in span.marks} | ({"bold": True} if sentence.is_header else {})
        is_link = span.href is not None and is_clickable(span.href)
        run: Block = {"type": "link", "url": span.href, "text": span.text} if is_link else _text(span.text)
        elements.append(run | ({"style": style} if style else {}))
    return [element for element in elements if element["text"]]


def _with_merged_texts(part: Block) -> Block:
    """`part` with texts that stand side by side and are set alike in one."""
    elements: list[Block] = []
    for element in part["elements"]:
        last = elements[-1] if elements else {}
        if element["type"] == _SECTION:
            elements.append(_with_merged_texts(element))
        elif element["type"] == "text" == last.get("type") and element.get("style") == last.get("style"):
            elements[-1] = last | {"text": last["text"] + element["text"]}
        else:
            elements.append(element)
    return part | {"elements": elements}


def _text(text: str) -> Block:
    return {"type": "text", "text": text}
