"""What follows from reading: how likely the material answers, and how likely each sentence is part of the answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from reperage.service.answering.calibration import Calibration
from reperage.service.answering.reading.features import (
    ANSWER_NAMES,
    SENTENCE_NAMES,
    Reading,
    answer_features,
    chance,
    sentence_features,
)
from reperage.service.answering.reading.trees import Trees
from reperage.service.answering.sentence_selection import Candidate
from reperage.service.errors import InvalidCalibration

FILE = Path(__file__).parent / "decision.json"
SURELY_NOT = 0.02
"""A question that search alone gives a lower probability is not read."""
_MOST_WORDS = 120
_LIKELY = 0.03
"""A further sentence must be part of the answer with this probability."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was fitted on questions about courses: whether they are answered, and by which sentences."""

    answers: Calibration
    sentences: Trees

    @classmethod
    def load(cls, path: Path = FILE) -> Self:
        """Raises `InvalidCalibration` where the file is damaged or was fitted on other features."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            decision = cls(Calibration(**values["answers"]), Trees.of(values["sentences"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InvalidCalibration(f"{str(path)!r} cannot be read ({error})") from error
        if (tuple(decision.answers.weights), decision.sentences.names) != (ANSWER_NAMES, SENTENCE_NAMES):
            raise InvalidCalibration(f"{str(path)!r} was fitted on other features than this program has")
        return decision

    def probability(self, search: float, readings: Sequence[Reading]) -> float:
        """How likely the material answers a question of which at least one window was read; `search` is its probability
        by search alone."""
        return self.answers.probability(answer_features(search, readings))

    def rank(self, candidates: Sequence[Candidate], readings: Sequence[Reading]) -> list[Candidate]:
        """The candidates with the logarithm of their odds to be part of the answer, likeliest first."""
        scores = self.sentences.scores(sentence_features(candidates, readings))
        ranked = [replace(candidate, score=float(score)) for candidate, score in zip(candidates, scores, strict=True)]
        return sorted(ranked, key=lambda candidate: -candidate.score)


def likely(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The likeliest of the candidates of `Decision.rank`, and those that are likely part of the answer too, in few
    words."""
    selection: list[Candidate] = []
    words = 0
    for candidate in candidates:
        length = len(candidate.sentence.shown.split())
        if selection and (chance(candidate.score) < _LIKELY or words + length > _MOST_WORDS):
            continue
        selection.append(candidate)
        words += length
    return selection
