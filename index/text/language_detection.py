"""The language of a question, French or English, by its function words."""

import re
from functools import lru_cache

from reperage.index.text.folding import fold
from reperage.index.text.word_lists import word_list

ENGLISH_FUNCTION_WORDS = frozenset(word_list("english", "function_words"))
FRENCH_FUNCTION_WORDS = frozenset(word_list("french", "function_words"))
_ENGLISH_OPENINGS = frozenset(word_list("english", "opening_words"))
_WORD = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=1024)
def is_english(question: str) -> bool:
    """Whether English function words prevail over French ones; false for French and for doubt."""
    words = _WORD.findall(fold(question))
    english = sum(word in ENGLISH_FUNCTION_WORDS for word in words)
    french = sum(word in FRENCH_FUNCTION_WORDS for word in words)
    return english > french and (english > 1 or words[0] in _ENGLISH_OPENINGS)
