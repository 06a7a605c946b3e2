"""Figures of an evaluation: what each question got, the mean of it, and how far chance could move that mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import ir_measures
import numpy as np
from ir_measures import RR, R, nDCG

Qrels = Mapping[str, Mapping[str, int]]
"""By query, the grade of each passage that was judged; 1 and more are relevant."""

Ranking = Sequence[str]
"""Passages, best first."""

_MEASURES = {
    "ndcg_at_10": nDCG @ 10,
    "recall_at_1": R @ 1,
    "recall_at_5": R @ 5,
    "recall_at_10": R @ 10,
    "mrr": RR,
}
_RESAMPLES = 1000
_SEED = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over questions, and the 95 % interval that resampling the questions gives it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Abstention:
    """How well the probability that the material answers tells questions apart; `None` without questions of a kind.

    `auroc`: how often a question with an answer gets a higher one than a question without. At `threshold`, the
    shares `answered` of the first and `refused` of the second. `refused_at_90_answered`: the share of the second
    that a threshold would refuse which lets 90 % of the first pass.
    """

    auroc: float | None
    threshold: float
    answered: float | None
    refused: float | None
    refused_at_90_answered: float | None


def retrieval(qrels: Qrels, run: Mapping[str, Ranking]) -> dict[str, Estimate]:
    """Each measure over the queries of `qrels`, by name; a query that `run` lacks counts as 0.

    nDCG takes the grade as gain and log2(rank + 1) as discount, as trec_eval does; `mrr` looks as deep as the
    rankings go.
    """
    names = {measure: name for name, measure in _MEASURES.items()}
    # trec_eval sorts by score, and equal scores by name: a score for each rank keeps our order.
    scores = {query: {p: float(-rank) for rank, p in enumerate(ranking)} for query, ranking in run.items()}
    values: dict[str, dict[str, float]] = {name: {} for name in _MEASURES}
    for metric in ir_measures.iter_calc(list(names), {q: dict(grades) for q, grades in qrels.items()}, scores):
        values[names[metric.measure]][metric.query_id] = metric.value
    # In the order of the queries: the interval does not hang on the order that the library works in.
    return {name: estimate([of_query[query] for query in qrels]) for name, of_query in values.items()}


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of `values` with its percentile bootstrap interval; the same every time.

    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    sample = np.array(values, dtype=np.float64)
    indices = np.random.default_rng(_SEED).integers(len(sample), size=(_RESAMPLES, len(sample)))
    low, high = np.percentile(sample[indices].mean(axis=1), (2.5, 97.5))
    return Estimate(float(sample.mean()), float(low), float(high))


def share(right: int, of: int) -> Estimate:
    """The share of `of` questions, at least one, that are right, with Wilson's interval, which holds for a few too.

    Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
    """
    p, z = right / of, 1.96
    centre, spread = p + z * z / (2 * of), z * sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    whole = 1 + z * z / of
    return Estimate(p, max(0.0, (centre - spread) / whole), min(1.0, (centre + spread) / whole))


def abstention(answerable: Sequence[float], unanswerable: Sequence[float], threshold: float) -> Abstention:
    """Abstention by the probabilities that questions with an answer and questions without one were given."""
    with_answer, without = np.array(answerable), np.array(unanswerable)
    both = bool(answerable) and bool(unanswerable)
    return Abstention(
        auroc=auroc(answerable, unanswerable) if both else None,
        threshold=threshold,
        answered=float((with_answer >= threshold).mean()) if answerable else None,
        refused=float((without < threshold).mean()) if unanswerable else None,
        refused_at_90_answered=float((without < np.quantile(with_answer, 0.1)).mean()) if both else None,
    )


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """How often a positive scores above a negative, a tie counting half: the Mann-Whitney U over all pairs."""
    negatives = np.sort(np.array(negative))
    below = np.searchsorted(negatives, np.array(positive), side="left")
    not_above = np.searchsorted(negatives, np.array(positive), side="right")
    return float((below + not_above).sum() / (2 * len(positive) * len(negative)))
