"""Matching of phrases: whether a text holds one, however it was typed."""

import unicodedata

from reperage.index.text.folding import fold


def holds(text: str, phrase: str) -> bool:
    """Whether `text` holds `phrase`.

    Case, kinds of apostrophe and of white space and ways to compose a letter make no difference; accents do.
    """
    return _normalized(phrase) in _normalized(text)


def holds_folded(text: str, phrase: str) -> bool:
    """As `holds`, and accents make no difference either."""
    return fold(_normalized(phrase)) in fold(_normalized(text))


def _normalized(text: str) -> str:
    characters = unicodedata.normalize("NFC", text).replace("’", "'").replace("ʼ", "'")
    return " ".join(characters.casefold().split())
