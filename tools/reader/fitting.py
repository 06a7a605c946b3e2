"""The two models that decide by what was read, fitted on questions that the reader was not trained on.

Whether the material answers: a logistic regression over what search and the reader know of a question. Which sentences
are part of the answer: boosted trees over what they know of each. Both are checked on courses left out of the fit.
"""

import json
from collections.abc import Sequence
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
from reperage.service.answering.reading.features import ANSWER_NAMES, SENTENCE_NAMES, answer_features, sentence_features
from reperage.service.answering.reading.reader import Reader
from reperage.service.answering.reading.trees import Trees
from reperage.service.evaluation.measures import auroc
from tools.reader.courses import Case

ANSWERED = 0.92
"""The share of the answerable questions that the threshold lets through."""
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class ReadCase:
    """A case whose windows were read: features of the question, and of its sentences with whether each answers."""

    fold: int
    answerable: bool
    question: dict[str, float]
    sentences: list[tuple[float, ...]]
    answering: Sequence[bool]


def read_cases(cases: Sequence[Case], model: PairModel, windows: int) -> list[ReadCase]:
    """Let the reader read; a course is in one fold whole."""
    reader = Reader(model, decision=None, most=windows)  # type: ignore[arg-type]
    read = []
    for case in cases:
        readings = reader.read(case.text, case.candidates)
        features = sentence_features(case.candidates, readings)
        question = answer_features(case.search, readings)
        read.append(ReadCase(case.course % _FOLDS, case.answerable, question, [*features], case.answering))
    return read


def fit(cases: Sequence[ReadCase], path: Path) -> str:
    """Fit on all cases and write the file of `Decision`; returns the figures on folds left out."""
    rows, labels, folds = _questions(cases)
    probabilities = _out_of_fold(rows, labels, folds, _answers_model)
    threshold = float(np.quantile(probabilities[labels], 1 - ANSWERED))
    refused = float(np.mean(probabilities[~labels] < threshold))
    sentence_rows, sentence_labels, sentence_folds = _sentences(cases)
    chances = _out_of_fold(sentence_rows, sentence_labels, sentence_folds, _sentences_model)
    answers = _answers_model().fit(rows, labels)
    scaler, regression = answers[0], answers[-1]
    weights = regression.coef_[0] / scaler.scale_
    calibration = Calibration(
        model=SHIPPED_MODEL,
        model_digest=model_digest(SHIPPED_MODEL),
        weights=dict(zip(ANSWER_NAMES, weights.round(5).tolist(), strict=True)),
        intercept=round(float(regression.intercept_[0] - weights @ scaler.mean_), 5),
        threshold=round(threshold, 3),
        checked={"auroc": round(_auroc(probabilities, labels), 3), "answered": ANSWERED, "refused": round(refused, 3)},
    )
    sentences = trees(_sentences_model().fit(sentence_rows, sentence_labels), SENTENCE_NAMES)
    values = {"answers": asdict(calibration), "sentences": sentences.as_dict()}
    path.write_text(json.dumps(values) + "\n", encoding="utf-8")
    return (
        f"{len(labels)} questions, {labels.mean():.2f} answerable: AUROC {_auroc(probabilities, labels):.3f}, "
        f"refused at {ANSWERED:.0%} answered {refused:.3f}, threshold {threshold:.3f}; "
        f"{len(sentence_labels)} sentences: AUROC {_auroc(chances, sentence_labels):.3f}"
    )


def _questions(cases: Sequence[ReadCase]) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    return (
        np.array([[case.question[name] for name in ANSWER_NAMES] for case in cases]),
        np.array([case.answerable for case in cases]),
        np.array([case.fold for case in cases]),
    )


def _sentences(cases: Sequence[ReadCase]) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    """The sentences of the questions that are answerable."""
    answerable = [case for case in cases if case.answerable]
    return (
        np.array([row for case in answerable for row in case.sentences]),
        np.array([answers for case in answerable for answers in case.answering]),
        np.array([case.fold for case in answerable for _ in case.sentences]),
    )


def _answers_model() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=2000))


def _sentences_model() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_depth=4, learning_rate=0.07, max_iter=120, l2_regularization=1.0, min_samples_leaf=40, random_state=0
    )


def _out_of_fold(
    rows: NDArray[np.float64], labels: NDArray[np.bool_], folds: NDArray[np.int64], model: Any
) -> NDArray[np.float64]:
    """The probability of each row by a model that was fitted on the other folds."""
    probabilities = np.zeros(len(labels))
    for fold in np.unique(folds):
        out = folds == fold
        probabilities[out] = model().fit(rows[~out], labels[~out]).predict_proba(rows[out])[:, 1]
    return probabilities


def _auroc(probabilities: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    return auroc(probabilities[labels].tolist(), probabilities[~labels].tolist())


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
