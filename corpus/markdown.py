"""Markdown into tokens that know where they stand in the source.

markdown-it-py tells the lines of a block and nothing of what is inside it. Here every leaf block keeps the
source range of each of its lines, read off the parser while it still stands there, and every inline token the
offset at which it was pushed; text, code and table cells are located by construction, and nothing is ever
searched for.

Token metadata set here, in code points:
    `lines`      on leaf blocks: (start, start of the text, end) of each source line, quote marks left out
    `positions`  on inline tokens: the source offset of each character of `token.content`
    `at`         on children of inline tokens: index into the parent's `content`
"""

import unicodedata
from collections.abc import Callable, Sequence

import yaml
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

_BlockRule = Callable[[StateBlock, int, int, bool], bool]

_LEAVES = frozenset({"inline", "heading_open", "fence", "code_block", "html_block", "tr_open", "front_matter"})
# The rules that make leaf blocks, and the blocks that each may interrupt (markdown-it's own table).
_LEAF_RULES = {
    "table": ["paragraph", "reference"],
    "code": [],
    "fence": ["paragraph", "reference", "blockquote", "list"],
    "html_block": ["paragraph", "reference", "blockquote"],
    "heading": ["paragraph", "reference", "blockquote"],
    "lheading": [],
    "paragraph": [],
    "front_matter": ["paragraph", "reference", "blockquote", "list"],
}
_SPACES = " \t\n"


def parse(text: str) -> list[Token]:
    """The block tokens of `text` (line feeds only), located as this module's docstring says."""
    return _PARSER.parse(text)


def front_matter(text: str, tokens: Sequence[Token]) -> tuple[dict[str, object], int]:
    """The settings at the head of a document and the offset at which its body starts.

    Values are strings as they are written (`title: 1.0`) without control characters, lists or mappings; what is no
    YAML mapping sets nothing.
    """
    if not tokens or tokens[0].type != "front_matter":
        return {}, 0
    body = min(tokens[0].meta["lines"][-1][2] + 1, len(text))
    try:
        settings = yaml.load(tokens[0].content, Loader=_Loader)
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError):  # The last two where an escape is no character.
        return {}, body
    return (settings if isinstance(settings, dict) else {}), body


class _Loader(yaml.BaseLoader):
    """YAML whose strings are text: PyYAML makes half surrogates and control characters of escapes."""

    def construct_scalar(self, node: yaml.ScalarNode) -> str:
        text = str(super().construct_scalar(node))
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return "".join(c for c in whole if c.isspace() or unicodedata.category(c) != "Cc")


class _LocatedInline(StateInline):
    """markdown-it's inline state, which also notes where each token was pushed."""

    _pending_at = 0

    def append_pending(self, text: str) -> None:
        if not self.pending:
            self._pending_at = self.pos
        super().append_pending(text)

    def pushPending(self) -> Token:
        token = super().pushPending()
        token.meta["at"] = self._pending_at
        return token

    def push(self, ttype: str, tag: str, nesting: int) -> Token:
        token = super().push(ttype, tag, nesting)  # type: ignore[arg-type]
        token.meta["at"] = self.pos
        return token


def _note_lines(rule: _BlockRule) -> _BlockRule:
    def run(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
        before = len(state.tokens)
        if not rule(state, start_line, end_line, silent):
            return False
        for token in () if silent else state.tokens[before:]:
            if token.map and token.type in _LEAVES:
                token.meta["lines"] = [
                    (state.bMarks[line], state.bMarks[line] + state.tShift[line], state.eMarks[line])
                    for line in range(*token.map)
                ]
        return True

    return run


def _parse_inlines(state: StateCore) -> None:
    """Give every inline token its located content and children."""
    cells: list[tuple[str, list[int]]] = []
    opener: Token | None = None
    for token in state.tokens:
        if token.type in ("heading_open", "paragraph_open"):
            opener = token
        elif token.type == "tr_open":
            _, start, end = token.meta["lines"][0]
            cells = _cells(state.src, start, end)
        elif token.type in ("th_open", "td_open"):
            opener = None
        elif token.type == "inline":
            if opener is not None:
                content, positions = _content(state.src, token, opener)
            else:
                content, positions = cells.pop(0) if cells else ("", [])
            token.content = content
            token.meta["positions"] = positions
            inline = _LocatedInline(content, state.md, state.env, token.children or [])
            state.md.inline.tokenize(inline)
            for rule in state.md.inline.ruler2.getRules(""):
                rule(inline)
            token.children = inline.tokens


def _content(source: str, token: Token, opener: Token) -> tuple[str, list[int]]:
    """What a paragraph or heading says, line marks left out, and where each character stands."""
    lines = token.meta["lines"]
    if opener.markup.startswith("#"):
        _, start, end = lines[0]
        start += len(opener.markup)
        # The parser strips a heading of every white space, no-break spaces included.
        while start < end and source[start].isspace():
            start += 1
        return token.content, list(range(start, start + len(token.content)))
    positions: list[int] = []
    for _, start, end in lines:
        positions.extend(range(start, end + 1))
    positions = [p for p in positions if p < len(source)]
    return _trimmed(source, positions)


def _cells(source: str, start: int, end: int) -> list[tuple[str, list[int]]]:
    """The cells of the table row `source[start:end]`, split at every `|` that no backslash precedes."""
    row: list[list[int]] = [[]]
    escaped = False
    for p in range(start, end):
        c = source[p]
        if c == "|" and not escaped:
            row.append([])
        else:
            if c == "|":
                row[-1].pop()
            row[-1].append(p)
        escaped = c == "\\"
    if not _trimmed(source, row[0])[0]:
        row.pop(0)
    if row and not _trimmed(source, row[-1])[0]:
        row.pop()
    return [_trimmed(source, cell) for cell in row]


def _trimmed(source: str, positions: Sequence[int]) -> tuple[str, list[int]]:
    i, j = 0, len(positions)
    while i < j and source[positions[i]] in _SPACES:
        i += 1
    while j > i and source[positions[j - 1]] in _SPACES:
        j -= 1
    inner = list(positions[i:j])
    return "".join(source[p] for p in inner), inner


def _make_parser() -> MarkdownIt:
    # Past its nesting limit markdown-it drops the rest of the document; "commonmark" has 20, ten lists deep.
    parser = MarkdownIt("commonmark", {"maxNesting": 50}).enable(["table", "strikethrough"])
    parser.use(front_matter_plugin)
    # Both would merge tokens and lose where they stand.
    parser.disable(["fragments_join", "text_join"])
    enabled = parser.block.ruler.get_active_rules()
    rules = dict(zip(enabled, parser.block.ruler.getRules(""), strict=True))
    for name, alternatives in _LEAF_RULES.items():
        parser.block.ruler.at(name, _note_lines(rules[name]), {"alt": alternatives})
    parser.core.ruler.at("inline", _parse_inlines)
    return parser


_PARSER = _make_parser()
