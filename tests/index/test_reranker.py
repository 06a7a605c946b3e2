"""The cross-encoder that reads the best chunks again, on a tiny one that is made here."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from reperage.index.errors import UnusableModel
from reperage.index.index import Hit, Index
from reperage.index.reranker import Reranker
from tests.conftest import MakeCourse
from tests.index.building import RECIPE, build, save_cross_encoder, vector_of

WORDS = ("docker", "conteneur", "image", "port", "volume")
QUESTION = "un conteneur et un port ?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_cross_encoder(tmp_path_factory.mktemp("models") / "petit")


@pytest.fixture
def hits(make_course: MakeCourse, tmp_path: Path) -> list[Hit]:
    files = {f"{i:02}.md": f"# {WORDS[i % 5]}\n\nUn {WORDS[i % 5]} est un {WORDS[i // 5]}.\n" for i in range(25)}
    index = Index.open(build(make_course(files), tmp_path / "indexes").folder, RECIPE)
    return index.search(QUESTION, vector_of(QUESTION), 20)


def scores_by_transformers(folder: Path, hits: list[Hit]) -> list[float]:
    """One pair at a time, without sentence-transformers."""
    model, tokenizer = AutoModelForSequenceClassification.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        pairs = [tokenizer(QUESTION, hit.chunk.embedded_text, return_tensors="pt") for hit in hits]
        return [float(model(**pair).logits[0, 0]) for pair in pairs]


def test_hits_come_in_the_order_of_the_models_scores(folder: Path, hits: list[Hit]) -> None:
    scores = scores_by_transformers(folder, hits)
    assert len({round(score, 5) for score in scores}) == len(hits)
    found = Reranker.load(str(folder)).rerank(QUESTION, hits)
    order = sorted(range(len(hits)), key=lambda i: -scores[i])
    assert [hit.row for hit in found] == [hits[i].row for i in order] != [hit.row for hit in hits]


def test_ranks_and_scores_stay_in_order_and_all_else_belongs_to_the_chunk(folder: Path, hits: list[Hit]) -> None:
    found = Reranker.load(str(folder)).rerank(QUESTION, hits)
    assert [hit.rank for hit in found] == list(range(1, len(hits) + 1))
    assert [hit.score for hit in found] == [hit.score for hit in hits]
    given = {hit.row: hit for hit in hits}
    for hit in found:
        own = given[hit.row]
        assert (hit.chunk, hit.dense, hit.lexical) == (own.chunk, own.dense, own.lexical)
        assert (hit.sentence, hit.coverage) == (own.sentence, own.coverage)


def test_without_a_hit_there_is_nothing_to_read(folder: Path) -> None:
    assert Reranker.load(str(folder)).rerank(QUESTION, []) == []


def test_many_threads_get_what_one_gets(folder: Path, hits: list[Hit]) -> None:
    reranker = Reranker.load(str(folder))
    questions = [f"{word} {i}" for i, word in enumerate(WORDS * 4)]
    alone = [reranker.rerank(question, hits) for question in questions]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda question: reranker.rerank(question, hits), questions)) == alone


@pytest.mark.parametrize(
    "damage", ["no folder", "an empty folder", "no weights", "no tokenizer", "cut weights", "junk"]
)
def test_what_is_no_cross_encoder_is_named_with_what_can_be_set(damage: str, tmp_path: Path) -> None:
    folder = tmp_path / "cassé"
    if damage == "an empty folder":
        folder.mkdir()
    elif damage != "no folder":
        save_cross_encoder(folder)
        weights = folder / "model.safetensors"
        if damage == "no weights":
            weights.unlink()
        elif damage == "no tokenizer":
            (folder / "tokenizer.json").unlink()
        elif damage == "cut weights":
            weights.write_bytes(weights.read_bytes()[:100])
        else:
            (folder / "config.json").write_text("{")
    with pytest.raises(UnusableModel, match="REPERE_RERANKER") as caught:
        Reranker.load(str(folder))
    assert repr(str(folder)) in str(caught.value)


@pytest.mark.parametrize("name", ["personne/rien", "", "pas un nom"])
def test_an_unknown_name_is_an_error_that_says_what_can_be_set(name: str) -> None:
    with pytest.raises(UnusableModel, match="REPERE_RERANKER"):
        Reranker.load(name)


def test_support_is_a_model_s_score_or_its_entailment(folder: Path, tmp_path: Path) -> None:
    one = Reranker.load(str(folder))
    scores = {one.support(premise, QUESTION) for premise in WORDS}
    assert len(scores) > 1
    assert all(0 <= score <= 1 for score in scores)
    three = Reranker.load(str(save_cross_encoder(tmp_path / "nli", ["Entailment", "neutral", "contradiction"])))
    other = Reranker.load(str(save_cross_encoder(tmp_path / "other", ["contradiction", "neutral", "Entailment"])))
    found = three.model.predict([(WORDS[1], QUESTION)], apply_softmax=True)[0]
    assert three.support(WORDS[1], QUESTION) == pytest.approx(float(found[0]), abs=1e-6)
    assert other.support(WORDS[1], QUESTION) == pytest.approx(float(found[2]), abs=1e-6)
