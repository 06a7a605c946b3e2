"""The models that decide by what was read, fitted on questions that the reader was not trained on.

Whether the material answers: a logistic regression over what the reader makes of a question's windows. Which sentences
are part of the answer: boosted trees over what is known of each. Both are checked on courses left out of the fit.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reperage.index.models import SHIPPED_MODEL, model_digest
from reperage.index.pair_model import PairModel
from reperage.service.answering.calibration import Calibration
from reperage.service.answering.reading.features import (
    ANSWER_NAMES,
    SENTENCE_NAMES,
    SentenceFeatures,
    answer_features,
    chance,
    sentence_features,
)
from reperage.service.answering.reading.reader import Reader
from reperage.service.answering.reading.trees import Trees
from reperage.service.evaluation.measures import auroc
from tools.reader.courses import Case

ANSWERED = 0.94
"""The share of the answerable questions that the threshold lets through."""
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class ReadCase:
    """A case whose windows were read: features of the question, and of its sentences."""

    case: Case
    question: dict[str, float]
    sentences: list[SentenceFeatures]

    @property
    def fold(self) -> int:
        """A course is in one fold whole."""
        return self.case.course % _FOLDS


def read_cases(cases: Iterable[Case], model: PairModel, windows: int) -> list[ReadCase]:
    """Let the reader read; questions of which nothing can be read are left out."""
    reader = Reader(model, decision=None, most=windows)  # type: ignore[arg-type]
    read = []
    for case in cases:
        readings = reader.read(case.text, case.candidates)
        if readings:
            read.append(
                ReadCase(case, answer_features(case.search, readings), sentence_features(case.candidates, readings))
            )
    return read


def fit(questions: Sequence[ReadCase], sentences: Sequence[ReadCase], path: Path) -> str:
    """Fit whether a question is answered on `questions`, and by which sentences on `sentences`; write the file of
    `Decision`, and return the figures on folds left out."""
    answers, figures = _fit_answers(questions)
    answerable = [case for case in sentences if case.case.answerable]
    rows, labels, folds = _sentences(answerable)
    scores = _out_of_fold(rows, labels, folds, _sentences_model)
    by_sentence = trees(_sentences_model().fit(rows, labels), SENTENCE_NAMES)
    values = {"answers": asdict(answers), "sentences": by_sentence.as_dict()}
    path.write_text(json.dumps(values) + "\n", encoding="utf-8")
    return f"{figures}; {len(labels)} sentences of {len(answerable)} questions: AUROC {_auroc(scores, labels):.3f}"


def _fit_answers(cases: Sequence[ReadCase]) -> tuple[Calibration, str]:
    rows = np.array([[case.question[name] for name in ANSWER_NAMES] for case in cases])
    labels = np.array([case.case.answerable for case in cases])
    logits = _out_of_fold(rows, labels, np.array([case.fold for case in cases]), _answers_model)
    model = _answers_model().fit(rows, labels)
    scaler, regression = model[0], model[-1]
    weights = regression.coef_[0] / scaler.scale_
    # Of what it was fitted on: the log odds of a fold left out come from a model of fewer courses.
    limit = float(np.quantile(model.decision_function(rows[labels]), 1 - ANSWERED))
    refused = float(np.mean(logits[~labels] < limit))
    calibration = Calibration(
        model=SHIPPED_MODEL,
        model_digest=model_digest(SHIPPED_MODEL),
        weights=dict(zip(ANSWER_NAMES, weights.round(5).tolist(), strict=True)),
        intercept=round(float(regression.intercept_[0] - weights @ scaler.mean_), 5),
        threshold=round(chance(limit), 3),
        checked={"auroc": round(_auroc(logits, labels), 3), "answered": ANSWERED, "refused": round(refused, 3)},
    )
    return calibration, (
        f"{len(labels)} questions, {labels.mean():.2f} answerable: AUROC {_auroc(logits, labels):.3f}, "
        f"refused at {ANSWERED:.0%} answered {refused:.3f}, threshold {chance(limit):.3f}"
    )


def _sentences(cases: Sequence[ReadCase]) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    return (
        np.array([row for case in cases for row in case.sentences]),
        np.array([answers for case in cases for answers in case.case.answering]),
        np.array([case.fold for case in cases for _ in case.sentences]),
    )


def _answers_model() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))


def _sentences_model() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_depth=4, learning_rate=0.07, max_iter=120, l2_regularization=1.0, min_samples_leaf=40, random_state=0
    )


def _out_of_fold(
    rows: NDArray[np.float64], labels: NDArray[np.bool_], folds: NDArray[np.int64], model: Any
) -> NDArray[np.float64]:
    """The log odds of each row by a model that was fitted on the other folds."""
    scores = np.zeros(len(labels))
    for fold in np.unique(folds):
        out = folds == fold
        scores[out] = model().fit(rows[~out], labels[~out]).decision_function(rows[out])
    return scores


def _auroc(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    return auroc(scores[labels].tolist(), scores[~labels].tolist())


def trees(model: HistGradientBoostingClassifier, names: Sequence[str]) -> Trees:
    """What was fitted, in a form that needs no library."""
    nodes: dict[str, list[float]] = {name: [] for name in ("feature", "threshold", "left", "right", "value")}
    roots, depth = [], 0
    for [predictor] in model._predictors:
        root = len(nodes["feature"])
        roots.append(root)
        for node in predictor.nodes:
            is_leaf = bool(node["is_leaf"])
            depth = max(depth, int(node["depth"]))
            nodes["feature"].append(-1 if is_leaf else int(node["feature_idx"]))
            nodes["threshold"].append(0.0 if is_leaf else float(node["num_threshold"]))
            nodes["left"].append(0 if is_leaf else root + int(node["left"]))
            nodes["right"].append(0 if is_leaf else root + int(node["right"]))
            nodes["value"].append(round(float(node["value"]), 6) if is_leaf else 0.0)
    [[base]] = model._baseline_prediction
    return Trees.of(nodes | {"names": names, "base": float(base), "roots": roots, "depth": depth})
