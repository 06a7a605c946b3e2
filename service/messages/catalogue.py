"""What students and teachers read, by language."""

import tomllib
from functools import cache
from pathlib import Path

_DEFAULT = "fr"


@cache
def messages(language: str) -> dict[str, str]:
    """The texts of a language, by name; French where there is no catalogue of it."""
    folder = Path(__file__).parent
    path = folder / f"{language[:2].lower()}.toml"
    if not path.is_file():
        path = folder / f"{_DEFAULT}.toml"
    return dict(tomllib.loads(path.read_text(encoding="utf-8")))
