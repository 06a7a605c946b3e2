"""Sentences in runs that are set alike, and where their links lead."""

import pytest
from hypothesis import given

from reperage.corpus import Chunking, Sentence
from reperage.service.contract.answer import AnswerSentence, Span
from reperage.service.sources.formatting import spans_of
from reperage.service.sources.links import absolute
from tests.conftest import at_most
from tests.corpus.generated import documents
from tests.corpus.reading import document_of, sentences_of, split_text

BASE = "https://h/r"


def find(path: str) -> str | None:
    return f"{BASE}/{path}?version=1" if path in ("cours.md", "dossier/a b.md", "c.md") else None


def spans(text: str) -> list[list[Span]]:
    return [spans_of(sentence, document_of(text), find) for sentence in sentences_of(text)]


def joined(sentence: Sentence, found: list[Span]) -> str:
    """The text of spans, the cells of a row parted."""
    parts = []
    for i, span in enumerate(found):
        parted = sentence.kind == "table" and i and span.cell != found[i - 1].cell
        parts.append(f" | {span.text}" if parted else span.text)
    return "".join(parts)


def test_plain_sentences_and_code_have_no_spans() -> None:
    assert spans("Un port.\n\n```\n**x**\n```\n\n- [mort](ailleurs.md)") == [[], [], []]


def test_a_run_has_all_marks_that_reach_over_it_the_outermost_first() -> None:
    assert spans("Le **`port` [exposé](https://a.b)** *là*") == [
        [
            Span(text="Le "),
            Span(text="port", marks=["strong", "code"]),
            Span(text=" ", marks=["strong"]),
            Span(text="exposé", marks=["strong"], href="https://a.b"),
            Span(text=" "),
            Span(text="là", marks=["emphasis"]),
        ]
    ]


def test_a_stored_sentence_that_lacks_what_was_added_is_plain() -> None:
    stored = {"text": "Un port.", "citations": [1], "kind": "list", "block": 0, "group": 0}
    sentence = AnswerSentence.model_validate(stored)
    assert (sentence.spans, sentence.level, sentence.ordinal, sentence.continues) == ([], 1, None, False)


def test_runs_that_are_set_alike_are_one() -> None:
    assert spans("Un [mort](nulle-part.md) **lien**") == [
        [Span(text="Un mort "), Span(text="lien", marks=["strong"])],
    ]
    assert spans("**a** [**b** **c**](https://d)")[0][0] == Span(text="a", marks=["strong"])


def test_a_row_has_the_spans_of_its_cells_always() -> None:
    head, row = spans("| a | b | c |\n|--|--|--|\n| | x | `y` **z** |\n")
    assert head == [Span(text="a", cell=0), Span(text="b", cell=1), Span(text="c", cell=2)]
    assert row == [
        Span(text="x", cell=1),
        Span(text="y", marks=["code"], cell=2),
        Span(text=" ", cell=2),
        Span(text="z", marks=["strong"], cell=2),
    ]


@pytest.mark.parametrize("limit", [40, 14])
@at_most(100)
@given(text=documents)
def test_spans_join_to_the_text(limit: int, text: str) -> None:
    document = document_of(text)
    for chunk in split_text(text, Chunking(target=12, limit=limit, heading_limit=5)).chunks:
        for sentence in chunk.sentences:
            found = spans_of(sentence, document, find)
            assert all(span.text for span in found)
            assert all((span.cell is None) == (sentence.kind != "table") for span in found) or not sentence.marks
            assert bool(found) or sentence.kind != "table"
            if found:
                assert joined(sentence, found) == sentence.shown


def test_a_row_that_is_cut_between_its_cells_joins_to_the_text() -> None:
    text = "| " + " | ".join(f"cellule {i}" for i in range(40)) + " |\n" + "|--" * 40 + "|\n"
    for limit in range(10, 30):
        for chunk in split_text(text, Chunking(limit, limit, 2)).chunks:
            for sentence in chunk.sentences:
                found = spans_of(sentence, document_of(text), find)
                assert joined(sentence, found) == sentence.shown
                assert [span.cell for span in found] == sorted(span.cell or 0 for span in found)


@pytest.mark.parametrize(
    ("href", "address"),
    [
        ("https://a.b/c?d#e", "https://a.b/c?d#e"),
        ("HTTP://a.b", "HTTP://a.b"),
        ("mailto:a@b.c", "mailto:a@b.c"),
        ("#ancre", f"{BASE}/cours.md?version=1#ancre"),
        ("cours.md#a", f"{BASE}/cours.md?version=1#a"),
        ("./dossier/a%20b.md", f"{BASE}/dossier/a b.md?version=1"),
        ("dossier/../c.md", f"{BASE}/c.md?version=1"),
        ("inconnu.md", None),
        ("../c.md", None),
        ("/c.md", None),
        ("//a.b/c", None),
        ("javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("\x01javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("ftp://a.b", None),
        ("file:///etc/passwd", None),
        ("https:a", None),
        ("http://[", None),
        ("%00", None),
    ],
)
def test_a_link_leads_to_the_web_to_a_mailbox_or_to_a_page_of_the_course(href: str, address: str | None) -> None:
    assert absolute(href, document_of("x"), find) == address
