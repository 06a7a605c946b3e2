"""Sets in the layout of BEIR, and what is said of each way to get one wrong."""

from pathlib import Path

import pytest

from reperage.service.evaluation.beir import read_beir
from reperage.service.evaluation.errors import InvalidSet
from reperage.service.evaluation.part import Part
from tests.service.evaluation.sets import PASSAGES, QRELS, QUERIES, write_beir


def test_a_set_is_read(tmp_path: Path):
    found = read_beir(write_beir(tmp_path / "petit", removed=["p4"], unanswerable=["q3"]))
    assert found.name == "petit"
    assert [passage.id for passage in found.passages] == ["p1", "p2", "p3", "p4"]
    assert found.queries[2].answers == ("330 mètres", "330 m")
    assert found.qrels["q2"] == {"p2": 1}
    assert (found.removed, found.unanswerable) == ({"p4"}, {"q3"})
    assert list(found.files) == [
        "corpus.jsonl",
        "queries.jsonl",
        "qrels/test.tsv",
        "removed_passages.txt",
        "unanswerable_without_removed.txt",
    ]


def test_a_passage_becomes_a_document_with_its_id_and_its_title(tmp_path: Path):
    found = read_beir(write_beir(tmp_path))
    first, *_, last = found.course("petit").documents
    assert (first.id, first.title, first.text) == ("p1", "Les ports", f"# Les ports\n\n{PASSAGES[0]['text']}")
    assert (last.id, last.title) == ("p4", "")
    assert "\r" not in last.text
    assert [document.id for document in found.course("petit", {"p1", "p4"}).documents] == ["p2", "p3"]


def test_the_line_that_names_the_fields_of_the_qrels_may_be_left_out(tmp_path: Path):
    with_header = read_beir(write_beir(tmp_path / "a"))
    assert read_beir(write_beir(tmp_path / "b", header=False)).qrels == with_header.qrels


def test_a_byte_order_mark_and_blank_lines_are_passed_over(tmp_path: Path):
    folder = write_beir(tmp_path, queries=[*QUERIES, "", "  "])
    corpus = folder / "corpus.jsonl"
    corpus.write_bytes(b"\xef\xbb\xbf" + corpus.read_bytes().replace(b"\n", b"\r\n"))
    assert len(read_beir(folder).queries) == 3


def test_queries_that_nothing_is_relevant_to_are_not_measured(tmp_path: Path):
    found = read_beir(write_beir(tmp_path, qrels=[("q1", "p1", "1"), ("q2", "p1", "0")]))
    assert [query.id for query in found.queries if found.is_judged(query)] == ["q1"]


def test_a_half_is_counted_over_all_questions_and_the_first_over_those_that_count():
    items = list("abcdef")
    assert Part("even").of(items) == ["a", "c", "e"]
    assert Part("odd").of(items) == ["b", "d", "f"]
    assert Part("even", 1).of(items, lambda item: item != "a") == ["c"]


PASSAGE, QUERY = PASSAGES[0], QUERIES[0]
MALFORMED = {
    "no JSON": ({"passages": [PASSAGE, "{"]}, ["corpus.jsonl", "line 2", "JSON"]),
    "no object": ({"queries": ["[1]"]}, ["queries.jsonl", "line 1", "object"]),
    "no id": ({"passages": [{"title": "a", "text": "b"}]}, ["corpus.jsonl", "line 1", "'_id'"]),
    "no text": ({"passages": [PASSAGE, {"_id": "x", "title": "a"}]}, ["corpus.jsonl", "line 2", "'text'"]),
    "a number as id": ({"queries": [{"_id": 1, "text": "a"}]}, ["queries.jsonl", "line 1", "'_id' is 1"]),
    "an id twice": ({"passages": [PASSAGE, PASSAGE]}, ["corpus.jsonl", "line 2", "'p1'", "line 1"]),
    "nothing in a passage": ({"passages": [{"_id": "x", "title": " ", "text": "\n"}]}, ["line 1", "'x'", "neither"]),
    "a blank question": ({"queries": [{"_id": "x", "text": " "}]}, ["queries.jsonl", "line 1", "'x'", "blank"]),
    "answers that are no list": ({"queries": [QUERY | {"answers": "a"}]}, ["line 1", "answers", "list"]),
    "half a character": ({"queries": [{"_id": "x", "text": "\\ud800"}]}, ["queries.jsonl", "line 1"]),
    "no passage": ({"passages": []}, ["corpus.jsonl", "empty"]),
    "no query": ({"queries": []}, ["queries.jsonl", "empty"]),
    "no judgement": ({"qrels": []}, ["test.tsv", "no relevant passage"]),
    "no relevant passage": ({"qrels": [("q1", "p1", "0")]}, ["test.tsv", "no relevant passage"]),
    "four fields": ({"qrels": [("q1", "0", "p1", "1")]}, ["test.tsv", "line 2", "4 field(s)", "tabs"]),
    "an unknown query": ({"qrels": [*QRELS, ("q9", "p1", "1")]}, ["test.tsv", "line 5", "'q9'", "queries.jsonl"]),
    "an unknown passage": ({"qrels": [("q1", "p9", "1")]}, ["test.tsv", "line 2", "'p9'", "corpus.jsonl"]),
    "a grade that is no number": ({"qrels": [("q1", "p1", "0.5")]}, ["test.tsv", "line 2", "'0.5'", "whole number"]),
    "a grade that is huge": ({"qrels": [("q1", "p1", "1" * 23)]}, ["test.tsv", "line 2", "'1111", "6 digits"]),
    "a grade of thousands of digits": ({"qrels": [("q1", "p1", "1" * 5000)]}, ["test.tsv", "line 2", "6 digits"]),
    "a grade that is none, without a header": (
        {"qrels": [("q1", "p1", "yes")], "header": False},
        ["test.tsv", "line 1", "'yes'"],
    ),
    "a pair twice": ({"qrels": [QRELS[0], QRELS[0]]}, ["test.tsv", "line 3", "'q1'", "'p1'"]),
    "an unknown removed passage": ({"removed": ["p1", "p9"], "unanswerable": ["q1"]}, ["removed", "line 2", "'p9'"]),
    "an unknown unanswerable query": ({"removed": ["p1"], "unanswerable": ["q9"]}, ["unanswerable", "'q9'"]),
    "a removed part by half": ({"removed": ["p1"]}, ["unanswerable_without_removed.txt", "cannot be read"]),
    "nothing left": ({"removed": ["p1", "p2", "p3", "p4"], "unanswerable": ["q1"]}, ["removed", "every passage"]),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_malformed_is_named_with_its_place(tmp_path: Path, case: str):
    given, words = MALFORMED[case]
    folder = write_beir(tmp_path, **given)
    if case == "half a character":
        path = folder / "queries.jsonl"
        path.write_text(path.read_text().replace("\\\\ud800", "\\ud800"))
    with pytest.raises(InvalidSet) as raised:
        read_beir(folder)
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_a_missing_file_is_named(tmp_path: Path, name: str):
    folder = write_beir(tmp_path)
    (folder / name).unlink()
    with pytest.raises(InvalidSet, match=name):
        read_beir(folder)


def test_bytes_that_are_no_text_are_named_with_their_line(tmp_path: Path):
    folder = write_beir(tmp_path)
    with (folder / "corpus.jsonl").open("ab") as file:
        file.write(b'{"_id": "\xff"}')
    with pytest.raises(InvalidSet, match="line 5: 0xff"):
        read_beir(folder)
