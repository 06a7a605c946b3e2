"""A question as terms with their weights: what BM25 looks for, and how much of it a text holds."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from index.analysis import fold, terms
from index.equivalents import equivalents
from index.language import ENGLISH, is_english
from index.lexical import Lexical

# Words that say what kind of answer is wanted, not what about: a text answers without holding them.
_FRAME = """
    difference differences distinction distinguer comparer comparaison definition definir definis signifie
    signifient signifier signification explique expliquer expliquez expliques entend dire dit veut veux voudrais
    aimerais savoir connaitre sert servent servir utilite but role fonctionne fonctionnent fonctionner
    fonctionnement marche marchent appelle appeler appelle-t-on nomme nommer dis donne donner donne-moi parle
    parler quoi exemple chose truc svp stp plait merci bonjour raison facon maniere moyen combien peux peux-tu
    pouvez fais vais vas va vont vient viens viennent doit doivent dois etape etapes between mean means meaning
    define explain work works does called tell about purpose how many much
"""
FRAME = frozenset(_FRAME.split())
_WORD = re.compile(r"[\w-]+")

# Left out of an English question only: in a French course `for`, `from` and `with` are code.
_ENGLISH_STEMS = frozenset(term for word in ENGLISH for term in terms(word))


_PARTED = re.compile(r"[^\W_][_.-]")
_FOREIGN = 0.3


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the question: its stem and those of its equivalents, and its idf.

    `known`: the course holds one of them; one that it does not hold weighs most.
    """

    stems: frozenset[str]
    weight: float
    known: bool


@dataclass(frozen=True)
class Query:
    """The terms of a question without repetition; `stems` are all that BM25 adds up, `heaviest` the weight of a
    term that the course does not hold.

    Words that only frame the question ("différence", "signifie") are no terms unless there are no others.
    """

    terms: tuple[Term, ...]
    stems: tuple[str, ...]
    heaviest: float

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
        return cls(tuple(read[stem] for stem in matter), tuple(every), lexical.highest_idf)

    @cached_property
    def total(self) -> float:
        return sum(term.weight for term in self.terms)

    def held(self, found: frozenset[str]) -> frozenset[int]:
        """The places of the terms that a text with the stems `found` holds."""
        return frozenset(i for i, term in enumerate(self.terms) if not term.stems.isdisjoint(found))

    def share(self, held: Iterable[int]) -> float:
        """The share of the question's weight that the terms at these places have; 0 without any term."""
        return sum(self.terms[i].weight for i in held) / self.total if self.terms else 0.0


def _term(stem: str, lexical: Lexical, english: bool) -> Term:
    """`stem` with those of its equivalents that the course uses more than itself; where it has neither, with the
    words of the course that begin like it."""
    own = lexical.idf(stem)
    others = {other: idf for other in equivalents(stem) if (idf := lexical.idf(other)) is not None}
    joined = {other: idf for other, idf in others.items() if english or own is None or idf < own}
    if own is None and not joined:
        joined = {other: idf for other in lexical.kin(stem) if (idf := lexical.idf(other)) is not None}
    weights = [idf for idf in (own, *joined.values()) if idf is not None]
    # That a French course lacks an English word tells little.
    unknown = lexical.highest_idf * (_FOREIGN if english else 1.0)
    return Term(frozenset({stem, *joined}), min(weights, default=unknown), bool(weights))
