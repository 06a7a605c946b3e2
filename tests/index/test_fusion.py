import numpy as np
import pytest

from index.fusion import fuse, standardise


def scores(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def test_fusion_by_hand() -> None:
    # Means 2 and 4, deviations 1 and 2.
    fused = fuse(scores(1, 3, 1, 3), scores(6, 6, 2, 2), dense_weight=0.75)
    assert fused == pytest.approx([-0.5, 1.0, -1.0, 0.5])


def test_standard_scores_have_mean_0_and_deviation_1() -> None:
    standard = standardise(scores(0.81, 0.83, 0.9, 0.77))
    assert standard.mean() == pytest.approx(0, abs=1e-5)
    assert standard.std() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("same", [scores(), scores(3), scores(2, 2, 2)])
def test_scores_that_do_not_differ_tell_nothing(same: np.ndarray) -> None:
    assert list(standardise(same)) == [0] * len(same)


def test_only_the_other_score_decides_where_one_tells_nothing() -> None:
    assert list(np.argsort(-fuse(scores(1, 1, 1), scores(0, 2, 1)))) == [1, 2, 0]
    assert list(np.argsort(-fuse(scores(0.8, 0.9, 0.7), scores(0, 0, 0)))) == [1, 0, 2]
