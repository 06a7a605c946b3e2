"""Files of questions: how they are read, what is said of mistakes, and which answers are right."""

from pathlib import Path

import pytest

from reperage.service.contract.answer import Answer, AnswerSentence, Citation, Timings
from reperage.service.evaluation.errors import InvalidSet
from reperage.service.evaluation.questions import Question, read_questions

FILE = """
course: réseau
questions:
  - question: Qu'est-ce qu'un port ?
    shape: definition
    section: [Ports › Exposés, Ports]
    words: [machine locale, 1970]
  - question: oui
    after: [Et un volume ?]
    section: "4) clé primaire"
  - {question: Qui a gagné ?, expect: no answer}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "questions.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read_with_words_as_they_are_written(tmp_path: Path):
    found = read_questions(written(tmp_path, FILE))
    assert (found.course, found.material, found.name) == ("réseau", None, tmp_path.name)
    first, second, third = found.questions
    assert first.sections == ("Ports › Exposés", "Ports")
    assert first.words == ("machine locale", "1970")
    assert (second.text, second.after, second.sections) == ("oui", ("Et un volume ?",), ("4) clé primaire",))
    assert [question.expected for question in found.questions] == ["answer", "answer", "no answer"]
    assert third.number == 3


MALFORMED = {
    "": ["the keys 'course', 'material' and 'questions'", "nothing"],
    "a: [": ["no YAML"],
    "- a": ["a list"],
    "cours: a\nquestions: [{question: b}]": ["'cours'", "'course'"],
    "questions: [{question: b}]": ["'course'", "missing"],
    "course: a": ["questions", "nothing"],
    "course: a\nquestions: []": ["questions", "a list"],
    "course: a\nquestions: {question: b}": ["questions", "a mapping"],
    "course: [a]\nquestions: [{question: b}]": ["'course'", "a list"],
    "course: a\nmaterial: nulle-part\nquestions: [{question: b}]": ["material", "'nulle-part'"],
    "course: a\nquestions: [{question: b}, c]": ["question 2", "'c'"],
    "course: a\nquestions: [{question: b}, {word: [c]}]": ["question 2", "'word'", "'words'"],
    "course: a\nquestions: [{shape: b}]": ["question 1", "'question'", "missing"],
    "course: a\nquestions: [{question: {b: c}}]": ["question 1", "'question'", "a mapping"],
    "course: a\nquestions: [{question: b, words: c}]": ["question 1", "'words'", "'c'", "list"],
    "course: a\nquestions: [{question: b, after: [{c: d}]}]": ["question 1", "'after'"],
    'course: a\nquestions: [{question: b, words: ["\\u0301"]}]': ["question 1", "'words'", "list of texts"],
    "course: a\nquestions: " + "[" * 100_000: ["line 2", "10 levels"],
    "course: a\nquestions: " + "{a: " * 100_000: ["line 2", "10 levels"],
    "course: a\nquestions: [{question: b}]\ncourse: c": ["line 3", "'course'", "twice"],
    "course: a\nquestions:\n- question: b\n  shape: c\n  question: d": ["line 5", "'question'", "twice"],
    "course: a\nquestions: [{question: b, expect: silence}]": ["question 1", "'silence'", "'no answer'"],
    "course: a\nquestions: [{question: b, expect: no answer, words: [c]}]": ["question 1", "'words'", "'no answer'"],
}


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_malformed_is_named_with_its_entry(tmp_path: Path, text: str):
    with pytest.raises(InvalidSet) as raised:
        read_questions(written(tmp_path, text))
    for word in ["questions.yaml", *MALFORMED[text]]:
        assert word in str(raised.value)


def answer(
    status: str = "answered", text: str = "Il est sur la\nMachine locale.", path: tuple[str, ...] = ()
) -> Answer:
    citation = Citation(
        number=1,
        document_id="d",
        document_title="Le cours",
        heading_path=list(path),
        anchor="",
        quote=text,
        start=0,
        end=len(text),
        line_start=1,
        line_end=1,
        page=None,
        url="",
        document_version="",
    )
    is_answered = status == "answered"
    return Answer(
        id="a",
        conversation_id="c",
        course="cours",
        language="fr",
        question="?",
        standalone_question="?",
        status=status,
        answer=text,
        sentences=[AnswerSentence(text=text, citations=[1], kind="paragraph", block=0, group=0)] * is_answered,
        citations=[citation] * is_answered,
        related_sections=[],
        correction=None,
        confidence=0.5,
        composer="extractive",
        took_ms=Timings(encode=0, search=0, compose=0, total=0),
    )


def question(expected: str = "answer", sections: tuple[str, ...] = (), words: tuple[str, ...] = ()) -> Question:
    return Question(1, "?", "", (), sections, words, expected)


def test_an_answer_is_right_that_cites_a_section_and_shows_all_words():
    expected = question(sections=("Ailleurs", "Ports › Exposés"), words=("la machine locale", "EST"))
    assert expected.complaint(answer(path=("Ports", "Exposés"))) is None
    assert "Ports" in expected.complaint(answer(path=("Ports",)))
    assert "'la machine locale'" in expected.complaint(answer(text="Il est là.", path=("Ports", "Exposés")))
    assert "not_in_material" in expected.complaint(answer("not_in_material"))


def test_a_quote_outside_any_section_stands_under_the_documents_title():
    assert question(sections=("Le cours",)).complaint(answer()) is None


@pytest.mark.parametrize(
    ("expected", "right"),
    [
        ("answer", {"answered"}),
        ("no answer", {"not_in_material", "section_empty"}),
        ("empty section", {"section_empty"}),
        ("small talk", {"small_talk"}),
    ],
)
def test_every_expectation_has_its_statuses(expected: str, right: set[str]):
    statuses = ["answered", "not_in_material", "section_empty", "small_talk"]
    assert {status for status in statuses if question(expected).complaint(answer(status)) is None} == right
