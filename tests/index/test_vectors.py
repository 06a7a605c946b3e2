from pathlib import Path

import numpy as np
import pytest

from index.vectors import ChunkVectors, SentenceVectors, Vectors


def unit(n: int, dimensions: int = 32, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((n, dimensions)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("k", [1, 10, 500, 1000])
def test_search_is_brute_force(k: int, tmp_path: Path) -> None:
    vectors, questions = unit(500), unit(20, seed=1)
    ChunkVectors.build(vectors).save(tmp_path / "v")
    for index in (ChunkVectors.build(vectors), ChunkVectors.load(tmp_path / "v")):
        for question in questions:
            products = vectors @ question
            scores, rows = index.search(question, k)
            assert len(rows) == min(k, 500)
            assert list(rows) == list(np.argsort(-products, kind="stable")[:k])
            assert scores == pytest.approx(products[rows], abs=1e-5)


def test_scores_of_given_rows_are_their_inner_products() -> None:
    vectors, (question,) = unit(50), unit(1, seed=1)
    rows = np.array([3, 40, 0])
    assert ChunkVectors.build(vectors).scores(question, rows) == pytest.approx(vectors[rows] @ question, abs=1e-6)
    assert len(ChunkVectors.build(vectors).scores(question, rows[:0])) == 0
    assert np.array_equal(ChunkVectors.build(vectors).reconstruct(rows), vectors[rows])


def test_inverted_lists_find_nearly_what_brute_force_finds(tmp_path: Path) -> None:
    centres = unit(40, seed=2)
    spread = np.random.default_rng(4).standard_normal((4000, 32)).astype(np.float32) * 0.08
    vectors = centres[np.arange(4000) % 40] + spread
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ChunkVectors.build(vectors, exact_up_to=1000).save(tmp_path / "v")
    index = ChunkVectors.load(tmp_path / "v")
    questions = vectors[::80] + unit(50, seed=5) * 0.2
    questions /= np.linalg.norm(questions, axis=1, keepdims=True)
    found = 0
    for question in questions:
        products = vectors @ question
        scores, rows = index.search(question, 10)
        found += len(set(rows) & set(np.argsort(-products)[:10]))
        assert scores == pytest.approx(products[rows], abs=0.02)
        assert list(scores) == sorted(scores, reverse=True)
        assert index.scores(question, rows) == pytest.approx(products[rows], abs=0.02)
    assert found / 500 >= 0.9


def test_an_index_of_nothing_finds_nothing(tmp_path: Path) -> None:
    ChunkVectors.build(np.zeros((0, 32), dtype=np.float32)).save(tmp_path / "v")
    scores, rows = ChunkVectors.load(tmp_path / "v").search(unit(1)[0], 5)
    assert len(scores) == len(rows) == 0


def test_sentence_vectors_are_those_of_their_chunk(tmp_path: Path) -> None:
    vectors = unit(6).astype(np.float16)
    SentenceVectors(vectors, np.array([0, 2, 2, 6])).save(tmp_path)
    loaded = SentenceVectors.load(tmp_path)
    assert len(loaded) == 6
    for row, (start, end) in enumerate([(0, 2), (2, 2), (2, 6)]):
        assert np.array_equal(loaded.of_chunk(row), vectors[start:end].astype(np.float32))
    assert loaded.of_chunk(0).dtype == np.float32
