"""The sentences of an answer as `rich_text`, set as the material sets them.

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


def clickable(url: str) -> bool:
    """Whether Slack takes an address."""
    return url.startswith(("http://", "https://", "mailto:")) and len(url) <= _LONGEST_URL


class Body:
    """Takes sentences in their order, each with the numbers of its citations behind it; links where `base_url` is."""

    def __init__(self, citations: Sequence[Citation], base_url: str) -> None:
        self._citations, self._base_url = citations, base_url
        self._parts: list[Block] = []
        self._before: AnswerSentence | None = None
        self._place: tuple[str, str] | None = None

    def add(self, sentence: AnswerSentence) -> None:
        cited = self._citations[sentence.citations[0] - 1]
        place = (cited.document_id, cited.anchor)
        before = self._before if place == self._place else None
        self._before, self._place = sentence, place
        if sentence.kind == "code":
            self._append({"type": _CODE, "elements": [_text(sentence.text)]})
            self._append({"type": _SECTION, "elements": self._numbers(sentence)})
            return
        own = [*_spans(sentence), _text(" "), *self._numbers(sentence)]
        same_group = before is not None and before.group == sentence.group
        if before is not None and before.block == sentence.block:
            self._go_on(" ", own)
        elif sentence.kind == "table" and same_group:
            self._go_on("\n", own)
        elif sentence.kind != "list":
            self._prose(own)
        elif sentence.continues and before is not None and same_group:
            if before.kind == "list" and before.level == sentence.level:
                self._go_on("\n", own)
            else:
                self._prose(own)
        else:
            self._item(sentence, own, is_new=before is None)

    def blocks(self) -> list[Block]:
        """What was taken, as one block."""
        return [{"type": "rich_text", "elements": [_merged(part) for part in self._parts]}]

    def _append(self, part: Block) -> None:
        if self._parts and part["type"] != _SECTION and self._parts[-1]["type"] == _SECTION:
            self._parts[-1]["elements"].append(_text("\n"))
        self._parts.append(part)

    def _go_on(self, between: str, own: list[Block]) -> None:
        """Behind what stands there already: the last item of a list, or prose."""
        last = self._parts[-1]
        within = last["elements"][-1] if last["type"] == _LIST else last
        within["elements"] += [_text(between), *own]

    def _prose(self, own: list[Block]) -> None:
        last = self._parts[-1]["type"] if self._parts else ""
        if last == _SECTION:
            self._go_on("\n\n", own)
        else:
            self._append({"type": _SECTION, "elements": [_text("\n"), *own] if last == _LIST else own})

    def _item(self, sentence: AnswerSentence, own: list[Block], *, is_new: bool) -> None:
        """An item: in the list above where it goes on with it, else in one of its own, which Slack nests by indent."""
        item = {"type": _SECTION, "elements": own}
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
        found: Block = {"type": _LIST, "style": style, "indent": indent, "elements": [item]}
        if sentence.ordinal is not None and sentence.ordinal > 1:
            found["offset"] = sentence.ordinal - 1
        self._append(found)

    def _numbers(self, sentence: AnswerSentence) -> list[Block]:
        """The numbers behind a sentence, each a link to its quote."""
        return [self._number(self._citations[number - 1]) for number in sentence.citations]

    def _number(self, citation: Citation) -> Block:
        label = f"[{citation.number}]"
        if not self._base_url or not clickable(citation.url):
            return _text(label)
        return {"type": "link", "url": citation.url, "text": label}


def _spans(sentence: AnswerSentence) -> list[Block]:
    """The runs of a sentence; cells of a row stand between bars, empty ones too."""
    elements: list[Block] = []
    cell = 0
    for span in sentence.spans or [Span(text=sentence.text)]:
        if span.cell is not None and span.cell > cell:
            elements.append(_text(" | " * (span.cell - cell)))
            cell = span.cell
        style = {_STYLES[mark]: True for mark in span.marks} | ({"bold": True} if sentence.is_header else {})
        linked = span.href is not None and clickable(span.href)
        shown: Block = {"type": "link", "url": span.href, "text": span.text} if linked else _text(span.text)
        elements.append(shown | ({"style": style} if style else {}))
    return [element for element in elements if element["text"]]


def _merged(part: Block) -> Block:
    """The part with texts that stand side by side and are set alike in one."""
    elements: list[Block] = []
    for element in part["elements"]:
        last = elements[-1] if elements else {}
        if element["type"] == _SECTION:
            elements.append(_merged(element))
        elif element["type"] == "text" == last.get("type") and element.get("style") == last.get("style"):
            elements[-1] = last | {"text": last["text"] + element["text"]}
        else:
            elements.append(element)
    return part | {"elements": elements}


def _text(text: str) -> Block:
    return {"type": "text", "text": text}
