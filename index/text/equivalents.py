"""French and English words for the same thing, as students of computing mix them."""

import re
from collections.abc import Sequence, Set
from functools import cache
from pathlib import Path

from reperage.index.text.analysis import terms


def equivalents(stem: str) -> Set[str]:
    """The stems of the other words for what `stem` names; empty where none is known."""
    return {other for other, _ in words_for(stem)}


def words_for(stem: str) -> Sequence[tuple[str, str]]:
    """The other words for what `stem` names, each after its stem."""
    return _table().get(stem, ())


@cache
def _table() -> dict[str, tuple[tuple[str, str], ...]]:
    """The equivalents of each stem, from `equivalents.txt`, a line of which holds words for one thing."""
    table: dict[str, dict[str, str]] = {}
    lines = (Path(__file__).parent / "equivalents.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line.startswith("#"):
            continue
        forms = (form for word in line.split() for form in (word, _plural(word)))
        words: dict[str, str] = {}
        for form in forms:
            if len(stems := terms(form)) == 1:
                words.setdefault(stems[0], form)
        for stem in words:
            table.setdefault(stem, {}).update((other, word) for other, word in words.items() if other != stem)
    return {stem: tuple(others.items()) for stem, others in table.items()}


def _plural(word: str) -> str:
    """The English plural of `word`: the French stemmer has another stem for `containers` than for `container`."""
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")
