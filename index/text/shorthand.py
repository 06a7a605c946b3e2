"""Shorthand of French questions, and words that no course needs to hold, by folded words."""

from functools import cache

from reperage.index.text.folding import fold
from reperage.index.text.word_lists import tables, word_list

LONGEST_PHRASE = 4
"""The most words that a phrase may have."""


@cache
def phrases() -> dict[tuple[str, ...], str]:
    """What phrases of several folded words stand for."""
    return {tuple(phrase.split()): meaning for phrase, meaning in tables("french")["phrases"].items()}


@cache
def shorthand() -> dict[str, str]:
    """What single folded words stand for."""
    return dict(tables("french")["shorthand"])


@cache
def question_words() -> dict[str, str]:
    """Folded words that questions are made of, and how they are written."""
    return {fold(word): word for word in word_list("french", "question_words")}


@cache
def names() -> frozenset[str]:
    """Folded names and words of the trade that no dictionary has."""
    return frozenset(fold(word) for table in ("names", "jargon") for word in word_list("french", table))
