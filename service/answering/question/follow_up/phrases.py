"""French phrases: contracted, elided, in the plural, and with the capital that their place asks for."""

import re
from itertools import takewhile

from reperage.index.text.folding import fold_keeping_length
from reperage.index.text.language_detection import FRENCH_FUNCTION_WORDS
from reperage.service.answering.question.follow_up.grammar import is_infinitive, words_of

AND = re.compile(" et ", re.I)
_CONNECTIVES = re.compile(r"(?:(?:et|mais|donc|alors|du coup|ok|ah)[ ,]+)+")


def attach(link: str, phrase: str) -> str:
    """`phrase` behind a preposition, contracted and elided as French does."""
    if not link:
        return phrase
    if link == "de" and len(parts := AND.split(phrase)) > 1:
        return " et ".join(attach(link, part) for part in parts)
    first, _, rest = phrase.partition(" ")
    contracted = {("de", "le"): "du", ("de", "les"): "des", ("à", "le"): "au", ("à", "les"): "aux"}
    if rest and (short := contracted.get((link, first.lower()))):
        return f"{short} {rest}"
    if link == "de" and first.lower() == "du":
        return phrase
    if link == "de" and first.lower() == "des":
        return f"de {rest}"
    if link in ("de", "que") and opens_with_vowel(phrase):
        return f"{link[:-1]}'{phrase}"
    return f"{link} {phrase}"


def plural(phrase: str) -> str:
    """`une image Docker` as `les images Docker`."""
    words = phrase.split(" ") if " " in phrase else re.split(r"(?<=')", phrase)
    if fold_keeping_length(words[0]) in ("un", "une", "le", "la", "ce", "cet", "cette", "l'"):
        words = words[1:]
    elif len(words) > 1 and words[0][-1:] == "'":
        return phrase
    noun = list(takewhile(lambda word: fold_keeping_length(word) not in words_of("prepositions"), words))
    return " ".join(["les", *map(_plural_word, noun), *words[len(noun) :]])


def article_for(possessive: str, noun: str) -> str:
    """The article for a possessive before `noun`, with the space behind it."""
    if possessive in ("ses", "leurs"):
        return "les "
    if opens_with_vowel(noun):
        return "l'"
    if possessive == "leur":
        return "la " if may_be_feminine(noun) else "le "
    return "la " if possessive == "sa" else "le "


def may_be_feminine(noun: str) -> bool:
    """Whether a noun in the singular looks feminine, by its ending unless it is one of those that are known."""
    plain = fold_keeping_length(noun)
    by_ending = plain.endswith(tuple(words_of("feminine_endings"))) and plain not in words_of("masculine")
    return by_ending or plain in words_of("feminine")


def without_connective(text: str) -> str:
    """`text` without what ties it to what was said before: `et`, `mais`, `du coup`."""
    match = _CONNECTIVES.match(fold_keeping_length(text))
    return text[match.end() :] if match else text


def as_question(text: str) -> str:
    """`text` with a question mark for the marks at its end."""
    return f"{text.rstrip(' ?!.')} ?"


def with_small_article(phrase: str) -> str:
    """A phrase inside a sentence: its article in small letters."""
    first = re.match(r"[^\W_]+['’]?", phrase)
    has_article = first is not None and fold_keeping_length(first.group()) in words_of("determiners")
    return within_sentence(phrase) if has_article else phrase


def within_sentence(text: str) -> str:
    """`text` inside a sentence; a name keeps its capital."""
    first = fold_keeping_length(re.split(r"[^\w]", text, maxsplit=1)[0])
    is_listed = any(first in words_of(table) for table in ("determiners", "closed", "verbs", "prepositions"))
    is_no_name = is_listed or first in FRENCH_FUNCTION_WORDS or is_infinitive(first)
    return text[:1].lower() + text[1:] if is_no_name else text


def capitalised(text: str, like: str = "") -> str:
    """`text` with a capital, unless it begins as `like` does and that has none."""
    return text if like and like[0].islower() and text[:1] == like[0] else text[:1].upper() + text[1:]


def in_case_of(text: str, like: str) -> str:
    """`text`, with a capital where `like` has one."""
    return capitalised(text) if like[:1].isupper() else text


def opens_with_vowel(text: str) -> bool:
    plain = fold_keeping_length(text)
    return bool(re.match(r"[aeiouyœ]|h(?=ote\b|otes\b|euristi|eritage|istor|istoi|omme|eure|abit)", plain))


def _plural_word(word: str) -> str:
    plain = fold_keeping_length(word)
    if word[:1].isupper() or plain.endswith(("s", "x", "z")) or not plain.isalpha():
        return word
    if plain.endswith("al"):
        return word[:-2] + "aux"
    return word + ("x" if plain.endswith(("eau", "eu")) else "s")
