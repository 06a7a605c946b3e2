"""Figures against sums done by hand."""

from math import log2

import pytest

from reperage.service.evaluation.measures import abstention, auroc, estimate, retrieval

QRELS = {"q1": {"a": 2, "b": 1, "c": 0}, "q2": {"d": 1}}
RUN = {"q1": ["b", "x", "a", "c"], "q2": ["x", "y", "z", "v", "w", "d"]}


def test_ndcg_is_gain_over_the_logarithm_of_the_rank_divided_by_the_best_order():
    first = (1 / log2(2) + 2 / log2(4)) / (2 / log2(2) + 1 / log2(3))
    second = (1 / log2(7)) / (1 / log2(2))
    assert retrieval(QRELS, RUN)["ndcg_at_10"].value == pytest.approx((first + second) / 2)


def test_recall_is_the_share_of_relevant_passages_among_the_first():
    found = retrieval(QRELS, RUN)
    assert found["recall_at_1"].value == pytest.approx((1 / 2 + 0) / 2)
    assert found["recall_at_5"].value == pytest.approx((2 / 2 + 0) / 2)
    assert found["recall_at_10"].value == pytest.approx(1)


def test_mrr_is_one_over_the_rank_of_the_first_relevant_passage():
    assert retrieval(QRELS, RUN)["mrr"].value == pytest.approx((1 + 1 / 6) / 2)


def test_a_query_that_found_nothing_counts_as_nothing():
    found = retrieval(QRELS, {"q1": RUN["q1"], "q2": []})
    assert found["mrr"].value == pytest.approx(1 / 2)
    assert retrieval(QRELS, {"q1": RUN["q1"]}) == found


def test_the_order_is_that_of_the_ranking_and_not_of_the_names():
    for ranking in (["z", "a"], ["a", "z"]):
        assert retrieval({"q": {ranking[0]: 1}}, {"q": ranking})["recall_at_1"].value == 1


def test_the_interval_holds_the_mean_and_is_the_same_every_time():
    values = [0.0, 1.0, 1.0, 0.5, 0.25, 1.0, 0.0, 0.0, 1.0, 0.75]
    found = estimate(values)
    assert found == estimate(values)
    assert found.value == pytest.approx(0.55)
    assert found.low < found.value < found.high
    # The normal approximation: 1.96 × deviation / √n to each side.
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * 0.4244 / 10**0.5, rel=0.15)


def test_the_interval_of_equal_values_is_a_point():
    found = estimate([0.5] * 4)
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


def test_auroc_counts_pairs_and_a_tie_as_half():
    # 0.9 beats three; 0.5 beats one and ties with one; 0.1 ties with one.
    assert auroc([0.9, 0.5, 0.1], [0.1, 0.5, 0.7]) == pytest.approx((3 + 1.5 + 0.5) / 9)
    assert auroc([1.0], [0.0]) == 1
    assert auroc([0.5, 0.5], [0.5]) == 0.5


def test_shares_are_taken_at_the_threshold_and_the_threshold_itself_answers():
    found = abstention([0.2, 0.3, 0.6, 0.9], [0.1, 0.3, 0.5], threshold=0.3)
    assert found.answered == pytest.approx(3 / 4)
    assert found.refused == pytest.approx(1 / 3)


def test_refused_at_90_answered_takes_the_threshold_that_a_tenth_of_the_answerable_falls_below():
    answerable = [i / 10 for i in range(11)]  # their 10 % quantile is 0.1
    assert abstention(answerable, [0.05, 0.0999, 0.1, 0.8], 0.5).refused_at_90_answered == pytest.approx(2 / 4)


def test_what_needs_questions_that_are_not_there_is_not_measured():
    found = abstention([0.9], [], threshold=0.5)
    assert (found.auroc, found.answered, found.refused, found.refused_at_90_answered) == (None, 1, None, None)
    assert abstention([], [0.9], threshold=0.5).refused == 0
