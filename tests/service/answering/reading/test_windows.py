"""Runs of sentences that the reader reads at once."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from reperage.index.models import SHIPPED_MODEL, model_folder
from reperage.service.answering.reading.windows import LONGEST_HEADING, LONGEST_TEXT, likeliest_windows
from tests.service.small_course import SmallCourse

pytestmark = pytest.mark.model

SENTENCES = [f"La locomotive numéro {i} tire des wagons de bois sur la ligne du col." for i in range(1, 31)]
LONG_PATH = " et ".join(f"un très long titre numéro {i}" for i in range(20))


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    folder = model_folder(SHIPPED_MODEL)
    assert folder is not None
    return Tokenizer.from_file(str(Path(folder, "tokenizer.json")))


def test_every_sentence_of_a_chunk_stands_whole_in_one_window(course, tokenizer: Tokenizer) -> None:
    small: SmallCourse = course(f"# Trains\n\n## Les locomotives\n\n{' '.join(SENTENCES)}\n")
    candidates = small.candidates("Que tirent les locomotives ?")
    windows = likeliest_windows(candidates, tokenizer, 100)
    assert len(windows) > 2
    shown = []
    for window in windows:
        ids = window.passage.ids
        assert len(ids) <= LONGEST_HEADING + LONGEST_TEXT
        assert tokenizer.decode(ids).startswith("Trains › Les locomotives")
        for place, span in zip(window.passage.places, window.passage.spans, strict=True):
            text = window.hit.chunk.sentences[place].shown
            assert tokenizer.decode(ids[span.start : span.end]) == text
            shown.append(text)
    assert sorted(shown) == sorted(SENTENCES)


def test_the_likeliest_come_first_and_no_more_than_wanted(course, tokenizer: Tokenizer) -> None:
    small: SmallCourse = course(f"# Trains\n\n## Les locomotives\n\n{' '.join(SENTENCES)}\n")
    candidates = small.candidates("Que tirent les locomotives ?")
    [window] = likeliest_windows(candidates, tokenizer, 1)
    assert candidates[0].place in window.passage.places
    assert window.likelihood == candidates[0].score
    assert likeliest_windows([], tokenizer, 3) == []


def test_what_is_too_long_is_cut(course, tokenizer: Tokenizer) -> None:
    code = "\n".join(f"commande --option{i} valeur" for i in range(60))
    small: SmallCourse = course(f"# {LONG_PATH}\n\n## Une suite\n\n```sh\n{code}\n```\n\nLa suite se lance ainsi.\n")
    for window in likeliest_windows(small.candidates("comment lancer la suite ?"), tokenizer, 10):
        assert len(window.passage.ids) <= LONGEST_HEADING + LONGEST_TEXT
        assert all(span.end <= len(window.passage.ids) for span in window.passage.spans)
