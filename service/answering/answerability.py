"""Whether the material answers a question, by its hits and their sentences, before anything is composed."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from reperage.index.index import Hit
from reperage.index.query import Query
from reperage.index.text.folding import fold
from reperage.service.answering.calibration import Calibration
from reperage.service.answering.question.answer_type import names_in
from reperage.service.answering.sentence_selection import Candidate

_LIKELIEST = 3
"""Sentences that are looked at."""


@dataclass(frozen=True, slots=True)
class Features:
    """What the decision rests on; the fields are named in the files of calibrations.

    The first three are the encoder's: the cosine of the best chunk, that of the best sentence of the first hits,
    and by how much this one stands out among the best of the other hits. The others do not depend on it:
    `coverage` and `passage` are the shares of the question that the best chunk and the likeliest sentences hold,
    `terms` the logarithm of the number of its terms, `names` how many of its capitalised words the best chunk does
    not hold; `form` is 1 where a number, a date, a price, a person or a command is asked for and the likeliest
    sentence has none, or a difference from what the material does not speak of.
    """

    dense: float
    sentence: float
    margin: float
    coverage: float
    passage: float
    terms: float
    names: float
    form: float

    def by_name(self) -> dict[str, float]:
        return {name: getattr(self, name) for name in NAMES}


NAMES = tuple(field.name for field in fields(Features))
ENCODER_FREE = NAMES[3:]


@dataclass(frozen=True, slots=True)
class Answerability:
    """`probability` that the material answers, whether that is enough, and `coverage`: the share of the question's
    terms, by weight, that the best chunk holds."""

    probability: float
    answers: bool
    coverage: float


def judge(values: Features | None, calibration: Calibration) -> Answerability:
    """How likely the material answers a question with these features; not at all without any, as of no hit."""
    if values is None:
        return Answerability(0.0, answers=False, coverage=0.0)
    probability = calibration.probability(values.by_name())
    return Answerability(probability, probability >= calibration.threshold, values.coverage)


def features(query: Query, question: str, hits: Sequence[Hit], candidates: Sequence[Candidate]) -> Features:
    """The features of a question, its hits, best first, at least one, and their sentences, likeliest first."""
    sentences = sorted((hit.sentence for hit in hits[:10]), reverse=True)
    likeliest = candidates[:_LIKELIEST]
    lacking = [candidate.lacks_answer_type for candidate in likeliest]
    return Features(
        dense=hits[0].dense,
        sentence=max(hit.sentence for hit in hits[:3]),
        margin=sentences[0] - float(np.mean(sentences[1:] or sentences)),
        coverage=hits[0].coverage,
        passage=max((candidate.passage for candidate in likeliest), default=0.0),
        terms=float(np.log1p(len(query.terms))),
        names=_missing_names(question, hits[0]),
        form=float(lacking[:1] == [True]),
    )


def _missing_names(question: str, hit: Hit) -> float:
    """How many capitalised words of the question, its first left out, the chunk does not hold."""
    names = names_in(question)
    if not names or question.isupper():
        return 0.0
    text = fold(hit.chunk.embedded_text)
    return float(sum(fold(name) not in text for name in names))
