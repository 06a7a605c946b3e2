"""One score from several."""

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]

DENSE_WEIGHT = 0.7


def fuse(dense: Scores, lexical: Scores, dense_weight: float = DENSE_WEIGHT) -> Scores:
    """The weighted mean of both scores of the same candidates, each brought to mean 0 and deviation 1.

    Ranks would throw the distances away: rank fusion was worth 0.04 of nDCG@10 less on PIAF.
    """
    return dense_weight * standardise(dense) + (1 - dense_weight) * standardise(lexical)


def standardise(scores: Scores) -> Scores:
    """`scores` with mean 0 and deviation 1; all 0 where they do not differ."""
    deviation = scores.std() if len(scores) else 0.0
    if deviation < 1e-6:
        return np.zeros_like(scores)
    standard: Scores = (scores - scores.mean()) / deviation
    return standard
