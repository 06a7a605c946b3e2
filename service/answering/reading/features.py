"""What is known of sentences and of a question once windows were read: the features of the two models that decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, log1p
from typing import NamedTuple

import numpy as np

from reperage.service.answering.reading.windows import Window
from reperage.service.answering.sentence_selection import Candidate

UNREAD = -8.0
"""The logits of a sentence of which nothing was read."""
_SHARPNESS = 2.0
"""By how many units of its likeliest sentence's score a window's weight among the windows falls by e."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader makes of a window: the logit of its answering the question, and of each of its sentences, the
    mean logit of its tokens to stand in a sentence that answers."""

    window: Window
    answered: float
    sentences: tuple[float, ...]


class SentenceFeatures(NamedTuple):
    """Of a sentence.

    `similarity`, `overlap`, `passage` are the candidate's; `score` its score before reading, less the highest; `hit`
    its hit's score, less the best hit's; `rank` and `coverage` the hit's. `inside` is the reader's logit of the
    sentence, `before` and `after` of its neighbours, `above` how far it is below the highest; `window` the logit of its
    window, `best` how far that is below the highest. `length` is the logarithm of its words; the others are its form.
    """

    similarity: float
    overlap: float
    passage: float
    score: float
    hit: float
    rank: float
    coverage: float
    inside: float
    above: float
    before: float
    after: float
    window: float
    best: float
    length: float
    is_list: float
    is_table: float
    is_code: float


SENTENCE_NAMES = SentenceFeatures._fields

ANSWER_NAMES = ("search", "first", "logit", "pooled", "pooled_inside")
"""Features of a question: the log odds by `search` alone; the logit of the `first` window, the highest `logit`, the
mean of the windows weighed by what search says of them (`pooled`), and the same of the likeliest sentence in each."""
_SUREST = 1e-4
"""A probability is at least so far from 0 and 1."""


def sentence_features(candidates: Sequence[Candidate], readings: Sequence[Reading]) -> list[SentenceFeatures]:
    """The features of each candidate; `candidates` come likeliest first."""
    logits: dict[tuple[int, int], tuple[float, float]] = {}
    for reading in readings:
        for place, logit in zip(reading.window.passage.places, reading.sentences, strict=True):
            logits[reading.window.hit.rank, place] = logit, reading.answered
    best = max((reading.answered for reading in readings), default=UNREAD)
    highest = max((logit for logit, _ in logits.values()), default=UNREAD)
    best_hit = max((candidate.hit.score for candidate in candidates), default=0.0)
    unread = UNREAD, UNREAD
    result = []
    for candidate in candidates:
        rank, place = candidate.hit.rank, candidate.place
        inside, window = logits.get((rank, place), unread)
        shown, kind = candidate.sentence.shown, candidate.sentence.kind
        result.append(
            SentenceFeatures(
                similarity=candidate.similarity,
                overlap=candidate.overlap,
                passage=candidate.passage,
                score=candidate.score - candidates[0].score,
                hit=candidate.hit.score - best_hit,
                rank=float(rank),
                coverage=candidate.hit.coverage,
                inside=inside,
                above=inside - highest,
                before=logits.get((rank, place - 1), unread)[0],
                after=logits.get((rank, place + 1), unread)[0],
                window=window,
                best=window - best,
                length=log1p(len(shown.split())),
                is_list=float(kind == "list"),
                is_table=float(kind == "table"),
                is_code=float(kind == "code"),
            )
        )
    return result


def answer_features(search: float, readings: Sequence[Reading]) -> dict[str, float]:
    """The features of a question, by `ANSWER_NAMES`; `search` is its probability by search alone, `readings` of its
    windows, at least one, come likeliest first."""
    logits = np.array([reading.answered for reading in readings])
    insides = np.array([max(reading.sentences, default=UNREAD) for reading in readings])
    by_search = np.array([reading.window.likelihood for reading in readings])
    weights = np.exp((by_search - by_search.max()) / _SHARPNESS)
    weights /= weights.sum()
    own = (log_odds(search), logits[0], logits.max(), weights @ logits, weights @ insides)
    return dict(zip(ANSWER_NAMES, map(float, own), strict=True))


def log_odds(probability: float) -> float:
    """The logarithm of the odds of a probability, of one that is 0 or 1 too."""
    bounded = min(max(probability, _SUREST), 1 - _SUREST)
    return log(bounded / (1 - bounded))


def chance(logit: float) -> float:
    """The probability whose odds have this logarithm."""
    return 1 / (1 + exp(-logit))
