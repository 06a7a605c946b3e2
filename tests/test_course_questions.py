"""The questions about two courses, asked as in a channel; a change that makes answers worse shows here."""

from pathlib import Path

import pytest

from reperage.index.encoder import Encoder
from reperage.service.evaluation.evaluate import evaluate
from reperage.service.evaluation.part import Part
from reperage.service.evaluation.report import QuestionResults
from reperage.service.settings import Settings

pytestmark = pytest.mark.model

# The least shares of questions that are answered right, and of those that the course does not answer and are refused.
FLOORS = {
    "docker/tuning": (0.88, 0.88),
    "docker/held-out": (0.77, 0.55),
    "nsi/tuning": (0.83, 0.6),
    "nsi/held-out": (0.55, 0.2),
}
QUESTIONS = Path(__file__).parent / "questions"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the course that does not ship is built once for both halves."""
    return tmp_path_factory.mktemp("questions")


def shares(name: str, settings: Settings, kept: Path) -> tuple[float, float]:
    """The shares answered right and refused; nothing of the questions leaves here, not even in an error."""
    try:
        found = evaluate(QUESTIONS / f"{name}.yaml", settings, Part(), kept).questions
    except Exception as error:
        found, failure = None, type(error).__name__
    else:
        failure = "no questions were measured"
    if not isinstance(found, QuestionResults) or found.answered_right is None or found.refused is None:
        pytest.fail(f"{name}: {failure}", pytrace=False)
    return round(found.answered_right, 3), round(found.refused, 3)


def test_every_file_of_questions_has_its_floors() -> None:
    assert {path.relative_to(QUESTIONS).with_suffix("").as_posix() for path in QUESTIONS.rglob("*.yaml")} == set(FLOORS)


@pytest.mark.parametrize("name", FLOORS)
def test_questions_are_answered_and_refused_as_they_should_be(
    name: str, settings: Settings, encoder: Encoder, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Encoder, "load", lambda *_, **__: encoder)
    answered_right, refused = shares(name, settings, kept)
    least_answered, least_refused = FLOORS[name]
    assert answered_right >= least_answered
    assert refused >= least_refused
