import numpy as np
import pytest

from reperage.index.fusion import (
    _COVERAGE,
    _DENSE,
    _HEADING,
    _LEXICAL,
    _NEIGHBOUR,
    _SENTENCE,
    Signals,
    fuse,
    rank_scores,
    standardise,
)


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


def signals(n: int, seed: int) -> Signals:
    random = np.random.default_rng(seed).standard_normal((5, n)).astype(np.float32)
    return Signals(*random)


def plain(n: int) -> Signals:
    """The first chunk is above the mean in everything, the others are equal."""
    return Signals(*(scores(1, *[0] * (n - 1)) for _ in range(5)))


def ranked_by_hand(found: Signals, rows: list[int], titles: list[int]) -> list[float]:
    """`rank_scores` as its documentation has it, chunk by chunk."""
    weights = {"dense": _DENSE, "lexical": _LEXICAL, "sentence": _SENTENCE, "coverage": _COVERAGE, "heading": _HEADING}
    own = [0.0] * len(rows)
    for name, weight in weights.items():
        values = [float(value) for value in getattr(found, name)]
        mean = sum(values) / len(values)
        deviation = (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5
        for i, value in enumerate(values):
            own[i] += weight * (value - mean) / deviation
    ranked = []
    for i, row in enumerate(rows):
        beside = [own[j] for j, r in enumerate(rows) if abs(r - row) == 1 and titles[r] == titles[row]]
        ranked.append(own[i] + _NEIGHBOUR * max([0.0, *beside]))
    return ranked


@pytest.mark.parametrize("seed", range(8))
def test_the_ranking_score_by_hand(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.choice(40, size=25, replace=False)
    titles = np.sort(random.integers(0, 12, size=40)).astype(np.int32)
    found = signals(25, seed)
    assert rank_scores(found, rows, titles) == pytest.approx(
        ranked_by_hand(found, rows.tolist(), titles.tolist()), abs=1e-4
    )


def test_the_order_in_which_chunks_are_given_changes_no_score() -> None:
    rows, titles = np.arange(30), np.repeat(np.arange(10), 3).astype(np.int32)
    found = signals(30, 3)
    mixed = np.random.default_rng(4).permutation(30)
    moved = Signals(*(getattr(found, name)[mixed] for name in ("dense", "lexical", "sentence", "coverage", "heading")))
    assert rank_scores(moved, rows[mixed], titles) == pytest.approx(rank_scores(found, rows, titles)[mixed], abs=1e-5)


@pytest.mark.parametrize(
    ("rows", "titles", "gains"),
    [
        pytest.param([4, 5, 9], [0] * 10, [False, True, False], id="the row after it"),
        pytest.param([4, 3, 9], [0] * 10, [False, True, False], id="the row before it"),
        pytest.param([4, 5, 3], [0] * 10, [False, True, True], id="both"),
        pytest.param([4, 6, 2], [0] * 10, [False, False, False], id="a row between"),
        pytest.param([4, 5, 3], [0, 0, 0, 0, 0, 1, 1, 1, 1, 1], [False, False, True], id="another title"),
    ],
)
def test_a_good_chunk_lifts_those_beside_it_of_its_title_alone(
    rows: list[int], titles: list[int], gains: list[bool]
) -> None:
    given = plain(3)
    apart = rank_scores(given, np.array([0, 20, 40]), np.zeros(41, dtype=np.int32))
    found = rank_scores(given, np.array(rows), np.array(titles, dtype=np.int32))
    assert [bool(gain > 1e-6) for gain in found - apart] == gains


def test_a_chunk_below_the_mean_costs_those_beside_it_nothing() -> None:
    found = Signals(*(scores(-1, 0, 0) for _ in range(5)))
    apart = rank_scores(found, np.array([0, 20, 40]), np.zeros(41, dtype=np.int32))
    # The two others are above the mean themselves; only the first gains.
    assert rank_scores(found, np.array([4, 5, 9]), np.zeros(10, dtype=np.int32))[1] == pytest.approx(apart[1])


def test_no_chunk_and_one_chunk_have_a_score_each() -> None:
    titles = np.zeros(3, dtype=np.int32)
    assert len(rank_scores(signals(0, 1), np.zeros(0, dtype=np.int64), titles)) == 0
    assert list(rank_scores(signals(1, 1), np.array([2]), titles)) == [0]


def test_the_first_of_the_signals_are_those_of_the_first_chunks() -> None:
    found = signals(6, 2)
    assert np.array_equal(found.first(2).heading, found.heading[:2])
    assert len(found.first(9).dense) == 6
