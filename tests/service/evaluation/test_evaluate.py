"""Whole evaluations of small sets, by the shipped model; and the command."""

import json
from pathlib import Path

import pytest

from reperage.index.builds import current_build
from reperage.index.encoder import Encoder
from reperage.service.evaluation.errors import InvalidSet
from reperage.service.evaluation.evaluate import evaluate
from reperage.service.evaluation.part import Part
from reperage.service.settings import Settings
from tests.service.cli.test_commands import assert_told_plainly
from tests.service.evaluation.sets import QUERIES, write_beir

QUESTIONS = """
course: reseau
material: cours
questions:
  - {question: Qu'est-ce qu'un port exposé ?, shape: definition, section: Ports, words: [ouvert au monde]}
  - {question: De quoi est faite une image ?, section: Ports}
  - {question: Qui a gagné la coupe du monde en 1998 ?, expect: no answer}
  - {question: Parle-moi des volumes, expect: empty section, after: [Qu'est-ce qu'un port exposé ?]}
"""
MATERIAL = {
    "un.md": "# Un\n\n## Ports\n\nUn port exposé est ouvert au monde.\n\n## Volumes\n\nTODO\n",
    "deux.md": "# Deux\n\nUne image est faite de couches.\n",
}
KEYS = ["set", "queries", "stages", "answers", "abstention", "questions", "failures", "ms_per_question", "files"]
MEASURES = {"ndcg_at_10", "recall_at_1", "recall_at_5", "recall_at_10", "mrr"}


