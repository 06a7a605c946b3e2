"""Boundaries of French sentences.

A boundary is a run of end marks, with the closing quotes and brackets after it, then white space, then
something that can open a sentence: a capital, a digit, inline code. It is no boundary after an abbreviation
or an initial, inside inline code or an address, or where no word stands before it ("!!! Important"). A forced
line break is a boundary too where what follows can open a sentence.
"""

import re
from collections.abc import Iterator

from reperage.corpus.located import Located

# A run of marks is tried once, as a whole: a million of them would take hours otherwise.
_END = re.compile(r"(?<![.!?…])[.!?…]++(?:[ \u00a0\u202f]?[»”’\"')\]]+)?(?=\s)|\n")
_WORD_AND_STOP = re.compile(r"([^\W\d_]+)\.$")
_SPACED_ABBREVIATION = re.compile(r"(?:^|[\s(«])(?:[^\W\d_]{1,2}\.[\s\u00a0-]*(?:à-)?)+[^\W\d_]{1,3}\.$")

_NAMES_FOLLOW = "M MM Mr Mme Mmes Mlle Mlles Dr Drs Pr Prof Me Mgr St Ste av ap cf Cf vs"
_NUMBERS_FOLLOW = (
    "art al chap ex exo exerc fig figs pp sect tab tél tel vol éd janv jan févr fév avr juil sept oct nov déc"
)
# A name follows these, so the capital after them opens no sentence.
_BEFORE_NAME = frozenset(_NAMES_FOLLOW.split())
# A number follows these; several are also words that can end a sentence.
_BEFORE_NUMBER = frozenset(_NUMBERS_FOLLOW.split())
_LONGEST_ABBREVIATION = 24


def sentence_ranges(located: Located) -> list[tuple[int, int]]:
    """Ranges `(start, end)` of the sentences in `located.text`: ordered, disjoint, trimmed, none empty."""
    text = located.text
    ranges: list[tuple[int, int]] = []
    start = 0
    for cut in (*_boundaries(located), len(text)):
        piece = text[start:cut]
        if any(c.isalpha() for c in piece) or (cut == len(text) and piece.strip()):
            i = start + len(piece) - len(piece.lstrip())
            ranges.append((i, i + len(piece.strip())))
            start = cut
    return ranges


def _boundaries(located: Located) -> Iterator[int]:
    text = located.text
    for match in _END.finditer(text):
        if located.opaque_around(match.start()):
            continue
        opener = match.end()
        while opener < len(text) and text[opener].isspace():
            opener += 1
        if not _opens(located, opener):
            continue
        if match.group().startswith(".") and _abbreviated(text, match.start() + 1, opener):
            continue
        yield match.end()


def _opens(located: Located, at: int) -> bool:
    """Whether a sentence can start at `at`: its first word is inline code or has no small first letter."""
    if located.opaque_around(at):
        return True
    for c in located.text[at : at + 8]:
        if c.isalnum():
            return not c.islower()
        if c in ",;:.!?…»”)]":
            return False
    return False


def _abbreviated(text: str, stop: int, opener: int) -> bool:
    """Whether the full stop that ends at `stop` belongs to an abbreviation that the text goes on after."""
    before = text[max(0, stop - _LONGEST_ABBREVIATION) : stop]
    if _SPACED_ABBREVIATION.search(before):
        return True
    match = _WORD_AND_STOP.search(before)
    if match is None:
        return False
    word = match.group(1)
    return (
        len(word) == 1
        or word in _BEFORE_NAME
        or (word.lower() in _BEFORE_NUMBER and text[opener : opener + 1].isdigit())
    )
