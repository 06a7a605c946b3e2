"""Spelling of questions: misspelt words replaced by those of a course and of French."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reperage.index.text.dictionary import dictionary
from reperage.index.text.folding import fold
from reperage.index.text.language_detection import is_english
from reperage.index.text.shorthand import LONGEST_PHRASE, names, phrases, question_words, shorthand
from reperage.index.text.vocabulary import Vocabulary

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
    """A text between two spaces; `word` is empty where it is no prose."""

    before: str
    word: str
    after: str
    opens_sentence: bool
    """Whether a sentence begins here: a capital tells nothing."""
    is_changed: bool = False

    @property
    def text(self) -> str:
        return self.before + self.word + self.after


def correct(question: str, vocabulary: Vocabulary) -> str:
    """`question` with its misspelt words replaced; the same text where nothing is, and where it is English.

    Code, words that the course has and words of a dictionary are never replaced.
    """
    if is_english(question):
        return question
    in_capitals = question.isupper() and len(question.split()) > 1
    parts = _CODE.split(question)
    parts[::2] = [_correct_prose(part, vocabulary, in_capitals) for part in parts[::2]]
    return "".join(parts)


def _correct_prose(text: str, vocabulary: Vocabulary, in_capitals: bool) -> str:
    pieces = _SPACES.split(text)
    tokens = _tokens(pieces[: 2 * MOST_WORDS : 2])
    folded = tuple(fold(token.word.replace("’", "'")) for token in tokens)
    spaces = pieces[1::2]
    texts: list[str] = []
    i = 0
    while i < len(tokens):
        length, token = _phrase(tokens, folded, i, in_capitals) or (
            1,
            _correct_word(tokens[i], vocabulary, in_capitals),
        )
        last = i + length - 1
        space = spaces[last] if last < len(spaces) else ""
        if token.is_changed and last + 1 < len(tokens):
            token, space = _elide(token, space, tokens[last + 1])
        texts += token.text, space
        i += length
    return "".join(texts + pieces[2 * len(tokens) :])


def _tokens(texts: Sequence[str]) -> list[_Token]:
    tokens: list[_Token] = []
    opens = True
    for text in texts:
        match = _PLAIN.fullmatch(text)
        before, word, after = match.group("before", "word", "after") if match else (text, "", "")
        tokens.append(_Token(before, word, after, opens))
        opens = text.endswith(_ENDS) or (opens and not text)
    return tokens


def _phrase(tokens: Sequence[_Token], folded: tuple[str, ...], at: int, in_capitals: bool) -> tuple[int, _Token] | None:
    """How many tokens from `at` on are a phrase that is written for another, and that one."""
    for length in range(min(LONGEST_PHRASE, len(tokens) - at), 1, -1):
        meaning = phrases().get(folded[at : at + length])
        phrase = tokens[at : at + length]
        if meaning and not any(token.after for token in phrase[:-1]) and not any(token.before for token in phrase[1:]):
            return length, _Token(
                phrase[0].before,
                meaning.upper() if in_capitals else _in_case_of(phrase[0], meaning),
                phrase[-1].after,
                False,
                True,
            )
    return None


def _correct_word(token: _Token, vocabulary: Vocabulary, in_capitals: bool) -> _Token:
    """`token`, corrected where it is misspelt."""
    word = token.word
    acronym = word.isupper() and not in_capitals and len(word) <= _ACRONYM
    if not word or acronym or (not word.isupper() and word[1:] != word[1:].lower()):
        return token
    correction = shorthand().get(fold(word)) if word not in vocabulary else None
    if correction is None and "-" not in word:
        *elided, last = _APOSTROPHES.split(word)
        correction = "".join((*elided, _correct_part(last, vocabulary, token, in_capitals)))
    if correction is None or correction == word:
        return token
    return replace(token, word=_in_case_of(token, correction), is_changed=True)


def _correct_part(part: str, vocabulary: Vocabulary, token: _Token, in_capitals: bool) -> str:
    """What a word stands for, without what is elided before it."""
    if fold(part) in names():
        return part
    capital = part[:1].isupper() and not in_capitals and not (token.opens_sentence and len(part) > _ACRONYM)
    return vocabulary.nearest(part, name=capital) or (not capital and _with_apostrophe(part, vocabulary)) or part


def _with_apostrophe(part: str, vocabulary: Vocabulary) -> str | None:
    """A word that ran into what is elided before it, with its apostrophe: `l'image` for `limage`."""
    match = _RUN_TOGETHER.fullmatch(part)
    if match is None or not _VOWEL.match(fold(rest := match["rest"])):
        return None
    if part in vocabulary or fold(part) in dictionary():
        return None
    is_known = rest in vocabulary or rest.rstrip("sx") in vocabulary or fold(rest) in question_words()
    correction = rest if is_known else vocabulary.nearest(rest)
    return f"{match['elided']}'{correction}" if correction else None


def _in_case_of(token: _Token, word: str) -> str:
    if token.word.isupper() and len(token.word) > 1:
        return word.upper()
    return word[0].upper() + word[1:] if token.word[0].isupper() else word


def _elide(token: _Token, space: str, following: _Token) -> tuple[_Token, str]:
    """`que un` is written `qu'un`."""
    if not _QUE.search(token.word) or token.after or not _ELIDES.match(fold(following.text)):
        return token, space
    return replace(token, word=token.word[:-1] + "'"), ""
