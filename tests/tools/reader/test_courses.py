"""Small courses of the passages that questions were written on, and what is fitted on them."""

import gzip
import json
import random
from pathlib import Path

import pytest

from reperage.index.encoder import Encoder
from reperage.index.pair_model import PairModel
from reperage.service.answering.reading.decision import Decision
from tools.reader.courses import (
    asked_cases,
    cases,
    cases_of_set,
    courses_of,
    read_passages,
    trained_cases,
    write_windows,
)
from tools.reader.fitting import fit, read_cases
from tools.reader.rows import windows

pytestmark = pytest.mark.model

SUBJECTS = ("la locomotive", "le tram", "le funiculaire", "la barge", "le ferry", "le planeur", "le dirigeable")


def write(path: Path, count: int, per_passage: int = 2) -> Path:
    """Passages about one thing each, with a question that is answered and one that is not."""
    rows = []
    for i in range(count):
        subject = f"{SUBJECTS[i % len(SUBJECTS)]} numéro {i}"
        first = f"La vitesse de {subject} est de {20 + i} kilomètres."
        second = f"On peint {subject} en vert chaque printemps."
        passage = f"{first} {second}"
        sentences = [[0, len(first)], [len(first) + 1, len(passage)]]
        questions = [(f"À quelle vitesse va {subject} ?", [1]), (f"Qui a construit {subject} ?", [])]
        for number, (question, answering) in enumerate(questions[:per_passage]):
            row = {"id": f"set:W1-{100 + i:03}:{number}", "question": question, "answering": answering, "source": "a/b"}
            rows.append(row | {"title": f"Transports > {subject}", "passage": passage, "sentences": sentences})
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return path


@pytest.fixture(autouse=True)
def _loaded(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Encoder, "load", lambda *_, **__: encoder)


def test_a_question_is_asked_in_a_course_that_may_lack_what_answers(tmp_path: Path) -> None:
    passages = read_passages([write(tmp_path / "written.jsonl.gz", 20)])
    assert [len(course) for course in courses_of(passages, random.Random(0))] == [20]
    found = list(cases(passages, random.Random(0)))
    answered = [case for case in found if case.answerable]
    assert len(answered) == 17, "three of twenty passages are left out"
    for case in answered:
        marked = [c.sentence.shown for c, answers in zip(case.candidates, case.answering, strict=True) if answers]
        assert marked == list(case.question.answers)
    assert not any(any(case.answering) for case in found if not case.answerable)
    assert {case.question.kept for case in found} == {True, False}


def test_marks_of_a_plain_passage_are_text_and_those_of_markdown_are_marks(tmp_path: Path) -> None:
    row = {"id": "set:W1-001:0", "question": "q", "answering": [], "source": "a/b", "title": "t", "sentences": []}
    path = tmp_path / "written.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row | {"passage": text}) + "\n" for text in ("2*3 # 6", "# a\n\n- *b*"))
    assert [passage.text for passage in read_passages([path])] == [r"2\*3 \# 6", "# a\n\n- *b*"]


def test_the_questions_that_come_along_can_be_read() -> None:
    path = Path(__file__).parents[3] / "tools" / "reader" / "data" / "written-fields-fr.jsonl.gz"
    passages = read_passages([path])
    questions = [question for passage in passages for question in passage.questions]
    assert len(questions) == 4140
    assert sum(not question.answers for question in questions) == 2069
    for passage in passages:
        if "\n" in passage.text:
            assert all(answer in passage.text for question in passage.questions for answer in question.answers)


def test_windows_are_written_for_what_is_trained_on_alone(tmp_path: Path) -> None:
    trained = trained_cases([write(tmp_path / "written.jsonl.gz", 12)], random.Random(0), times=1)
    write_windows(trained, tmp_path / "windows.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "windows.jsonl").read_text(encoding="utf-8").splitlines()]
    # Passages after the 108th are kept back.
    assert len(lines) == 18
    for line in lines:
        for window in line["windows"]:
            inside = [window["text"][start:end] for start, end in window["inside"]]
            assert all(sentence.startswith("La vitesse") for sentence in inside)
    groups = windows(tmp_path / "windows.jsonl", random.Random(0))
    assert sum(bool(group.positives) for group in groups) >= 7


def test_questions_on_a_whole_course_are_answered_where_they_say(tmp_path: Path) -> None:
    texts = {f"{i}.md": f"# Cours {i}\n\nLe tram {i} est bleu. On le lave.\n" for i in range(3)}
    questions = [
        {"question": "De quelle couleur est le tram 1 ?", "document": "1.md", "answers": ["Le tram 1 est bleu."]},
        {"question": "Qui conduit le tram ?", "document": "2.md", "answers": []},
        {"question": "De quelle couleur est le tram 9 ?", "document": "2.md", "answers": []},
    ]
    path = tmp_path / "course.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"documents": texts, "questions": questions}).encode()))
    found = list(asked_cases([path]))
    # Of the third, nothing holds what it names exactly.
    assert [case.answerable for case in found] == [True, False]
    marked = [c.sentence.shown for c, answers in zip(found[0].candidates, found[0].answering, strict=True) if answers]
    assert marked == ["Le tram 1 est bleu."]
    write_windows(found, tmp_path / "asked.jsonl")
    groups = windows(tmp_path / "asked.jsonl", random.Random(0), most=4)
    assert [bool(group.positives) for group in groups] == [True, False]


def test_files_of_questions_are_asked_for_silence(tmp_path: Path) -> None:
    (tmp_path / "cours").mkdir()
    (tmp_path / "cours" / "a.md").write_text("# Tram\n\nLe tram est bleu. Il roule la nuit.\n", encoding="utf-8")
    (tmp_path / "questions.yaml").write_text(
        "course: tram\nmaterial: cours\nquestions:\n"
        "  - {question: De quelle couleur est le tram ?, words: [bleu]}\n"
        "  - {question: et la nuit ?, after: [Que fait le tram le jour ?]}\n"
        "  - {question: Qui le conduit ?, expect: no answer}\n"
        "  - {question: merci, expect: small talk}\n",
        encoding="utf-8",
    )
    assert [case.answerable for case in cases_of_set(tmp_path / "questions.yaml", 0)] == [True, True, False]


def test_what_is_fitted_decides(tmp_path: Path) -> None:
    passages = read_passages([write(tmp_path / "written.jsonl.gz", 160)])
    read = read_cases(cases(passages, random.Random(0)), PairModel.load(threads=1), windows=2)
    figures = fit(read, read, tmp_path / "decision.json")
    assert "AUROC 1.000" in figures or "AUROC 0.9" in figures
    decision = Decision.load(tmp_path / "decision.json")
    assert 0 < decision.answers.threshold < 1
