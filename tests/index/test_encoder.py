from pathlib import Path

import numpy as np
import pytest

from reperage.index.encoder import Encoder
from reperage.index.errors import UnusableModel
from tests.index.building import small_model

TEXTS = ["Un conteneur.", "port " * 300, "", "image " * 40, "Docker ?", "été " * 100] + [
    f"texte {i}" for i in range(90)
]


@pytest.mark.model
def test_batches_give_the_vectors_of_single_texts_in_their_order(encoder: Encoder) -> None:
    told: list[int] = []
    together = encoder.encode_document(TEXTS, told.append)
    assert together.shape == (len(TEXTS), encoder.dimensions)
    assert sum(told) == len(TEXTS)
    assert len(told) > 1
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)
    for text, vector in list(zip(TEXTS, together, strict=True))[::7]:
        assert vector @ encoder.encode_document([text])[0] > 0.995


@pytest.mark.model
def test_questions_and_texts_get_the_prompts_of_the_model(encoder: Encoder) -> None:
    # One by one: what else is in a batch moves the steps that numbers are rounded to.
    bare = [encoder.model.encode(text) for text in ("query: un port", "passage: un port")]
    assert encoder.encode_query(["un port"])[0] @ bare[0] > 0.9999
    assert encoder.encode_document(["un port"])[0] @ bare[1] > 0.9999
    assert bare[0] @ bare[1] < 0.999


@pytest.mark.model
def test_a_text_that_is_too_long_is_cut(encoder: Encoder) -> None:
    assert 500 < encoder.max_tokens < 512
    assert encoder.count_tokens(["port" + " port" * 1999]) == [2000]
    end = encoder.encode_document(["port " * 600 + "image " * 1400])[0]
    assert end @ encoder.encode_document(["port " * 2000])[0] > 0.999


@pytest.mark.model
def test_no_text_gives_no_vector(encoder: Encoder) -> None:
    assert encoder.encode_document([]).shape == (0, encoder.dimensions)
    assert list(encoder.count_tokens([])) == []


@pytest.mark.model
def test_like_texts_are_near_in_both_languages(encoder: Encoder) -> None:
    question = encoder.encode_query(["What is a container?"])[0]
    near, far = encoder.encode_document(["Un conteneur est un environnement isolé.", "La recette de la tarte."])
    assert question @ near > question @ far


@pytest.mark.parametrize("lengths", [[], [5], [1, 9, 3, 9], [4096, 4096, 1], [9000, 2], [40] * 300, list(range(500))])
def test_batches_hold_every_text_once_longest_first_within_the_limits(lengths: list[int]) -> None:
    batches = list(Encoder._batches(lengths))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    in_order = [lengths[i] for batch in batches for i in batch]
    assert in_order == sorted(lengths, reverse=True)
    for batch in batches:
        assert len(batch) == 1 or len(batch) * lengths[batch[0]] <= 4096
        assert len(batch) <= 64


def test_a_model_in_a_folder_is_loaded_with_the_prompts_of_the_settings(tmp_path: Path) -> None:
    small_model().save(str(tmp_path / "petit"))
    plain = Encoder.load(str(tmp_path / "petit"))
    prompted = Encoder.load(str(tmp_path / "petit"), query_prompt="query : ", document_prompt="passage : ")
    assert plain.dimensions == 16
    assert list(plain.count_tokens(["un conteneur est isolé", ""])) == [4, 0]
    texts = ["un conteneur", "un port", "volume"]
    assert np.linalg.norm(plain.encode_document(texts), axis=1) == pytest.approx(1, abs=1e-6)
    assert prompted.encode_query(texts) == pytest.approx(plain.encode_query([f"query : {t}" for t in texts]), abs=1e-5)
    assert prompted.encode_document(texts) == pytest.approx(
        plain.encode_document([f"passage : {t}" for t in texts]), abs=1e-5
    )
    assert not np.allclose(prompted.encode_query(texts), plain.encode_query(texts), atol=0.01)


@pytest.mark.parametrize("name", ["personne/rien", "", "pas un nom"])
def test_an_unknown_model_is_an_error_that_says_what_can_be_set(name: str) -> None:
    with pytest.raises(UnusableModel, match="REPERE_EMBEDDING_MODEL"):
        Encoder.load(name)


def test_a_damaged_model_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"rien")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UnusableModel, match=str(tmp_path)):
        Encoder.load(str(tmp_path))
