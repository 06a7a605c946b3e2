"""A question with its misspelt words written right."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reperage.index.text.analysis import fold
from reperage.index.text.dictionary import dictionary
from reperage.index.text.language_detection import is_english
from reperage.index.text.shorthand import LONGEST_PHRASE, names, phrases, question_words, shorthand

if TYPE_CHECKING:
    from reperage.index.text.vocabulary import Vocabulary  # It corrects by this module.

MOST_WORDS = 40
"""What follows so many words stays as it is: a question is shorter, and a paste is not to be corrected."""

_CODE = re.compile(r"(`[^`]*`)")
_SPACES = re.compile(r"(\s+)")
_LETTER = r"(?:[^\W\d_]|[\u0300-\u036f])"
# A word in its punctuation. A token with anything else in it is code, an address or a number.
_PLAIN = re.compile(
    rf"(?P<before>[«“\"'’(\[*]*)(?P<word>{_LETTER}+(?:['’-]{_LETTER}+)*)(?P<after>[.,;:!?…)»”\"'’\]*]*)"
)
_APOSTROPHES = re.compile(r"(['’])")
_RUN_TOGETHER = re.compile(r"(?P<elided>[ldjmnst]|qu|c(?=est|étai|etai))(?P<rest>\w{4,})", re.I)
_VOWEL = re.compile(r"[aeiouyh]")
_ENDS = tuple(".!?…:")
_ACRONYM = 5
_QUE = re.compile(r"\b(?<!')que$", re.I)
_ELIDES = re.compile(r"[aeiouy]|h(?=[aeiouy](?:eure|abit|ote|otel|omme|istoire))")


@dataclass(frozen=True, slots=True)
class _Token:
    """What stands between two spaces; `word` is empty where it is no prose."""

    before: str
    word: str
    after: str
    opens: bool
    """Whether a sentence begins here: a capital tells nothing."""
    changed: bool = False

    @property
    def text(self) -> str:
        return self.before + self.word + self.after


def correct(question: str, words: "Vocabulary") -> str:
    """`question` with its misspelt words replaced; the same text where nothing is, and where it is English.

    Code, words that the course has and words of a dictionary are never replaced.
    """
    if is_english(question):
        return question
    shouted = question.isupper() and len(question.split()) > 1
    parts = _CODE.split(question)
    parts[::2] = [_corrected(part, words, shouted) for part in parts[::2]]
    return "".join(parts)


def _corrected(text: str, words: "Vocabulary", shouted: bool) -> str:
    pieces = _SPACES.split(text)
    tokens = _tokens(pieces[: 2 * MOST_WORDS : 2])
    folded = tuple(fold(token.word.replace("’", "'")) for token in tokens)
    spaces = pieces[1::2]
    done: list[str] = []
    i = 0
    while i < len(tokens):
        length, token = _phrase(tokens, folded, i, shouted) or (1, _single(tokens[i], words, shouted))
        last = i + length - 1
        space = spaces[last] if last < len(spaces) else ""
        if token.changed and last + 1 < len(tokens):
            token, space = _elided(token, space, tokens[last + 1])
        done += token.text, space
        i += length
    return "".join(done + pieces[2 * len(tokens) :])


def _tokens(texts: Sequence[str]) -> list[_Token]:
    tokens: list[_Token] = []
    opens = True
    for text in texts:
        match = _PLAIN.fullmatch(text)
        before, word, after = match.group("before", "word", "after") if match else (text, "", "")
        tokens.append(_Token(before, word, after, opens))
        opens = text.endswith(_ENDS) or (opens and not text)
    return tokens


def _phrase(tokens: Sequence[_Token], folded: tuple[str, ...], at: int, shouted: bool) -> tuple[int, _Token] | None:
    """How many tokens from `at` on are a phrase that is written for another, and that one."""
    for length in range(min(LONGEST_PHRASE, len(tokens) - at), 1, -1):
        meant = phrases().get(folded[at : at + length])
        found = tokens[at : at + length]
        if meant and not any(token.after for token in found[:-1]) and not any(token.before for token in found[1:]):
            return length, _Token(
                found[0].before,
                meant.upper() if shouted else _in_case_of(found[0], meant),
                found[-1].after,
                False,
                True,
            )
    return None


def _single(token: _Token, words: "Vocabulary", shouted: bool) -> _Token:
    """`token`, corrected where it is misspelt."""
    word = token.word
    acronym = word.isupper() and not shouted and len(word) <= _ACRONYM
    if not word or acronym or (not word.isupper() and word[1:] != word[1:].lower()):
        return token
    meant = shorthand().get(fold(word)) if word not in words else None
    if meant is None and "-" not in word:
        *elided, last = _APOSTROPHES.split(word)
        meant = "".join((*elided, _meant(last, words, token, shouted)))
    if meant is None or meant == word:
        return token
    return replace(token, word=_in_case_of(token, meant), changed=True)


def _meant(part: str, words: "Vocabulary", token: _Token, shouted: bool) -> str:
    """What a word stands for, without what is elided before it."""
    if fold(part) in names():
        return part
    capital = part[:1].isupper() and not shouted and not (token.opens and len(part) > _ACRONYM)
    return words.nearest(part, name=capital) or (not capital and _parted(part, words)) or part


def _parted(part: str, words: "Vocabulary") -> str | None:
    """A word that ran into what is elided before it, with its apostrophe: `l'image` for `limage`."""
    match = _RUN_TOGETHER.fullmatch(part)
    if match is None or not _VOWEL.match(fold(rest := match["rest"])):
        return None
    if part in words or fold(part) in dictionary():
        return None
    is_known = rest in words or rest.rstrip("sx") in words or fold(rest) in question_words()
    meant = rest if is_known else words.nearest(rest)
    return f"{match['elided']}'{meant}" if meant else None


def _in_case_of(token: _Token, meant: str) -> str:
    if token.word.isupper() and len(token.word) > 1:
        return meant.upper()
    return meant[0].upper() + meant[1:] if token.word[0].isupper() else meant


def _elided(token: _Token, space: str, following: _Token) -> tuple[_Token, str]:
    """`que un` is written `qu'un`."""
    if not _QUE.search(token.word) or token.after or not _ELIDES.match(fold(following.text)):
        return token, space
    return replace(token, word=token.word[:-1] + "'"), ""
