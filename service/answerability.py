"""Does the material answer the question? Decided from the hits, before anything is composed."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from index.analysis import term_set, terms
from index.index import Hit, Index
from index.models import SHIPPED_MODEL

# Logistic regression on half of PIAF's development questions, a fifth of the passages left out; on the other
# half: AUROC 0.91, 77 % of the unanswerable questions refused where 90 % of the others are answered.
_COVERAGE, _DENSE, _INTERCEPT = 4.55, 34.43, -30.86
# The same without the encoder's cosines, which another model has on another scale.
_COVERAGE_ALONE, _INTERCEPT_ALONE = 5.88, -2.61
THRESHOLD = 0.33


@dataclass(frozen=True, slots=True)
class Answerability:
    """`probability` that the material answers, and `coverage`: the share of the question's terms, by idf,
    that the best chunk holds."""

    probability: float
    coverage: float

    @property
    def answers(self) -> bool:
        return self.probability >= THRESHOLD


def judge(index: Index, question: str, hit: Hit | None) -> Answerability:
    """How likely the chunk found best, `hit`, answers `question`."""
    if hit is None:
        return Answerability(0.0, 0.0)
    coverage = _coverage(index, terms(question), term_set(hit.chunk.embedded_text))
    if index.manifest.model == SHIPPED_MODEL:
        logit = _COVERAGE * coverage + _DENSE * hit.dense + _INTERCEPT
    else:
        logit = _COVERAGE_ALONE * coverage + _INTERCEPT_ALONE
    return Answerability(1 / (1 + exp(-logit)), coverage)


def _coverage(index: Index, question_terms: Sequence[str], found: frozenset[str]) -> float:
    """The share of idf of the question's terms that `found` holds; a term that no chunk holds weighs most."""
    weights = {term: index.lexical.idf(term) for term in question_terms}
    heaviest = index.lexical.highest_idf
    total = sum(heaviest if idf is None else idf for idf in weights.values())
    held = sum(idf for term, idf in weights.items() if idf is not None and term in found)
    return held / total if total else 0.0
