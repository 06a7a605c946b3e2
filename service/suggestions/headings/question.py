"""A heading of the material as the question that its section answers."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reperage.index.text.analysis import term_set
from reperage.index.text.folding import fold_keeping_length
from reperage.service.answering.question.follow_up.grammar import words_of
from reperage.service.answering.question.follow_up.topic import is_object, noun_start, tokens
from reperage.service.messages import messages
from reperage.service.suggestions.headings.english import english_question
from reperage.service.suggestions.headings.french import french_question
from reperage.service.suggestions.headings.usage import as_within_sentences

_LONGEST = 80
_MOST_WORDS = 8
_LEAST_TERMS = 2
_NUMBER = re.compile(
    r"\s*(?:(?:chapitre|partie|section|module|leçon|chapter|part|lesson|unit)\s+\w{1,4}\s*[.:–—-]\s*"
    r"|(?:\d+|[IVX]+|[A-Za-z])(?:\.\d+)*\s*[.):/–—-]+\s*|\d+(?:\.\d+)*\s+)+",
    re.I,
)
_NOT_WORDS = re.compile(r"^[^\w«“\"']+|[^\w?»”\"'+#)]+$")
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)")
_COLON = re.compile(r"\s*[:–—]\s+|\s+-\s+")
_ARTICLE = re.compile(r"^(?:(?:une?|les?|la|des|an?|the)\s+|l['’])", re.I)
_SIDES = re.compile(r"([^,;]+?)\s+(?:vs\.?|versus)\s+([^,;]+)", re.I)
_COMPARES = re.compile(r"\b(?:vs|versus)\b", re.I)
_NOT_IN_QUESTIONS = re.compile(r"[,;!?=<>|{}\[\]…\\«»\"&]|\b(?:vs|versus)\b", re.I)
# What follows `Introduction`, and what stays of it.
_LINKS = {
    "à l'": "l'",
    "à la ": "la ",
    "au ": "le ",
    "aux ": "les ",
    "à ": "",
    "de l'": "l'",
    "de la ": "la ",
    "du ": "le ",
    "des ": "les ",
    "de ": "",
    "d'": "",
    "sur ": "",
    "to ": "",
    "of ": "",
}


@dataclass(frozen=True, slots=True)
class _Words:
    """One table of `words.toml`: sets of words, and entries of one or more."""

    skipped_headings: tuple[str, ...]
    introductions: tuple[str, ...]
    about_itself: frozenset[str]
    questions: frozenset[str]
    purpose_nouns: frozenset[str]
    verbs: frozenset[str]


@dataclass(frozen=True, slots=True)
class HeadingQuestion:
    """A question, and whether it asks for just what the heading names, in its own words."""

    text: str
    is_natural: bool


def question_of(heading: str, text: str, language: str) -> HeadingQuestion | None:
    """The question that a section with this heading answers, in its language; `None` where it tells too little.

    `text` is its document's: how that uses the words of the heading says which article goes with them.
    """
    is_english = language[:2].lower() == "en"
    words = _words("en" if is_english else "fr")
    title = _without_number(heading)
    if not title or len(title) > _LONGEST:
        return None
    if title.endswith("?"):
        return _question(title, words, is_english)
    parts = [part.strip(" .!") for part in _COLON.split(_IN_BRACKETS.sub("", title))]
    for part in parts:
        if len(_COMPARES.findall(part)) == 1 and (sides := _SIDES.fullmatch(part)):
            return _difference(sides[1], sides[2], text, language)
    phrase = _without_introduction(parts[0], words.introductions)
    if not _can_be_asked(phrase, words):
        return None
    if is_english:
        question = english_question(_ARTICLE.sub("", phrase), text, words.verbs)
    elif question := french_question(phrase, text, words.purpose_nouns):
        question = _typographic(question)
    if question is not None:
        # Before a colon stands what is general.
        noun = fold_keeping_length(_ARTICLE.sub("", phrase)).split()[0]
        is_whole = len(parts) == 1 or noun in words.purpose_nouns
        return HeadingQuestion(question, is_whole)
    if is_english or noun_start(tokens(phrase)) == 0:
        return HeadingQuestion(messages(language)["suggestion_about"].format(title=phrase), False)
    return None


@cache
def _words(language: str) -> _Words:
    path = Path(__file__).with_name("words.toml")
    table = tomllib.loads(path.read_text(encoding="utf-8"))[language]
    return _Words(
        skipped_headings=_entries(table["skipped"]),
        introductions=_entries(table["introductions"]),
        about_itself=frozenset(table["about_itself"].split()),
        questions=frozenset(table["questions"].split()),
        purpose_nouns=frozenset(table["used"].split()),
        verbs=frozenset(table["verbs"].split()),
    )


def _entries(text: str) -> tuple[str, ...]:
    return tuple(" ".join(entry.split()) for entry in text.split(","))


def _without_number(heading: str) -> str:
    """A heading without its number and without pictures at its ends."""
    title = _NOT_WORDS.sub("", " ".join(heading.split()))
    number = _NUMBER.match(title)
    title = title[number.end() :] if number else title
    return _NOT_WORDS.sub("", title)


def _question(title: str, words: _Words, is_english: bool) -> HeadingQuestion | None:
    """A heading that is a question, unless it asks the reader or leaves open what it asks about."""
    tokens_of_title = tokens(title)
    texts = {token.text for token in tokens_of_title}
    if not texts & words.questions or texts & words.about_itself:
        return None
    if is_english:
        return HeadingQuestion(title, True)
    # "Pourquoi ?", "Pourquoi l'utiliser ?": of what, says the heading above.
    question_word = tokens_of_title[0].text in words_of("question_words") - {"que", "qu'"}
    names_nothing = question_word and len(term_set(title)) < _LEAST_TERMS
    if names_nothing or any(is_object(tokens_of_title, i) for i in range(len(tokens_of_title))):
        return None
    return HeadingQuestion(_typographic(re.sub(r"\s*\?$", " ?", title)), True)


def _difference(one: str, other: str, text: str, language: str) -> HeadingQuestion:
    sides = {"one": as_within_sentences(one, text), "other": as_within_sentences(other, text)}
    return HeadingQuestion(messages(language)["suggestion_difference"].format(**sides), True)


def _without_introduction(title: str, introductions: tuple[str, ...]) -> str:
    """Topic that a heading such as `Introduction à Docker` introduces; the heading itself where it is another."""
    plain = fold_keeping_length(title)
    for word in introductions:
        if plain.startswith(f"{word} "):
            rest = title[len(word) + 1 :]
            straight = rest.lower().replace("’", "'")
            for link, article in _LINKS.items():
                if straight.startswith(link):
                    return article + rest[len(link) :]
            return rest
    return title


def _can_be_asked(phrase: str, words: _Words) -> bool:
    """Whether a phrase says what it is about, and that is not the material itself."""
    plain = fold_keeping_length(_ARTICLE.sub("", phrase))
    return (
        0 < len(phrase.split()) <= _MOST_WORDS
        and phrase[0].isalpha()
        and sum(c.isalpha() for c in phrase) > 2
        and plain not in words.introductions
        and not any(plain == entry or plain.startswith(f"{entry} ") for entry in words.skipped_headings)
        and not words.about_itself & {token.text for token in tokens(phrase)}
        and not _NOT_IN_QUESTIONS.search(phrase)
    )


def _typographic(text: str) -> str:
    return re.sub(r"(?<=\w)'(?=\w)", "’", text)
