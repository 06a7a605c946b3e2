"""Fusion of several scores into one: first of the whole pool, then of the shortlist."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]

DENSE_WEIGHT = 0.7

# Fitted on the even halves of three sets and rounded; docs/evaluation.md has what was tried.
_DENSE, _LEXICAL, _SENTENCE, _COVERAGE, _HEADING = 0.5, 0.2, 0.75, 0.7, 0.25
_WEIGHTS = np.array([_DENSE, _LEXICAL, _SENTENCE, _COVERAGE, _HEADING], dtype=np.float32)
_NEIGHBOUR = 0.2


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of each chunk of the shortlist, float32 [chunks] each; higher is better.

    `dense` and `sentence` are cosines of the chunk and of its best sentence, `lexical` is BM25, `coverage` the
    share of the question's weight that it holds, `heading` how well its heading fits.
    """

    dense: Scores
    lexical: Scores
    sentence: Scores
    coverage: Scores
    heading: Scores

    def first(self, n: int) -> "Signals":
        return Signals(*(getattr(self, field.name)[:n] for field in fields(self)))


def fuse(dense: Scores, lexical: Scores, dense_weight: float = DENSE_WEIGHT) -> Scores:
    """The weighted mean of both scores of the same candidates, each brought to mean 0 and deviation 1.

    Ranks would throw the distances away: rank fusion was worth 0.04 of nDCG@10 less on PIAF.
    """
    dense, lexical = standardise(np.stack([dense, lexical]))
    return dense_weight * dense + (1 - dense_weight) * lexical


def rank_scores(signals: Signals, rows: NDArray[np.int64], titles: NDArray[np.int32]) -> Scores:
    """The score of each chunk of the shortlist, float32 [chunks].

    The weighted sum of its standardised signals, and a share of the better of the chunks before and after it in
    `rows` of the same document title, where they are above the mean: a section that stands among others on the
    matter is more likely about it.
    """
    each = np.stack([getattr(signals, field.name) for field in fields(signals)])
    own: Scores = _WEIGHTS @ standardise(each)
    order = np.argsort(rows)
    next_to = (np.diff(rows[order]) == 1) & (titles[rows[order[1:]]] == titles[rows[order[:-1]]])
    before, after = order[:-1][next_to], order[1:][next_to]
    neighbour = np.zeros_like(own)
    np.maximum.at(neighbour, before, own[after])
    np.maximum.at(neighbour, after, own[before])
    scores: Scores = own + _NEIGHBOUR * neighbour
    return scores


def standardise(scores: Scores) -> Scores:
    """`scores`, float32 [..., candidates], with mean 0 and deviation 1 along the last axis; all 0 where they do not
    differ."""
    if not scores.shape[-1]:
        return scores
    # Not `mean`, which costs more than the sum itself at this size.
    n = np.float32(scores.shape[-1])
    total: Scores = np.add.reduce(scores, axis=-1, keepdims=True)
    centred: Scores = scores - total / n
    squares: Scores = np.add.reduce(centred * centred, axis=-1, keepdims=True)
    deviation = np.sqrt(squares / n)
    standard: Scores = centred * (deviation >= 1e-6) / np.maximum(deviation, 1e-6)
    return standard
