"""The encoder for long work while questions are asked."""

import numpy as np
import pytest

from reperage.index.encoder import Encoder
from tests.index.building import small_model


def test_it_gives_the_same_vectors_in_smaller_batches() -> None:
    encoder, steps = Encoder(small_model(), threads=1), []
    texts = ["docker " * 100] * 40
    told: list[int] = []
    patient = encoder.beside_questions(lambda: steps.append(1))
    assert np.array_equal(patient.encode_document(texts, told.append), encoder.encode_document(texts))
    assert (patient.calls_at_once, max(told), len(steps)) == (1, 10, 4)
    assert encoder.calls_at_once >= 1


def test_it_ends_where_it_is_told_to() -> None:
    class Ended(Exception):
        pass

    def end() -> None:
        raise Ended

    patient = Encoder(small_model(), threads=1).beside_questions(end)
    with pytest.raises(Ended):
        patient.encode_document(["docker"])
    with pytest.raises(Ended):
        patient.count_tokens(["docker"])
