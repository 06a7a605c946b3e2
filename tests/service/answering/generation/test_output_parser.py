"""What a model writes, cut into sentences with their numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reperage.service.answering.generation.output_parser import GeneratedSentence, OutputParser


def read(text: str, size: int = 1) -> list[GeneratedSentence]:
    parser = OutputParser()
    found = []
    for i in range(0, len(text), size):
        found += parser.read(text[i : i + size])
    return found + parser.end()


def pairs(text: str) -> list[tuple[str, tuple[int, ...]]]:
    return [(written.shown, written.numbers) for written in read(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Un port est ouvert [1]. Il est fermé [2][3].", [("Un port est ouvert.", (1,)), ("Il est fermé.", (2, 3))]),
        ("Un port est ouvert. [1] Il est fermé. [2, 3]", [("Un port est ouvert.", (1,)), ("Il est fermé.", (2, 3))]),
        ("Sans numéro. Avec [4].", [("Sans numéro.", ()), ("Avec.", (4,))]),
        ("Rien du tout.", [("Rien du tout.", ())]),
        ("Coupé net [1] au mil", [("Coupé net.", (1,)), ("au mil.", ())]),
        ("Deux fois [1] [1];[2].", [("Deux fois.", (1,)), (";.", (2,))]),
        ("# Titre\nUn port [1]", [("Titre.", ()), ("Un port.", (1,))]),
        ("**Un** `port` *ouvert* [1]", [("Un port ouvert.", (1,))]),
        ("`t[0]` vaut 1 [2].", [("t[0] vaut 1.", (2,))]),
        ("<think>D'abord [1]. Puis [2].</think>Un port [3].", [("Un port.", (3,))]),
        ("Un port ([3]). Deux **[4]**. Trois 【5】.", [("Un port.", (3,)), ("Deux.", (4,)), ("Trois.", (5,))]),
        ("Un port [3-5][^7]. Deux [1-9999].", [("Un port.", (3, 4, 5, 7)), ("Deux.", tuple(range(1, 11)))]),
        ("D'abord, puis.</think>Un port [3].", [("Un port.", (3,))]),
        ("<think>Sans fin [1]. Puis [2].", []),
        ("", []),
        ("[1][2]", []),
    ],
)
def test_sentences_and_their_numbers(text: str, expected: list) -> None:
    assert [pair for pair in pairs(text) if any(c.isalnum() for c in pair[0])] == [
        pair for pair in expected if any(c.isalnum() for c in pair[0])
    ]


def test_items_of_a_list_and_code_are_known() -> None:
    text = "Les étapes :\n- construire [1]\n2. lancer [2]\nAvec :\n```sh\ndocker run x\n```\n[3]\nVoilà [4]."
    assert [(w.text, w.numbers, w.kind) for w in read(text)] == [
        ("Les étapes :", (), "paragraph"),
        ("construire", (1,), "list"),
        ("lancer", (2,), "list"),
        ("Avec :", (3,), "paragraph"),
        ("docker run x", (3,), "code"),
        ("Voilà", (4,), "paragraph"),
    ]


def test_a_sentence_comes_as_soon_as_something_follows_its_numbers() -> None:
    parser = OutputParser()
    assert parser.read("Un port [1") == []
    assert parser.read("]") == []
    assert parser.read(" [2]") == []
    assert [w.numbers for w in parser.read(" Il")] == [(1, 2)]


@pytest.mark.timeout(30)
@pytest.mark.parametrize("flood", [" ", "\n", "[", "]", "[1", "*", "`", "<", "a. ", "[1] "])
def test_a_flood_ends(flood: str) -> None:
    assert not [written for written in read(flood * (8000 // len(flood)), 4) if len(written.numbers) > 1]


@given(st.text(alphabet="ab `[]12,.\n-<>think/*#", max_size=60), st.integers(1, 7))
def test_pieces_do_not_matter_and_nothing_breaks(text: str, size: int) -> None:
    assert [(w.text, w.numbers) for w in read(text, size)] == [(w.text, w.numbers) for w in read(text, 1)]
