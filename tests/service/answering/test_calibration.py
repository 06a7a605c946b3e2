"""The file that turns features into a probability."""

import json
from dataclasses import asdict, replace
from math import exp
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reperage.index.manifest import Recipe
from reperage.service.answering.answerability import ENCODER_FREE, NAMES
from reperage.service.answering.calibration import SHIPPED, Calibration, calibration_path, load_calibration
from reperage.service.errors import InvalidCalibration

DIGEST = "sha256:0123456789abcdef0123456789abcdef"
OWN = Calibration("grand", DIGEST, {"dense": 2.0, "coverage": -1.0}, intercept=0.5, threshold=0.4, checked={"auc": 0.9})


def test_a_probability_by_hand() -> None:
    assert OWN.probability({"dense": 0.75, "coverage": 1.0}) == pytest.approx(1 / (1 + exp(-1.0)))
    assert OWN.probability({"dense": 0.0, "coverage": 0.5, "margin": 99.0}) == 0.5


@pytest.mark.parametrize(("dense", "limit"), [(1e300, 1), (-1e300, 0), (float("inf"), 1), (float("-inf"), 0)])
def test_extreme_values_give_a_probability(dense: float, limit: float) -> None:
    assert OWN.probability({"dense": dense, "coverage": 0.0}) == pytest.approx(limit, abs=1e-9)


@given(dense=st.floats(-1e6, 1e6), more=st.floats(0, 1e3), coverage=st.floats(0, 1))
def test_a_probability_is_one_and_grows_with_what_weighs_for_it(dense: float, more: float, coverage: float) -> None:
    low, high = (OWN.probability({"dense": value, "coverage": coverage}) for value in (dense, dense + more))
    assert 0 <= low <= high <= 1


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "été.json"
    OWN.write(path)
    assert Calibration.read(path, NAMES) == OWN


def test_a_calibration_of_your_own_comes_before_the_shipped_one(tmp_path: Path, recipe: Recipe) -> None:
    shipped = load_calibration(tmp_path, recipe.model_digest, NAMES)
    assert shipped.model_digest == recipe.model_digest
    own = replace(OWN, model_digest=recipe.model_digest)
    own.write(calibration_path(tmp_path, recipe.model_digest))
    assert load_calibration(tmp_path, recipe.model_digest, NAMES) == own != shipped


def test_a_model_without_a_calibration_is_judged_without_its_cosines(tmp_path: Path, recipe: Recipe) -> None:
    for other in (DIGEST, "name:a/b", f"{recipe.model_digest}0"):
        found = load_calibration(tmp_path, other, NAMES)
        assert found.model_digest is found.model is None
        assert set(found.weights) <= set(ENCODER_FREE)


def test_the_calibration_of_another_model_is_not_used(tmp_path: Path) -> None:
    OWN.write(calibration_path(tmp_path, DIGEST))
    assert load_calibration(tmp_path, DIGEST, NAMES) == OWN
    assert load_calibration(tmp_path, DIGEST[::-1], NAMES).model_digest is None


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.json")), ids=lambda path: path.stem)
def test_a_shipped_calibration_is_whole(path: Path) -> None:
    found = Calibration.read(path, NAMES)
    assert found.weights
    assert 0 < found.threshold < 1
    assert (found.model is None) == (found.model_digest is None) == (set(found.weights) <= set(ENCODER_FREE))


def with_values(**values: object) -> bytes:
    return json.dumps(asdict(OWN) | values).encode()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="array"),
        pytest.param(b"3", id="number"),
        pytest.param(b"{}", id="nothing in it"),
        pytest.param(with_values(weights=[1.0]), id="weights without names"),
        pytest.param(with_values(weights=None), id="no weights"),
        pytest.param(with_values(weights={"dense": "much"}), id="a text as weight"),
        pytest.param(with_values(weights={"dense": None}), id="null as weight"),
        pytest.param(with_values(intercept="0"), id="a text as intercept"),
        pytest.param(with_values(threshold=None), id="no threshold"),
        pytest.param(with_values(intercept=float("nan")), id="NaN as intercept"),
        pytest.param(with_values(weights={"dense": float("inf")}), id="infinite weight"),
        pytest.param(with_values(more=1), id="a field too many"),
    ],
)
def test_a_damaged_file_is_named_with_what_to_do(content: bytes, tmp_path: Path) -> None:
    path = calibration_path(tmp_path, DIGEST)
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(InvalidCalibration, match=r"repere evaluate .*--fit") as caught:
        load_calibration(tmp_path, DIGEST, NAMES)
    assert repr(str(path)) in str(caught.value)


def test_a_weight_that_this_program_does_not_know_is_named(tmp_path: Path) -> None:
    path = calibration_path(tmp_path, DIGEST)
    replace(OWN, weights={"dense": 1.0, "humeur": 2.0}).write(path)
    with pytest.raises(InvalidCalibration, match="humeur") as caught:
        load_calibration(tmp_path, DIGEST, NAMES)
    assert repr(str(path)) in str(caught.value)
