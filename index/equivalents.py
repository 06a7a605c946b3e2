"""French and English words for the same thing, as students of computing mix them."""

from collections.abc import Set
from functools import cache
from pathlib import Path

from index.analysis import terms


def equivalents(stem: str) -> Set[str]:
    """The stems of the other words for what `stem` names; empty where none is known."""
    return _table().get(stem, frozenset())


@cache
def _table() -> dict[str, frozenset[str]]:
    """By stem, from `equivalents.txt`: a line holds words for one thing."""
    table: dict[str, frozenset[str]] = {}
    lines = (Path(__file__).parent / "equivalents.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line.startswith("#"):
            continue
        stems = [found[0] for word in line.split() if len(found := terms(word)) == 1]
        for stem in stems:
            table[stem] = table.get(stem, frozenset()) | (frozenset(stems) - {stem})
    return table
