"""Greetings, thanks and questions to the assistant itself, which no course answers."""

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

from reperage.index.text.folding import fold, fold_keeping_length

MOST_WORDS = 16
"""A longer message is about something."""

_LONGEST_ENDING = 80
_WORD = re.compile(r"[^\W_]+")
_REPEATED = re.compile(r"(.)\1{2,}")


@lru_cache(maxsize=1024)
def small_talk(question: str) -> str | None:
    """The catalogue's name of the reply to a message that is small talk as a whole; `None` for every other."""
    words = [_usual(word) for word in _WORD.findall(fold(question)[: 20 * MOST_WORDS])]
    if not 0 < len(words) <= MOST_WORDS:
        return None
    kinds = _phrase_kinds(words)
    return next((f"small_talk_{kind}" for kind in _phrases() if kinds and kind in kinds), None)


@lru_cache(maxsize=1024)
def without_greeting(question: str) -> str:
    """A question without the greeting before it and the thanks after it; unchanged where nothing else is left."""
    text = unicodedata.normalize("NFC", question)
    start, end = 0, len(text)
    plain = fold_keeping_length(text)
    while match := _leading().match(plain, start):
        start = match.end()
    if match := _trailing().search(plain, max(start, end - _LONGEST_ENDING)):
        end = match.start()
    body = text[start:end].strip()
    if (start == 0 and end == len(text)) or sum(c.isalnum() for c in body) < 2:
        return question
    lost_mark = "?" in text[end:] and not body.endswith("?")
    return f"{body} ?" if lost_mark else body


def _phrase_kinds(words: list[str]) -> frozenset[str] | None:
    """The kinds of phrases that `words` are made of, one after the other; `None` where they are something else."""
    kind_of = _kinds()
    filler = _table()["filler"]["phrases"]
    reached: list[frozenset[str] | None] = [frozenset(), *[None] * len(words)]
    for start in range(len(words)):
        kinds = reached[start]
        if kinds is None:
            continue
        for end in range(start + 1, len(words) + 1):
            phrase = " ".join(words[start:end])
            if phrase in kind_of:
                reached[end] = max(reached[end] or frozenset(), kinds | {kind_of[phrase]}, key=len)
            elif phrase in filler:
                reached[end] = reached[end] or kinds
    return reached[-1]


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {name: {key: lines.strip().split("\n") for key, lines in section.items()} for name, section in table.items()}


@cache
def _phrases() -> dict[str, frozenset[str]]:
    """The phrases of each kind, the kind that is answered first before the others."""
    return {name: frozenset(s["phrases"]) for name, s in _table().items() if name not in ("filler", "courtesy")}


@cache
def _kinds() -> dict[str, str]:
    return {phrase: kind for kind, phrases in _phrases().items() for phrase in phrases}


@cache
def _words() -> frozenset[str]:
    phrases = [*_table()["filler"]["phrases"], *(phrase for kind in _phrases().values() for phrase in kind)]
    return frozenset(word for phrase in phrases for word in phrase.split())


def _usual(word: str) -> str:
    """`saluuut` and `cooool` as they are usually written."""
    if word in _words():
        return word
    return min((_REPEATED.sub(letters, word) for letters in (r"\1\1", r"\1")), key=lambda short: short not in _words())


@cache
def _leading() -> re.Pattern[str]:
    courtesy = _table()["courtesy"]
    openings = "|".join(" ".join(courtesy["openings"]).split())
    vocative = rf"(?:\s+(?:{_any(courtesy['vocatives'])})(?!\w))?"
    before_mark = rf"(?:\s*[,.!;:…]+\s*|\s+(?=(?:{openings})(?!\w)))"
    return re.compile(
        rf"\s*(?:(?:{_any(courtesy['leading'])})(?![\w-]){vocative}[\s,.!;:…]*"
        rf"|(?:{_any(courtesy['leading_marked'])})(?![\w-]){vocative}{before_mark})"
    )


@cache
def _trailing() -> re.Pattern[str]:
    courtesy = _table()["courtesy"]
    mentions = "".join(rf"(?<!\b{word})" for word in " ".join(courtesy["mentions"]).split())
    return re.compile(rf"{mentions}(?:[\s,.!;…]|(?<=\?))\s*(?:{_any(courtesy['trailing'])})[\s,.!?;…]*$")


def _any(phrases: list[str]) -> str:
    """A pattern of any of `phrases`, the longest first, with any mark for their spaces."""
    return "|".join(phrase.replace(" ", r"[\s'-]+") for phrase in sorted(phrases, key=len, reverse=True))
