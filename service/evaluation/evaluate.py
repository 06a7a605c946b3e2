"""Evaluation of a set (`repere evaluate`): its questions are asked as when serving, and what came back is measured."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from reperage.service.answering.calibration import WITHOUT_ENCODER, Calibration, calibration_path
from reperage.service.courses.building import BuildProgress
from reperage.service.evaluation.beir import CORPUS, read_beir
from reperage.service.evaluation.beir_run import evaluate_beir
from reperage.service.evaluation.errors import InvalidSet
from reperage.service.evaluation.fit import fit
from reperage.service.evaluation.part import Part
from reperage.service.evaluation.question_run import evaluate_questions, trace_question
from reperage.service.evaluation.questions import QUESTIONS, read_questions
from reperage.service.evaluation.report import Evaluation, QuestionProgress
from reperage.service.settings import Settings

T = TypeVar("T")


def evaluate(
    path: Path,
    settings: Settings,
    part: Part,
    keep: Path | None = None,
    build_progress: BuildProgress = lambda course, done, total: None,
    question_progress: QuestionProgress = lambda done, total: None,
) -> Evaluation:
    """Evaluate the set in the folder `path`, or the file of questions that it is.

    Indexes are built in `keep`, and one that stands there and fits is used again; else in a folder that is
    removed afterwards.

    Raises:
        InvalidSet: the set cannot be read, or `part` leaves no question of it.
    """
    if (path / CORPUS).exists():
        beir_set = read_beir(path)
        queries = _at_least_one(part.of(beir_set.queries, beir_set.is_judged), path)
        with _settings_for_builds(settings, keep) as build_settings:
            return evaluate_beir(beir_set, queries, settings, build_settings, build_progress, question_progress)
    if path.is_file() or (path / QUESTIONS).exists():
        question_set = read_questions(path / QUESTIONS if path.is_dir() else path)
        questions = _at_least_one(part.of(question_set.questions), path)
        with _settings_for_builds(settings, keep) as build_settings:
            return evaluate_questions(
                question_set, questions, settings, build_settings, build_progress, question_progress
            )
    raise InvalidSet(f"{str(path)!r} holds neither {CORPUS!r} nor {QUESTIONS!r}; give the folder or file of a set")


def trace(
    path: Path,
    text: str,
    settings: Settings,
    keep: Path | None = None,
    build_progress: BuildProgress = lambda course, done, total: None,
) -> str:
    """What happens to the question `text` in the course of the questions in `path`, step by step.

    Raises:
        InvalidSet: the questions cannot be read.
    """
    question_set = read_questions(path / QUESTIONS if path.is_dir() else path)
    with _settings_for_builds(settings, keep) as build_settings:
        return trace_question(question_set, text, settings, build_settings, build_progress)


def fit_calibration(
    path: Path,
    settings: Settings,
    keep: Path | None = None,
    build_progress: BuildProgress = lambda course, done, total: None,
) -> tuple[Path, Calibration]:
    """Fit a calibration on the set in the folder `path` and write it to where it is used; returns both.

    Raises:
        InvalidSet: the set cannot be read, or has no removed part.
    """
    beir_set = read_beir(path)
    with _settings_for_builds(settings, keep) as build_settings:
        calibrations = fit(beir_set, settings, build_settings, build_progress)
    folder = settings.home / "calibrations"
    calibrations.without_encoder.write(folder / f"{WITHOUT_ENCODER}.json")
    path_of_calibration = calibration_path(settings.home, settings.recipe.model_digest)
    calibrations.with_encoder.write(path_of_calibration)
    return path_of_calibration, calibrations.with_encoder


@contextmanager
def _settings_for_builds(settings: Settings, keep: Path | None) -> Iterator[Settings]:
    """`settings` with a home for the indexes of an evaluation."""
    if keep is not None:
        yield settings.model_copy(update={"home": keep})
        return
    with tempfile.TemporaryDirectory(prefix="repere-", ignore_cleanup_errors=True) as folder:
        yield settings.model_copy(update={"home": Path(folder)})


def _at_least_one(items: list[T], path: Path) -> list[T]:
    if not items:
        raise InvalidSet(f"no question of {str(path)!r} is left to ask; choose another part of it")
    return items
