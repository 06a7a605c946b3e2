"""Rows that the reader is trained on."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tools.reader.rows import (
    Group,
    Row,
    as_typed,
    encyclopedia,
    epoch,
    headings,
    question_sets,
    windows,
    with_near_miss,
)
from tools.reader.rows import written as written_rows

FIRST = "La locomotive Alba tire douze wagons de bois sur la ligne du col depuis bientôt quarante ans."
SECOND = "Le conducteur la graisse chaque matin avec une huile de lin que le dépôt fait venir du village voisin."
PASSAGE = f"{FIRST} {SECOND}"


def write(path: Path, *rows: dict[str, Any]) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def question(number: int, **fields: Any) -> dict[str, Any]:
    sentences = [[0, len(FIRST)], [len(FIRST) + 1, len(PASSAGE)]]
    return {
        "id": f"set:W1-{number:03}:0",
        "question": "Que tire Alba ?",
        "title": "Trains > Alba",
        "passage": PASSAGE,
        "sentences": sentences,
        "answering": [1],
    } | fields


def test_a_passage_without_its_answer_is_a_near_miss() -> None:
    at = PASSAGE.index("douze wagons")
    row, near = with_near_miss("Que tire Alba ?", "Trains", PASSAGE + SECOND, [(at, at + 12)])
    assert row.answered
    assert row.answer == (at, at + 12)
    assert [PASSAGE[a:b] for a, b in row.inside or ()] == [FIRST]
    assert near is not None
    assert not near.answered
    assert FIRST not in near.passage
    assert SECOND in near.passage


def test_there_is_no_near_miss_where_the_answer_is_said_twice_or_nothing_is_left() -> None:
    at = PASSAGE.index("douze")
    twice = f"{PASSAGE} {SECOND} Ils sont douze."
    assert with_near_miss("Combien ?", "", twice, [(at, at + 5)])[1] is None
    assert with_near_miss("Combien ?", "", FIRST, [(at, at + 5)])[1] is None


def test_written_questions_are_trained_on_or_kept_never_both(tmp_path: Path) -> None:
    near = question(3, question="Qui a construit Alba ?", answering=[])
    path = write(tmp_path / "written.jsonl.gz", question(1), near, question(109, question="Et la nuit ?"))
    trained = written_rows(path, random.Random(0), kept=False)
    assert [row.question for group in trained for row in group.positives] == ["Que tire Alba ?"]
    assert [row.question for group in trained for row in group.near if group.positives == ()] == [
        "Qui a construit Alba ?"
    ]
    [kept] = written_rows(path, random.Random(0), kept=True)
    assert [row.question for row in kept.positives] == ["Et la nuit ?"]
    assert [PASSAGE[a:b] for a, b in kept.positives[0].inside or ()] == [FIRST]


def test_sets_of_questions_say_where_nothing_answers(tmp_path: Path) -> None:
    row = {
        "lang": "fr",
        "question": "Que tire Alba ?",
        "passage": PASSAGE,
        "answers": [{"text": "douze wagons", "start": 25}],
    }
    write(tmp_path / "set.jsonl.gz", row, row | {"question": "Qui ?", "answers": []})
    write(tmp_path / "faq-x.jsonl.gz", row | {"lang": "de", "question": "Was?"})
    groups = question_sets(tmp_path, random.Random(1))
    assert [[row.question for row in group.positives] for group in groups] == [["Que tire Alba ?"], []]
    assert [row.question for row in groups[1].near] == ["Qui ?"]


def test_headings_stand_against_other_sections(tmp_path: Path) -> None:
    row = {"q": "tirer des wagons", "path": "Trains > Alba", "pos": FIRST, "neg": [{"path": "Gares", "text": SECOND}]}
    [group] = headings(write(tmp_path / "courses.jsonl.gz", row))
    assert (group.positives[0].passage, group.negatives[0].passage) == (FIRST, SECOND)
    assert group.positives[0].inside is None


def test_an_encyclopedia_gives_negatives_of_the_same_article(tmp_path: Path) -> None:
    (tmp_path / "qrels").mkdir()
    passages = [("a", "Alba", PASSAGE), ("b", "Alba", "Une gare en pierre."), ("c", "Autre", "Un port.")]
    lines = [json.dumps({"_id": key, "title": title, "text": text}) for key, title, text in passages]
    (tmp_path / "corpus.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "queries.jsonl").write_text(
        json.dumps({"_id": "q", "text": "Que tire Alba ?", "answers": ["douze wagons"]})
    )
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\ta\t1\n")
    [group] = encyclopedia(tmp_path)
    assert [row.passage for row in group.negatives] == ["Une gare en pierre."]
    assert group.positives[0].answer == (PASSAGE.index("douze"), PASSAGE.index("douze") + 12)


def test_windows_that_search_brings_are_answers_or_near_misses(tmp_path: Path) -> None:
    found = [
        {"heading": "Trains", "text": FIRST, "inside": [[0, 10]]},
        {"heading": "Trains", "text": SECOND, "inside": []},
    ]
    path = tmp_path / "windows.jsonl"
    path.write_text(json.dumps({"question": "Que tire Alba ?", "windows": found}) + "\n")
    groups = [windows(path, random.Random(seed))[0] for seed in range(20)]
    assert {group.positives[0].passage for group in groups} == {FIRST}
    assert {len(group.near) for group in groups} == {0, 1}


def test_an_epoch_has_every_answer_and_near_miss_and_one_negative_of_each_group() -> None:
    rows = [Row(f"q{i}", "", "p", answered=i == 0) for i in range(4)]
    found = epoch([Group([rows[0]], [rows[1]], rows[2:])] * 2, random.Random(0))
    assert sorted(row.question for row in found)[:4] == ["q0", "q0", "q1", "q1"]
    assert len(found) == 6


@pytest.mark.parametrize("seed", range(5))
def test_what_is_typed_is_the_same_question(seed: int) -> None:
    question, heading = as_typed(Row("Où est l’été ?", "Un > Deux", "p", answered=True), random.Random(seed))
    assert question.lower().replace("é", "e").replace("ù", "u").rstrip(" ?") in ("ou est l’ete",)
    assert heading in ("Un > Deux", "Deux", "")
