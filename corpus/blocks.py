"""A document's headings and leaf blocks, in order, from located Markdown tokens."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from markdown_it.token import Token

from reperage.corpus.located import Here, Located, LocatedWriter, MarkKind
from reperage.corpus.titles import Anchors, title_of

BlockKind = Literal["paragraph", "list", "table", "code", "html"]

# Comments, scripts and styles go with their content, other tags alone; an unclosed one goes to the end.
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)|</?[a-z!?][^<>]*>"
    r"|(?P<entity>&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});)",
    re.I | re.S,
)
_LINE_BREAK = re.compile(r"<br\b", re.I)
_SETTING: dict[str, MarkKind] = {"strong": "strong", "em": "emphasis", "s": "strikethrough", "link": "link"}


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: level 1 to 6, `start` and `end` of its lines; only the top-level ones open a section."""

    level: int
    title: str
    anchor: str
    start: int
    end: int
    is_top_level: bool


class Item(NamedTuple):
    """Where a block stands in lists: `level` from 1; the `ordinal` of an ordered list's item, at its first block;
    `continues` at every other block of an item."""

    level: int = 1
    ordinal: int | None = None
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A leaf block that shows text: a paragraph, a list item's text, a table row, a code block, raw HTML.

    `start` and `end` bound its source text, marks included. `number` counts the blocks of a document;
    `group` is shared by the blocks of one list or one table. `item` is set of all that stands in a list;
    `is_header` of the row at the head of a table.
    """

    kind: BlockKind
    shown: Located
    start: int
    end: int
    number: int
    group: int
    item: Item | None = None
    is_header: bool = False


def headings_and_blocks(source: str, tokens: Sequence[Token]) -> Iterator[Heading | Block]:
    """The headings and blocks of `source`, in its order; blocks that show nothing are left out."""
    anchors = Anchors()
    number = 0
    row: list[Token] | None = None
    nesting = _Nesting()
    for i, token in enumerate(tokens):
        nesting.read(i, token)
        shown: Located | None = None
        positions: Sequence[int] = token.meta.get("positions", ())
        kind: BlockKind = "list" if nesting.in_list else "paragraph"
        match token.type:
            case "heading_open":
                yield _heading(token, tokens[i + 1], anchors)
            case "tr_open":
                row = []
            case "tr_close":
                positions = [p for cell in row or () for p in cell.meta["positions"]]
                kind, shown, row = "table", _joined([show_inline(cell) for cell in row or ()]), None
            case "inline" if row is not None:
                row.append(token)
            case "inline" if tokens[i - 1].type != "heading_open" or tokens[i - 1].level > 0:
                shown = show_inline(token)
            case "fence" | "code_block":
                kind, shown = "code", show_code(token)
            case "html_block":
                kind, shown = "html", _html(source, token)
        if shown is not None and shown.text.strip():
            start, end = (positions[0], positions[-1] + 1) if positions else (shown.starts[0], shown.ends[-1])
            is_header = kind == "table" and nesting.in_head
            yield Block(kind, shown, start, end, number, nesting.group, nesting.place(), is_header)
            number += 1


@dataclass(slots=True)
class _OpenItem:
    """An item that is being read: its number, where its list has them, and whether a block of it was shown."""

    ordinal: int | None
    has_begun: bool = False


@dataclass(slots=True)
class _Nesting:
    """What is open around the token that was read last: lists and tables by their tokens' indices, and items.

    `group` is the index of the outermost list or table, else of the token itself.
    """

    group: int = 0
    in_head: bool = False
    _opened: list[int] = field(default_factory=list)
    _numbers: list[int | None] = field(default_factory=list)
    _items: list[_OpenItem] = field(default_factory=list)
    _outermost_is_list: bool = False

    @property
    def in_list(self) -> bool:
        return bool(self._opened) and self._outermost_is_list

    def read(self, i: int, token: Token) -> None:
        match token.type:
            case "bullet_list_open" | "ordered_list_open" | "table_open":
                if not self._opened:
                    self._outermost_is_list = token.type != "table_open"
                self._opened.append(i)
                self._numbers.append(int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None)
            case "bullet_list_close" | "ordered_list_close" | "table_close":
                self._opened.pop()
                self._numbers.pop()
            case "list_item_open":
                number = self._numbers[-1]
                self._items.append(_OpenItem(number))
                self._numbers[-1] = None if number is None else number + 1
            case "list_item_close":
                self._items.pop()
            case "thead_open" | "thead_close":
                self.in_head = token.type == "thead_open"
        self.group = self._opened[0] if self._opened else i

    def place(self) -> Item | None:
        """Where a block that is shown here stands in lists."""
        if not self._items:
            return None
        item, level = self._items[-1], len(self._items)
        place = Item(level, continues=True) if item.has_begun else Item(level, item.ordinal)
        item.has_begun = True
        return place


def show_inline(token: Token) -> Located:
    """What a reader sees of an inline token, without pictures and tags; emphasis and links are marks of it."""
    shown = LocatedWriter()
    opened: list[tuple[Here, str]] = []
    for child in token.children or ():
        name, _, side = child.type.rpartition("_")
        if side == "open":
            opened.append((shown.here(), str(child.attrGet("href") or "")))
        elif side == "close":
            since, href = opened.pop()
            shown.mark(since, _SETTING[name], href)
        else:
            shown.append(show_child(token, child))
    return shown.located()


def show_child(token: Token, child: Token) -> Located:
    """What a reader sees of one child of the inline token `token`."""
    shown = LocatedWriter()
    positions: list[int] = token.meta["positions"]
    at: int = child.meta["at"]
    text = child.content
    match child.type:
        case "text" if token.content[at : at + len(text)] == text:
            shown.copy(text, positions[at : at + len(text)])
        case "text":  # The text of an address between `<` and `>`, which starts at the former.
            shown.stand_for(text, positions[at], positions[token.content.index(">", at)] + 1)
            shown.close_opaque(0)
        case "text_special":
            shown.stand_for(text, positions[at], positions[at + len(child.markup) - 1] + 1)
        case "code_inline":
            at += len(child.markup)
            # CommonMark drops one space at either end of a code span that has both.
            at += token.content[at : at + len(text)].replace("\n", " ") != text
            shown.copy(text, positions[at : at + len(text)])
            shown.close_opaque(0)
            shown.mark(Here(0, 0), "code")
        case "softbreak":
            shown.copy(" ", [positions[at]])
        case "hardbreak":
            shown.copy("\n", [positions[at]])
        case "html_inline" if _LINE_BREAK.match(text):
            shown.stand_for("\n", positions[at], positions[at + len(text) - 1] + 1)
    return shown.located()


def show_code(token: Token) -> Located:
    """The lines of a code block, without empty ones at either end."""
    shown = LocatedWriter()
    lines = token.meta["lines"][1 if token.type == "fence" else 0 :]
    texts = token.content.split("\n")[:-1]
    not_blank = [i for i, text in enumerate(texts) if text.strip()]
    for i in range(not_blank[0], not_blank[-1] + 1) if not_blank else ():
        start, _, end = lines[i]
        line = texts[i]
        # A tab that the block's own indentation cuts into is written as spaces: there may be more than was written.
        shown.copy(line, (max(start, p) for p in range(end - len(line), end)))
        if i < not_blank[-1]:
            shown.copy("\n", [end])
    return shown.located()


def _heading(token: Token, inline: Token, anchors: Anchors) -> Heading:
    start, _, end = token.meta["lines"][0]
    end = token.meta["lines"][-1][2]
    return Heading(
        level=int(token.tag[1]),
        title=title_of(inline),
        anchor=anchors.add(show_inline(inline).text),
        start=start,
        end=end,
        is_top_level=token.level == 0,
    )


def _joined(cells: Sequence[Located]) -> Located:
    """A table row as one text, its cells parted by a bar and marked with their columns; empty ones leave a gap."""
    row = LocatedWriter()
    for column, cell in enumerate(cells):
        if len(row) and cell.text:
            since = len(row)
            row.stand_for(" | ", row.ends[-1], cell.starts[0])
            row.close_opaque(since)
        here = row.here()
        row.append(cell)
        row.mark(here, "cell", column=column)
    return row.located()


def _html(source: str, token: Token) -> Located:
    """The text between the tags of an HTML block, entities decoded."""
    positions = [p for _, start, end in token.meta["lines"] for p in range(start, min(end + 1, len(source)))]
    markup = "".join(source[p] for p in positions).replace("\n", " ")
    shown = LocatedWriter()
    i = 0
    for mark in _MARKUP.finditer(markup):
        shown.copy(markup[i : mark.start()], positions[i : mark.start()])
        start, end = positions[mark.start()], positions[mark.end() - 1] + 1
        if mark["entity"]:
            shown.stand_for(html.unescape(mark["entity"]), start, end)
        elif _LINE_BREAK.match(mark.group()):
            shown.stand_for("\n", start, end)
        i = mark.end()
    shown.copy(markup[i:], positions[i:])
    return shown.located()
