"""Whether a text holds a phrase, however it was typed."""

import unicodedata

from reperage.index.text.folding import fold


def holds(text: str, phrase: str) -> bool:
    """Case, kinds of apostrophe and of white space and ways to compose a letter make no difference; accents do."""
    return _plain(phrase) in _plain(text)


def holds_folded(text: str, phrase: str) -> bool:
    """As `holds`, and accents make no difference either."""
    return fold(_plain(phrase)) in fold(_plain(text))


def _plain(text: str) -> str:
    composed = unicodedata.normalize("NFC", text).replace("’", "'").replace("ʼ", "'")
    return " ".join(composed.casefold().split())
