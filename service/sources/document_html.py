"""A document's text as HTML: rendered Markdown, made harmless, the quoted span highlighted.

Highlighting works on the same located tokens that sentences come from, so that a mark falls on exactly the
characters that were quoted.
"""

import html
import posixpath
import re
import secrets
from collections.abc import MutableMapping, Sequence
from typing import Any

import nh3
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from reperage.corpus import Document
from reperage.corpus.blocks import Heading, headings_and_blocks, show_child, show_code
from reperage.corpus.located import Located
from reperage.corpus.markdown import parse
from reperage.service.sources.links import SCHEMES, FindDocument, course_page, is_relative

_TAGS = (nh3.ALLOWED_TAGS - {"img"}) | {"mark"}
_ATTRIBUTES = {
    **{f"h{level}": {"id"} for level in range(1, 7)},
    "a": {"href", "title"},
    "mark": {"class"},
    "span": {"class"},
    "div": {"class", "tabindex"},
    "pre": {"tabindex"},
    "code": {"class"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
}


def render_document(
    document: Document, quote: tuple[int, int] | None, image_missing: str, find_document: FindDocument
) -> str:
    """The body of a document as harmless HTML; what shows of `quote` stands in `<mark class="quote">`.

    Raw HTML of the material keeps its harmless part. Pictures are named, not shown. Links to other documents of
    the course lead to their pages, other relative links lead nowhere.
    """
    tokens = parse(document.text)
    anchors = [part.anchor for part in headings_and_blocks(document.text, tokens) if isinstance(part, Heading)]
    for token, anchor in zip((t for t in tokens if t.type == "heading_open"), anchors, strict=True):
        token.attrSet("id", anchor)
    for token in tokens:
        # Our content security policy lets no style through.
        if style := token.attrs.pop("style", None):
            token.attrSet("align", str(style).removeprefix("text-align:"))
    renderer = _Renderer(document, quote or (0, 0), image_missing, find_document)
    rendered = renderer.render(tokens, OptionsDict(_OPTIONS), {})

    def keep(tag: str, attribute: str, value: str) -> str | None:
        """Marks of our own have a class that the material cannot know; its own marks lose theirs."""
        if (tag, attribute) == ("mark", "class"):
            return "quote" if value == renderer.mark else None
        return value

    return nh3.clean(rendered, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=set(SCHEMES), attribute_filter=keep)


_OPTIONS: Any = {"xhtmlOut": False, "breaks": False, "langPrefix": "language-", "highlight": None}


# Elements that nobody reads, whole; then single tags that would swallow or hide all that follows (GFM's "disallowed
# raw HTML" and a few more), and last what opens one of them without an end.
_SWALLOWING = (
    r"(?:iframe|math|noembed|noframes|noscript|plaintext|script|select|style|svg|template|textarea|title|xmp)\b"
)
_UNREAD = re.compile(rf"<(script|style)\b.*?</\1\s*>|<!--.*?-->|</?{_SWALLOWING}[^<>]*>", re.I | re.S)
_UNENDED = re.compile(rf"<(?=!--|/?{_SWALLOWING})", re.I)


def _contained(markup: str) -> str:
    """Raw HTML of one token, of which nothing reaches past its end but tags that nest."""
    return _UNENDED.sub("&lt;", _UNREAD.sub("", markup))


class _Renderer(RendererHTML):
    """markdown-it's renderer, with marks around what was quoted."""

    def __init__(
        self, document: Document, quote: tuple[int, int], image_missing: str, find_document: FindDocument
    ) -> None:
        super().__init__()
        self.mark = secrets.token_hex(8)
        self._document = document
        self._quote = quote
        self._image_missing = image_missing
        self._find_document = find_document
        self._inline = Token("inline", "", 0)

    def renderInline(self, tokens: Sequence[Token], options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        for token in tokens:
            if token.type == "link_open":
                self._lead(token)
        return super().renderInline(tokens, options, env)

    def render(self, tokens: Sequence[Token], options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        parts = []
        for i, token in enumerate(tokens):
            if token.type == "inline":
                self._inline = token
                parts.append(self.renderInline(token.children or [], options, env))
            elif token.type in self.rules:
                parts.append(self.rules[token.type](tokens, i, options, env))
            else:
                parts.append(self.renderToken(tokens, i, options, env))
        return "".join(parts)

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: object) -> str:
        return self._marked(show_child(self._inline, tokens[idx]))

    text_special = text

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: object) -> str:
        return f"<code>{self._marked(show_child(self._inline, tokens[idx]))}</code>"

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: object) -> str:
        return f'<pre tabindex="0"><code>{self._marked(show_code(tokens[idx]))}</code></pre>\n'

    code_block = fence

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: object) -> str:
        name = tokens[idx].content or posixpath.basename(str(tokens[idx].attrGet("src")))
        return f'<span class="image-missing">{html.escape(self._image_missing.format(alt=name))}</span>'

    def html_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: object) -> str:
        """Its text cannot be marked without taking it apart: an empty mark shows where it begins."""
        lines = tokens[idx].meta["lines"]
        quoted = self._quote[0] < lines[-1][2] and self._quote[1] > lines[0][0]
        return (f'<mark class="{self.mark}"></mark>' if quoted else "") + _contained(tokens[idx].content)

    def html_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: object) -> str:
        return _contained(tokens[idx].content)

    def front_matter(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: object) -> str:
        return ""

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: object) -> str:
        return '<div class="table-scroll" tabindex="0"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: object) -> str:
        return "</table></div>\n"

    def _lead(self, link: Token) -> None:
        href = str(link.attrGet("href") or "")
        if not is_relative(href) or href.startswith("#") or not href:
            return
        page = course_page(href, self._document, self._find_document)
        link.attrs.pop("href")
        if page is not None:
            link.attrSet("href", page)

    def _marked(self, shown: Located) -> str:
        start, end = self._quote
        inside = [start < e and s < end for s, e in zip(shown.starts, shown.ends, strict=True)]
        parts = []
        i = 0
        for j in range(1, len(inside) + 1):
            if j == len(inside) or inside[j] != inside[i]:
                piece = html.escape(shown.text[i:j])
                parts.append(f'<mark class="{self.mark}">{piece}</mark>' if inside[i] else piece)
                i = j
        return "".join(parts)
