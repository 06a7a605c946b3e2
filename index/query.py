"""A question as terms with their weights: what BM25 looks for, and how much of it a text holds."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from reperage.index.lexical import Lexical
from reperage.index.text.analysis import terms
from reperage.index.text.dictionary import french
from reperage.index.text.equivalents import equivalents, words_for
from reperage.index.text.folding import fold
from reperage.index.text.language_detection import ENGLISH_FUNCTION_WORDS, is_english
from reperage.index.text.word_lists import word_list

FRAMING_WORDS = frozenset([*word_list("french", "framing_words"), *word_list("english", "framing_words")])
"""Words that say what kind of answer is wanted, not what about: a text answers without holding them."""
_WORD = re.compile(r"[\w-]+")

# Left out of an English question only: in a French course `for`, `from` and `with` are code.
_ENGLISH_STEMS = frozenset(term for word in ENGLISH_FUNCTION_WORDS for term in terms(word))


_COMPOUND = re.compile(r"[^\W_][_.-]")
_UNKNOWN, _FOREIGN = 0.7, 0.3
"""The weight of a word that the course does not hold, times the highest idf: it may paraphrase one that it does hold,
and that a French course lacks an English word tells little."""
_ALIKE = 0.75
"""What a word that is written like the question's is worth, times how much it is."""
_NEAR = 0.6


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the question: its stem and those of its equivalents, and its idf.

    `alike` are stems of the course that are written like it, each with its share of what the word itself is worth.
    `known`: the course holds one of `stems`.
    """

    stems: frozenset[str]
    alike: Mapping[str, float]
    weight: float
    known: bool


@dataclass(frozen=True)
class Query:
    """The terms of a question without repetition; `stems` are all that BM25 adds up.

    Words that only frame the question ("différence", "signifie") are no terms unless there are no others.
    """

    terms: tuple[Term, ...]
    stems: tuple[str, ...]

    @classmethod
    def of(cls, question: str, lexical: Lexical) -> "Query":
        english = is_english(question)
        stems = list(dict.fromkeys(terms(question)))
        if english:
            stems = [stem for stem in stems if stem not in _ENGLISH_STEMS]
        without_frame = _WORD.sub(lambda word: " " if fold(word.group()) in FRAMING_WORDS else word.group(), question)
        subject_stems = set(terms(without_frame))
        # Of `tri-fusion` its parts count, or it would count three times.
        subject = [stem for stem in stems if stem in subject_stems and not _COMPOUND.search(stem)] or stems
        term_of = {stem: _term(stem, lexical, english) for stem in stems}
        every = dict.fromkeys(stem for term in term_of.values() for stem in sorted(term.stems))
        return cls(tuple(term_of[stem] for stem in subject), tuple(every))

    def places_in(self, stems: frozenset[str]) -> frozenset[int]:
        """The places of the terms that a text with these stems holds."""
        return frozenset(i for i, term in enumerate(self.terms) if not term.stems.isdisjoint(stems))

    def share(self, places: Iterable[int]) -> float:
        """The share of the question's weight that the terms at these places have; 0 without any term."""
        return sum(map(self._shares.__getitem__, places))

    @cached_property
    def _shares(self) -> list[float]:
        total = sum(term.weight for term in self.terms)
        return [term.weight / total for term in self.terms]


def _term(stem: str, lexical: Lexical, english: bool) -> Term:
    """`stem` with those of its equivalents that the course uses more than itself; where it has neither, with those
    of the course's words that are all but written like it."""
    own, alike = lexical.idf(stem), lexical.alike(stem)
    others = {other: idf for other in equivalents(stem) if (idf := lexical.idf(other)) is not None}
    included = {other: idf for other, idf in others.items() if english or own is None or idf < own}
    if own is None and not included:
        near = (other for other, likeness in alike.items() if likeness > _NEAR)
        included = {other: idf for other in near if (idf := lexical.idf(other)) is not None}
    weights = [idf for idf in (own, *included.values()) if idf is not None]
    unknown = lexical.highest_idf * (_FOREIGN if english else _UNKNOWN)
    return Term(
        frozenset({stem, *included}),
        {other: _ALIKE * likeness for other, likeness in alike.items() if other not in included},
        min(weights, default=unknown),
        bool(weights),
    )


def in_own_words(question: str, lexical: Lexical) -> str:
    """`question` with the words that are not French, and that the course does not have, replaced by equivalents that
    it has: what is encoded.

    A question half translated reads oddly to us, not to the encoder: "what is a pile?" is nearer to a French text about
    stacks than "what is a stack?".
    """
    return _WORD.sub(lambda word: _own_word(word.group(), lexical), question)


def _own_word(word: str, lexical: Lexical) -> str:
    stems = terms(word)
    if len(stems) != 1 or lexical.idf(stems[0]) is not None or fold(word) in french():
        return word
    equivalents_here = ((idf, other) for stem, other in words_for(stems[0]) if (idf := lexical.idf(stem)) is not None)
    return min(equivalents_here, default=(0.0, word))[1]
