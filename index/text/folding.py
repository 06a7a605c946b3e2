"""Text without accents and capitals, letter for letter: what is found in it has the same place in the text."""

import unicodedata
from functools import lru_cache


def flat(text: str) -> str:
    """`text` in small letters without accents and with straight apostrophes; as long as `text`."""
    return "".join(map(_plain, text))


@lru_cache(maxsize=4096)
def _plain(letter: str) -> str:
    return "'" if letter in "’ʼ" else unicodedata.normalize("NFD", letter.lower())[0]