@pytest.fixture
def settings(tmp_path: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(Encoder, "load", lambda *_, **__: encoder)
    return Settings(home=tmp_path / "home")


@pytest.mark.model
def test_a_set_is_built_searched_answered_and_measured(tmp_path, settings):
    folder = write_beir(tmp_path / "petit", removed=["p4"], unanswerable=["q3"])
    found = evaluate(folder, settings, Part()).as_dict()

    assert list(found) == KEYS
    assert (found["set"], found["queries"]) == ("petit", 3)
    assert list(found["stages"])[:3] == ["dense", "lexical", "fused"]
    assert list(found["stages"])[-1] == "final"
    for figures in found["stages"].values():
        assert figures.keys() == MEASURES
        assert figures["ndcg_at_10"] == {"value": 1, "low": 1, "high": 1}
    assert found["answers"]["contains_span"] == 1
    assert found["answers"]["mean_words"] >= 6
    assert found["abstention"]["auroc"] == 1
    assert 0 < found["abstention"]["threshold"] < 1
    assert found["abstention"]["refused"] == 1
    assert found["abstention"]["refused_at_90_answered"] == 1
    assert found["ms_per_question"] > 0
    assert found["questions"] is found["failures"] is None
    assert not settings.home.exists()


@pytest.mark.model
def test_what_a_set_cannot_measure_is_null(tmp_path, settings):
    queries = [{"_id": query["_id"], "text": query["text"]} for query in QUERIES]
    found = evaluate(write_beir(tmp_path / "petit", queries=queries), settings, Part("odd")).as_dict()
    assert found["queries"] == 1
    assert found["answers"] is found["abstention"] is found["questions"] is found["failures"] is None


@pytest.mark.model
def test_kept_indexes_are_used_again_and_the_second_takes_the_vectors_of_the_first(tmp_path, settings):
    folder = write_beir(tmp_path / "petit", removed=["p4"], unanswerable=["q3"])
    encoded = []

    def run() -> list[Path | None]:
        evaluate(folder, settings, Part(), tmp_path / "kept", lambda course, done, total: encoded.append(course))
        return [current_build(tmp_path / "kept" / "indexes", name) for name in ("petit", "petit-without-removed")]

    before = run()
    assert set(encoded) == {"petit"}
    assert run() == before


@pytest.mark.model
def test_a_teachers_questions_are_asked_and_failures_are_told(tmp_path, settings, make_course):
    make_course(MATERIAL)
    (tmp_path / "questions.yaml").write_text(QUESTIONS, encoding="utf-8")
    evaluation = evaluate(tmp_path, settings, Part())
    found = evaluation.as_dict()

    assert list(found) == KEYS
    assert found["stages"] is found["answers"] is None
    assert 0 < found["abstention"]["threshold"] < 1
    assert found["queries"] == 4
    assert found["questions"]["answered_right"] == 0.5
    assert found["questions"]["refused"] == 1
    assert found["questions"]["empty_section"] == 1
    assert found["questions"]["small_talk"] is None
    definitions = found["questions"]["by_shape"]["definition"]
    assert (definitions["right"], definitions["of"], definitions["high"]) == (1, 1, 1)
    assert 0.2 < definitions["low"] < 0.21
    assert found["questions"]["by_expected"]["answer"]["of"] == 2
    [failure] = found["failures"]
    assert (failure["question"], failure["status"]) == ("De quoi est faite une image ?", "answered")
    assert failure["question"] in evaluation.as_text()
    assert failure["right"] is None
    assert list(found["files"]) == ["questions.yaml", "material/deux.md", "material/un.md"]


@pytest.mark.model
def test_what_is_right_is_told_with_a_failure(tmp_path, settings, make_course):
    make_course(MATERIAL)
    (tmp_path / "questions.yaml").write_text(QUESTIONS, encoding="utf-8")
    right = "De quoi est faite une image ?:\n  answer: De couches.\n  file: un.md\nAutre:\n  why: absent\n"
    (tmp_path / "answers.yaml").write_text(right, encoding="utf-8")
    evaluation = evaluate(tmp_path, settings, Part())
    assert evaluation.failures[0].right == "De couches. – un.md"
    assert "\n  right: De couches. – un.md\n" in evaluation.as_text()


@pytest.mark.parametrize("text", ["- a", "a: b", "a: {says: b}", "a: {answer: [b]}", "a: {answer: b"])
def test_answers_that_cannot_be_read_are_named(tmp_path, settings, make_course, text):
    make_course(MATERIAL)
    (tmp_path / "questions.yaml").write_text(QUESTIONS, encoding="utf-8")
    (tmp_path / "answers.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidSet, match=r"answers\.yaml"):
        evaluate(tmp_path, settings, Part())


@pytest.mark.model
def test_the_command_prints_a_table_of_several_sets_and_lists_their_objects(repere, tmp_path, make_course):
    make_course(MATERIAL)
    (tmp_path / "questions.yaml").write_text(QUESTIONS, encoding="utf-8")
    folder = write_beir(tmp_path / "petit", removed=["p4"], unanswerable=["q3"])
    done = repere("evaluate", tmp_path / "questions.yaml", folder, "--keep", tmp_path / "kept")
    assert done.returncode == 0, done.stderr
    *_, names, first, second = done.stdout.rstrip().splitlines()
    assert names.split() == ["set", "questions", "answered", "right", "refused", "AUROC", "nDCG@10", "ms"]
    assert first.split()[1:5] == ["4", "50.0", "%", "100.0"]
    assert second.split()[0] == "petit"
    listed = repere("evaluate", tmp_path / "questions.yaml", folder, "--json", "--keep", tmp_path / "kept")
    assert [found["set"] for found in json.loads(listed.stdout)] == [tmp_path.name, "petit"]
    refused = repere("evaluate", folder, folder, "--fit")
    assert refused.returncode == 1
    assert "--fit takes one set" in refused.stderr


@pytest.mark.model
def test_the_command_shows_the_steps_of_one_question(repere, tmp_path, make_course):
    make_course(MATERIAL)
    (tmp_path / "questions.yaml").write_text(QUESTIONS, encoding="utf-8")
    done = repere("evaluate", tmp_path, "--trace", "De quoi est faite une image ?", REPERE_READER="on")
    assert done.returncode == 0, done.stderr
    opened = [line.split()[0] for line in done.stdout.splitlines() if line and line[0] != " "]
    assert opened[:6] == ["question", "read", "exact", "searched", "read", "chosen"]
    assert "probability 0." in done.stdout
    assert " *  " in done.stdout


@pytest.mark.model
def test_a_question_that_cannot_be_asked_is_named(tmp_path, settings, make_course):
    make_course(MATERIAL)
    (tmp_path / "questions.yaml").write_text("course: a\nmaterial: cours\nquestions: [{question: '?'}]")
    with pytest.raises(InvalidSet, match=r"questions\.yaml', question 1: "):
        evaluate(tmp_path, settings, Part())


def test_a_shipped_courses_name_is_not_given_to_other_material(tmp_path, make_course):
    make_course(MATERIAL)
    (tmp_path / "questions.yaml").write_text("course: docker\nmaterial: cours\nquestions: [{question: quoi}]")
    with pytest.raises(InvalidSet, match="'docker' is a course that ships"):
        evaluate(tmp_path, Settings(), Part())


def test_a_part_without_a_question_is_told(tmp_path):
    folder = write_beir(tmp_path, queries=QUERIES[:1], qrels=[("q1", "p1", "1")])
    with pytest.raises(InvalidSet, match="no question"):
        evaluate(folder, Settings(), Part("odd"))


@pytest.mark.model
def test_the_command_prints_and_writes_the_same_object(repere, tmp_path):
    folder = write_beir(tmp_path / "petit")
    done = repere("evaluate", folder, "--queries", "2", "--json", "-o", tmp_path / "out.json")
    assert done.returncode == 0, done.stderr
    assert "Asking 2 questions" in done.stderr
    found = json.loads(done.stdout)
    assert list(found) == KEYS
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8")) == found


@pytest.mark.model
def test_the_command_can_leave_failures_out(repere, tmp_path, make_course):
    make_course(MATERIAL)
    (tmp_path / "mine.yaml").write_text(QUESTIONS, encoding="utf-8")
    done = repere("evaluate", tmp_path / "mine.yaml", "--no-failures", "-o", tmp_path / "out.json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("mine: 4 questions")
    assert "image" not in done.stdout
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["failures"] is None


def test_the_command_tells_plainly_what_is_wrong(repere, tmp_path):
    assert_told_plainly(repere("evaluate", tmp_path), "corpus.jsonl", "questions.yaml")
    assert_told_plainly(repere("evaluate", tmp_path / "nulle-part"), "nulle-part")
    folder = write_beir(tmp_path / "petit", passages=["{"])
    assert_told_plainly(repere("evaluate", folder), "corpus.jsonl", "line 1")
    assert_told_plainly(repere("evaluate", folder, "-o", tmp_path / "nulle-part" / "out.json"), "--output")
    assert repere("evaluate", folder, "--half", "left").returncode == 2
