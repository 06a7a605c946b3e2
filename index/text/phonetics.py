"""Sounds of French words, roughly: what is written by ear has the sound of what was meant."""

import re
from functools import lru_cache

# In their order, over folded letters; capitals stand for sounds that no small letter is left for.
_RULES = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"ph", "f"),
        (r"ch", "X"),
        (r"gn", "N"),
        (r"h", ""),
        (r"(?<=s)c(?=[eiy])", ""),
        (r"c(?=[eiy])", "s"),
        (r"ck|qu|[cq]", "k"),
        (r"ti(?=on)", "si"),
        (r"z", "s"),
        (r"gu(?=[eiy])", "g"),
        (r"ge?(?=[eiy])|ge(?=[ao])", "j"),
        (r"eau|au", "o"),
        (r"oi|oua", "wa"),
        (r"(?:a|e)[nm](?=[^aeiouynm]|$)", "A"),
        (r"(?:ai|ei|i|y|u)[nm](?=[^aeiouynm]|$)", "I"),
        (r"o[nm](?=[^aeiouynm]|$)", "O"),
        (r"[ae][iy]", "e"),
        (r"y", "i"),
        (r"(.)\1+", r"\1"),
        (r"(?<=..)(?:er|[estdxpz])+$", ""),
    )
]
# What is left of the letters that no rule touches, with those that one sound has two of.
_SURE = str.maketrans("jmw", "gnv", "aeiouyhcdfkpqrstxz")
_INITIALS = str.maketrans("kqszjy", "ccccgi")


@lru_cache(maxsize=16384)
def sound(word: str) -> str:
    """The sound of a folded word; words that sound alike have the same one."""
    for pattern, replacement in _RULES:
        word = pattern.sub(replacement, word)
    return word


def may_sound_alike(one: str, other: str) -> bool:
    """Whether it is worth comparing the sounds of two folded words: a fiftieth of the time, and true too often."""
    return set(one.translate(_SURE)) == set(other.translate(_SURE))


def initial(word: str) -> str:
    """The letter that stands for all that a folded word may begin with when written by ear."""
    spoken = word.lstrip("h") or word
    return "f" if spoken.startswith("ph") else spoken[0].translate(_INITIALS)
