from pathlib import Path

import numpy as np
import pytest

from reperage.index.vectors import ChunkVectors, HeadingVectors, SentenceVectors, Vectors


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


def best_by_hand(
    vectors: Vectors, first: list[int], rows: list[int], question: Vectors, otherwise: Vectors
) -> list[float]:
    best = []
    for row, fallback in zip(rows, otherwise, strict=True):
        products = [float(vector @ question) for vector in vectors[first[row] : first[row + 1]]]
        best.append(max(products, default=float(fallback)))
    return best


@pytest.mark.parametrize("seed", range(6))
def test_the_best_sentence_of_each_chunk_is_the_one_that_a_plain_loop_finds(seed: int, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    counts = random.integers(0, 5, size=40)
    first = np.cumsum([0, *counts])
    vectors = unit(int(first[-1]), seed=seed).astype(np.float16)
    SentenceVectors(vectors, first).save(tmp_path)
    rows = random.permutation(40)[:15]
    otherwise = random.standard_normal(15).astype(np.float32)
    (question,) = unit(1, seed=seed + 100)
    expected = best_by_hand(vectors.astype(np.float32), first.tolist(), rows.tolist(), question, otherwise)
    given = otherwise.copy()
    for sentences in (SentenceVectors(vectors, first), SentenceVectors.load(tmp_path)):
        assert sentences.best_of_chunks(rows, question, otherwise) == pytest.approx(expected, abs=1e-5)
    assert np.array_equal(otherwise, given)


@pytest.mark.parametrize("rows", [[], [0], [1, 3], [0, 1, 2, 3], [2, 0, 2]])
def test_a_chunk_without_a_sentence_gets_what_it_would_otherwise(rows: list[int]) -> None:
    vectors, first = unit(3).astype(np.float16), np.array([0, 0, 2, 3, 3])
    otherwise = np.linspace(-1, 1, len(rows), dtype=np.float32)
    (question,) = unit(1, seed=1)
    expected = best_by_hand(vectors.astype(np.float32), first.tolist(), rows, question, otherwise)
    found = SentenceVectors(vectors, first).best_of_chunks(np.array(rows, dtype=np.int64), question, otherwise)
    assert found == pytest.approx(expected, abs=1e-6)


def test_headings_count_the_less_the_more_sections_share_them(tmp_path: Path) -> None:
    headings, (question,) = unit(3), unit(1, seed=1)
    heading_of, shared = np.array([0, 1, 1, 2, 1], dtype=np.int32), np.array([1, 3, 7], dtype=np.int32)
    rows, dense = np.array([4, 0, 3, 1]), np.array([0.5, 0.1, -0.2, 0.9], dtype=np.float32)
    expected = []
    for row, own in zip(rows, dense, strict=True):
        heading = heading_of[row]
        apart = 1 / float(shared[heading]) ** 0.5
        expected.append(apart * float(headings[heading] @ question) + (1 - apart) * float(own))
    HeadingVectors(headings, heading_of, shared).save(tmp_path)
    for found in (HeadingVectors(headings, heading_of, shared), HeadingVectors.load(tmp_path)):
        assert found.scores(rows, question, dense) == pytest.approx(expected, abs=1e-6)
        assert np.array_equal(found.of_chunk(3), headings[2])
        assert len(found.scores(rows[:0], question, dense[:0])) == 0


@pytest.mark.parametrize("sections", [1, 2, 3, 10, 999, 50_000, 1_000_000])
def test_how_many_sections_share_a_heading_is_read_as_it_was_written(sections: int, tmp_path: Path) -> None:
    HeadingVectors(unit(1), np.zeros(1, dtype=np.int32), np.array([sections], dtype=np.int32)).save(tmp_path)
    HeadingVectors.load(tmp_path).save(tmp_path)
    [written] = np.load(tmp_path / "heading_shares.npy")
    assert written == pytest.approx(sections, rel=1e-6)
