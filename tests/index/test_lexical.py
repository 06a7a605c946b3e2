from collections import Counter
from math import log
from pathlib import Path

import numpy as np
import pytest

from reperage.index.lexical import K1, B, Lexical

TEXTS = [
    ["docker", "conteneur", "image", "image"],
    ["port", "expose", "conteneur"],
    [],
    ["image"] * 9 + ["docker"],
    ["volume"],
]


def bm25(question: list[str], texts: list[list[str]]) -> list[float]:
    """Robertson's formula, with Lucene's idf and without its constant factor k1 + 1."""
    n = len(texts)
    mean = sum(map(len, texts)) / n
    scores = []
    for text in texts:
        tf = Counter(text)
        score = 0.0
        for term in question:
            df = sum(term in other for other in texts)
            if df:
                idf = log(1 + (n - df + 0.5) / (df + 0.5))
                score += idf * tf[term] / (tf[term] + K1 * (1 - B + B * len(text) / mean))
        scores.append(score)
    return scores


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize(
    "question", [["image"], ["docker", "image"], ["image", "image"], ["volume", "inconnu"], ["inconnu"], []]
)
def test_scores_are_those_of_the_textbook(question: list[str], loaded: bool, tmp_path: Path) -> None:
    lexical = Lexical.build(TEXTS)
    if loaded:
        lexical.save(tmp_path / "lexical")
        lexical = Lexical.load(tmp_path / "lexical")
    assert lexical.scores(question) == pytest.approx(bm25(question, TEXTS), rel=1e-5)


def test_scores_of_many_random_texts_are_those_of_the_textbook() -> None:
    random = np.random.default_rng(3)
    texts = [[f"t{i}" for i in random.zipf(1.5, size=random.integers(1, 60)) if i < 200] for _ in range(300)]
    lexical = Lexical.build(texts)
    for question in (["t1"], ["t1", "t7", "t30"], ["t150", "t2"]):
        assert lexical.scores(question) == pytest.approx(bm25(question, texts), rel=1e-4, abs=1e-6)


def test_idf_is_lucenes_and_unknown_terms_have_none() -> None:
    lexical = Lexical.build(TEXTS)
    assert lexical.idf("image") == pytest.approx(log(1 + 3.5 / 2.5))
    assert lexical.idf("inconnu") is None
    assert lexical.highest_idf == pytest.approx(log(1 + 5.5 / 0.5))


@pytest.mark.parametrize("texts", [[], [[], []]])
def test_without_any_term_there_are_no_scores(texts: list[list[str]], tmp_path: Path) -> None:
    Lexical.build(texts).save(tmp_path / "lexical")
    for lexical in (Lexical.build(texts), Lexical.load(tmp_path / "lexical")):
        assert len(lexical.scores(["a"])) == 0
        assert lexical.idf("a") is None
        assert not lexical.holds("a", np.arange(len(texts))).any()


@pytest.mark.parametrize("loaded", [False, True])
def test_a_chunk_holds_the_terms_that_stand_in_it(loaded: bool, tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    texts = [[f"t{i}" for i in random.zipf(1.4, size=random.integers(0, 12)) if i < 60] for _ in range(80)]
    lexical = Lexical.build(texts)
    if loaded:
        lexical.save(tmp_path / "lexical")
        lexical = Lexical.load(tmp_path / "lexical")
    for rows in (np.arange(80), random.permutation(80)[:30], np.array([79, 0, 79]), np.zeros(0, dtype=np.int64)):
        for term in (f"t{i}" for i in range(60)):
            assert list(lexical.holds(term, rows)) == [term in texts[row] for row in rows]


def test_terms_that_are_written_alike_are_told_with_how_much() -> None:
    lexical = Lexical.build([["conteneur", "conteneuris", "contenu", "port", "portabl", "con"], ["image"]])
    alike = lexical.alike("conteneur")
    # _co con ont nte ten ene neu eur ur_ against _co con ont nte ten ene neu eur uri ris is_
    assert alike["conteneuris"] == pytest.approx(2 * 8 / (9 + 11))
    assert set(alike) == {"conteneuris", "contenu"}
    assert all(0 < likeness < 1 for likeness in alike.values())
    assert lexical.alike("con") == lexical.alike("") == lexical.alike("zebre") == {}
    assert Lexical.build([]).alike("conteneur") == {}
