"""What French questions are written with, read from `french.toml`."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from reperage.index.text.analysis import fold

LONGEST_PHRASE = 4
"""The most words that a phrase may have."""


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("french.toml").read_text(encoding="utf-8"))


@cache
def phrases() -> dict[tuple[str, ...], str]:
    """Several folded words that are written for others, and these."""
    return {tuple(written.split()): meant for written, meant in _tables()["phrases"].items()}


@cache
def shorthand() -> dict[str, str]:
    """A folded word that is written for others, and these."""
    return dict(_tables()["shorthand"])


@cache
def question_words() -> dict[str, str]:
    """Folded words that questions are made of, and how they are written."""
    return {fold(word): word for word in _tables()["question_words"]["words"].split()}


@cache
def names() -> frozenset[str]:
    """Folded names and words of the trade that no dictionary has."""
    return frozenset(fold(word) for table in ("names", "jargon") for word in _tables()[table]["words"].split())
