"""The words of French and English that say something of a text, from one file a language."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal

Language = Literal["french", "english"]


@cache
def tables(language: Language) -> dict[str, Any]:
    """The tables of `<language>.toml` by their names."""
    return tomllib.loads(Path(__file__).with_name(f"{language}.toml").read_text(encoding="utf-8"))


def word_list(language: Language, table: str) -> list[str]:
    """The words of a table that is a list of words, in its order."""
    return str(tables(language)[table]["words"]).split()
