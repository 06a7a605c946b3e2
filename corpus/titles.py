"""Titles and anchors of headings."""

import re
import unicodedata

from markdown_it.token import Token

_LINK = "\x00"
_BRACKETED_LINKS = re.compile(rf"(?<!\s)\s*[(\[][\s,;]*(?:{_LINK}[^{_LINK}]*{_LINK}[\s,;]*)+[)\]]")


def title_of(inline: Token) -> str:
    """A heading's title: no marks, no pictures, and no link that stands alone between brackets."""
    parts = []
    for child in inline.children or ():
        if child.type in ("text", "text_special", "code_inline"):
            parts.append(child.content)
        elif child.type in ("link_open", "link_close"):
            parts.append(_LINK)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    full = "".join(parts)
    title = _BRACKETED_LINKS.sub("", full) or full
    return " ".join(title.replace(_LINK, "").split())


class Anchors:
    """Anchors of one document's headings, as GitHub makes them, each given out once."""

    def __init__(self) -> None:
        self._repeats: dict[str, int] = {}

    def add(self, text: str) -> str:
        """Small letters, digits, marks, `_` and `-` of `text`, spaces as hyphens; `-1`, `-2` … when taken."""
        characters = (c for c in text.strip().lower() if c in " -" or _is_word(c))
        anchor = "".join(characters).replace(" ", "-") or "section"
        unique = anchor
        while unique in self._repeats:
            self._repeats[anchor] += 1
            unique = f"{anchor}-{self._repeats[anchor]}"
        self._repeats[unique] = 0
        return unique


def _is_word(c: str) -> bool:
    category = unicodedata.category(c)
    return category[0] in "LM" or category in ("Nd", "Pc")
