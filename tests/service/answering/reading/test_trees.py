"""Boosted trees without the library that fitted them."""

import json

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from reperage.service.answering.reading.trees import Trees
from tools.reader.fitting import trees


def test_the_scores_are_those_of_what_was_fitted() -> None:
    chance = np.random.default_rng(0)
    rows = chance.normal(size=(400, 3))
    labels = rows[:, 0] * rows[:, 1] > 0.2 * rows[:, 2]
    model = HistGradientBoostingClassifier(max_depth=3, max_iter=20, random_state=0).fit(rows, labels)
    written = json.dumps(trees(model, ("a", "b", "c")).as_dict())
    found = Trees.of(json.loads(written))
    others = chance.normal(size=(50, 3))
    assert found.names == ("a", "b", "c")
    assert found.scores(others.tolist()) == pytest.approx(model.decision_function(others), abs=1e-4)


def test_of_nothing_there_are_no_scores() -> None:
    leaf = {"feature": [-1], "threshold": [0.0], "left": [0], "right": [0], "value": [0.5]}
    found = Trees.of(leaf | {"names": ["a"], "base": 1.0, "roots": [0], "depth": 0})
    assert found.scores([]).tolist() == []
    assert found.scores([[7.0]]).tolist() == [1.5]


@pytest.mark.parametrize("broken", [{}, {"names": ["a"]}, {"names": ["a"], "base": "x"}])
def test_anything_else_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Trees.of(broken)
