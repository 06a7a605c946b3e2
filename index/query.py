"""A question as terms with their weights: what BM25 looks for, and how much of it a text holds."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from reperage.index.lexical import Lexical
from reperage.index.text.analysis import fold, terms
from reperage.index.text.dictionary import french
from reperage.index.text.equivalents import equivalents, words_for
from reperage.index.text.language_detection import ENGLISH, is_english

# Words that say what kind of answer is wanted, not what about: a text answers without holding them.
_FRAME = """
    difference differences distinction distinguer comparer comparaison definition definir definis signifie
    signifient signifier signification explique expliquer expliquez expliques entend dire dit veut veux voudrais
    aimerais savoir connaitre sert servent servir utilite but role fonctionne fonctionnent fonctionner
    fonctionnement marche marchent appelle appeler appelle-t-on nomme nommer dis donne donner donne-moi parle
    parler quoi exemple chose truc svp stp plait merci bonjour raison facon maniere moyen combien peux peux-tu
    pouvez fais vais vas va vont vient viens viennent doit doivent dois etape etapes juste exactement concretement
    precisement simplement vraiment between mean means meaning
    define explain work works does called tell about purpose how many much
"""
FRAME = frozenset(_FRAME.split())
_WORD = re.compile(r"[\w-]+")

# Left out of an English question only: in a French course `for`, `from` and `with` are code.
_ENGLISH_STEMS = frozenset(term for word in ENGLISH for term in terms(word))


_PARTED = re.compile(r"[^\W_][_.-]")
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
        found = list(dict.fromkeys(terms(question)))
        if english:
            found = [stem for stem in found if stem not in _ENGLISH_STEMS]
        framed = _WORD.sub(lambda word: " " if fold(word.group()) in FRAME else word.group(), question)
        named = set(terms(framed))
        # Of `tri-fusion` its parts count, or it would count three times.
        matter = [stem for stem in found if stem in named and not _PARTED.search(stem)] or found
        read = {stem: _term(stem, lexical, english) for stem in found}
        every = dict.fromkeys(stem for term in read.values() for stem in sorted(term.stems))
        return cls(tuple(read[stem] for stem in matter), tuple(every))

    def held(self, found: frozenset[str]) -> frozenset[int]:
        """The places of the terms that a text with the stems `found` holds."""
        return frozenset(i for i, term in enumerate(self.terms) if not term.stems.isdisjoint(found))

    def share(self, held: Iterable[int]) -> float:
        """The share of the question's weight that the terms at these places have; 0 without any term."""
        return sum(map(self._shares.__getitem__, held))

    @cached_property
    def _shares(self) -> list[float]:
        total = sum(term.weight for term in self.terms)
        return [term.weight / total for term in self.terms]


def _term(stem: str, lexical: Lexical, english: bool) -> Term:
    """`stem` with those of its equivalents that the course uses more than itself; where it has neither, with those
    of the course's words that are all but written like it."""
    own, alike = lexical.idf(stem), lexical.alike(stem)
    others = {other: idf for other in equivalents(stem) if (idf := lexical.idf(other)) is not None}
    joined = {other: idf for other, idf in others.items() if english or own is None or idf < own}
    if own is None and not joined:
        near = (other for other, likeness in alike.items() if likeness > _NEAR)
        joined = {other: idf for other in near if (idf := lexical.idf(other)) is not None}
    weights = [idf for idf in (own, *joined.values()) if idf is not None]
    unknown = lexical.highest_idf * (_FOREIGN if english else _UNKNOWN)
    return Term(
        frozenset({stem, *joined}),
        {other: _ALIKE * likeness for other, likeness in alike.items() if other not in joined},
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
    known = ((idf, other) for stem, other in words_for(stems[0]) if (idf := lexical.idf(stem)) is not None)
    return min(known, default=(0.0, word))[1]
