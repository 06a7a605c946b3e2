"""French headings as questions."""

import re

from reperage.index.text.dictionary import french
from reperage.index.text.folding import fold_keeping_length
from reperage.service.answering.question.follow_up.grammar import is_determiner, is_infinitive, words_of
from reperage.service.answering.question.follow_up.phrases import AND, attach, may_be_feminine, opens_with_vowel
from reperage.service.answering.question.follow_up.topic import Token, noun_end, noun_start, tokens
from reperage.service.messages import messages
from reperage.service.suggestions.headings.usage import articles_before, as_within_sentences, is_name, prose, uses

_COMPLEMENT = re.compile(r"\b(?:de|du|des|entre)\b|\bd['’]", re.I)
_OF_ONE_THING = re.compile(r"\b(?:d['’]une?|du|de la|des)\s|\bde l['’]", re.I)
_LEAST_INDEFINITE = 0.15
"""The share of a noun's uses with an indefinite article from which on it is asked for with one."""
_LEAST_ARTICLES = 0.3
"""The share of a name's uses with an article from which on it is asked for with one."""


def french_question(phrase: str, text: str, purpose_nouns: frozenset[str]) -> str | None:
    """The question that a heading without a question mark stands for; `None` in doubt.

    `text` is its document's; `purpose_nouns` are nouns of which one asks what they are for.
    """
    words = tokens(phrase)
    first = words[0].text if words else ""
    if first in words_of("question_words") - {"ou"}:
        return f"{phrase[:1].upper()}{phrase[1:]} ?"
    verb = words[1].text if first in ("se", "s'") and len(words) > 1 else first
    if is_infinitive(verb) and not _is_used_as_noun(verb, text):
        return messages("fr")["suggestion_how"].format(phrase=phrase[:1].lower() + phrase[1:])
    if noun_start(words) != 0 or noun_end(words, 0) != len(words):
        return None
    if is_determiner(first):
        return _about(phrase[:1].lower() + phrase[1:], purpose_nouns)
    if AND.search(phrase):
        return None
    noun_phrase = _with_article(phrase, text)
    if noun_phrase == phrase:
        return messages("fr")["suggestion_what"].format(phrase=attach("que", phrase))
    return _about(noun_phrase, purpose_nouns) if noun_phrase else None


def _about(phrase: str, purpose_nouns: frozenset[str]) -> str | None:
    """The question about a noun phrase that has its article."""
    words = tokens(phrase)
    if len(words) < 2 or words[0].text not in ("un", "une", "le", "la", "les", "l'", "des"):
        return None
    article, noun = words[0].text, words[1].text
    if noun in words_of("attributes"):
        return _about_attribute(words, phrase)
    is_plural = article in ("les", "des")
    if noun in purpose_nouns:
        form = "suggestion_used"
    else:
        form = "suggestion_what"
        phrase = re.sub(r"^des\b", "les", phrase) if is_plural else attach("que", phrase)
    return messages("fr")[f"{form}_many" if is_plural else form].format(phrase=phrase)


def _about_attribute(words: list[Token], phrase: str) -> str | None:
    """`quels sont les avantages de Docker ?`: what is said of something else, where that is named."""
    article, noun = words[0].text, words[1].text
    if article in ("un", "une", "des") or not _COMPLEMENT.search(phrase):
        return None
    is_plural = article == "les"
    gender = {"la": "f", "le": "m"}.get(article) or (
        "f" if may_be_feminine(noun.removesuffix("s") if is_plural else noun) else "m"
    )
    return messages("fr")[f"suggestion_which_{'many_' if is_plural else ''}{gender}"].format(phrase=phrase)


def _is_used_as_noun(word: str, text: str) -> bool:
    return bool(re.search(rf"(?i)\b(?:un|le|des|les)\s+{re.escape(word)}s?\b", prose(text)))


def _with_article(phrase: str, text: str) -> str | None:
    """A noun phrase with the article that `text` has before its noun, itself where it is a name, `None` in doubt."""
    phrase = as_within_sentences(phrase, text)
    noun, _, rest = phrase.partition(" ")
    article_counts = articles_before(noun, text)
    if noun[0].isupper():
        is_bare = sum(articles_before(phrase, text).values()) < _LEAST_ARTICLES * prose(text).count(phrase)
        if is_bare or not article_counts:
            return phrase if is_name(phrase, text) else None
    if not article_counts:
        return _without_example(noun, rest, text)
    one, many, the, elided = (
        sum(article_counts[article] for article in articles)
        for articles in (("un", "une"), ("les", "des"), ("le", "la"), "l")
    )
    if many >= one + the + elided and fold_keeping_length(noun).endswith(("s", "x")):
        return f"les {phrase}"
    masculine, feminine = article_counts["un"] + article_counts["le"], article_counts["une"] + article_counts["la"]
    is_feminine = feminine > masculine if masculine + feminine else may_be_feminine(noun)
    # "l'image" alone says nothing of how an image is spoken of; a kind of it is one of several.
    is_often_indefinite = one >= _LEAST_INDEFINITE * (one + the + elided) and one > 0
    if (is_often_indefinite or (not one + the and rest)) and not _OF_ONE_THING.search(rest):
        return f"{'une' if is_feminine else 'un'} {phrase}"
    return _definite(phrase, is_feminine)


def _without_example(noun: str, rest: str, text: str) -> str | None:
    """A noun that has an article nowhere in the text, with the one that its letters ask for; `None` in doubt."""
    phrase = f"{noun} {rest}".rstrip()
    if uses(noun, text):
        if fold_keeping_length(noun).endswith(("s", "x")):
            return f"les {phrase}"
        if not _OF_ONE_THING.search(rest):
            return f"{'une' if may_be_feminine(noun) else 'un'} {phrase}"
    is_known = (
        fold_keeping_length(noun) in french() and bool(rest) and not fold_keeping_length(noun).endswith(("s", "x"))
    )
    if is_known and (opens_with_vowel(noun) or may_be_feminine(noun)):
        return _definite(phrase, may_be_feminine(noun))
    return None


def _definite(phrase: str, is_feminine: bool) -> str:
    if opens_with_vowel(phrase):
        return f"l'{phrase}"
    return f"{'la' if is_feminine else 'le'} {phrase}"
