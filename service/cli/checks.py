"""Checks of `repere doctor`."""

import os
import platform
import shutil
import sys
import tempfile
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from reperage.index.errors import SearchIndexError
from reperage.service.answering.answerability import NAMES
from reperage.service.answering.calibration import WITHOUT_CALIBRATION, calibration_path, load_calibration
from reperage.service.answering.reading.reader import WITHOUT_READER
from reperage.service.courses.library import CourseLibrary
from reperage.service.database.engine import database_of
from reperage.service.errors import InvalidCalibration, StartError, StateUnavailable
from reperage.service.loading import load_reader
from reperage.service.settings import Settings

_LEAST_FREE_BYTES = 500 * 2**20


@dataclass(frozen=True, slots=True)
class Check:
    """Check of one thing: how it is, and whether that is well."""

    name: str
    ok: bool
    detail: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def examine(settings: Settings, migrate: bool = False) -> list[Check]:
    """Look at everything, the most basic first; one failure does not keep the others from being looked at.

    `migrate` brings the database's tables up to date before they are looked at.
    """
    checks = [
        _program(),
        _home(settings.home),
        _database(settings, migrate),
        _model(settings),
        _calibration(settings),
        _reader(settings),
    ]
    if settings.rate_storage_url:
        checks.append(_rate_storage(settings.rate_storage_url.get_secret_value()))
    if settings.chat_model is not None:
        checks.append(_chat_model(settings))
    courses = CourseLibrary(settings)
    problems = courses.problems()
    for course in courses.names():
        checks.append(Check(f"course {course}", course not in problems, problems.get(course, "its index is whole")))
    return checks


def _program() -> Check:
    detail = f"repere {version('reperage')}, Python {platform.python_version()}, {os.cpu_count()} processor cores"
    return Check("program", sys.version_info >= (3, 11), detail)


def _home(home: Path) -> Check:
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            free = shutil.disk_usage(home).free
    except OSError as error:
        return Check("REPERE_HOME", False, f"{str(home)!r} cannot be written: {error.strerror}")
    return Check("REPERE_HOME", free > _LEAST_FREE_BYTES, f"{str(home.resolve())!r}, {free / 2**30:.1f} GB free")


def _database(settings: Settings, migrate: bool) -> Check:
    try:
        with closing(database_of(settings)) as database:
            if migrate:
                database.migrate()
            current = database.is_current()
    except StartError as error:
        return Check("database", False, str(error))
    except StateUnavailable as error:
        return Check("database", False, error.reason)
    state = "its tables are up to date" if current else "its tables are made or updated at the next start"
    return Check("database", True, f"{database.name}, {state}")


def _rate_storage(url: str) -> Check:
    from reperage.service.rate_limits.counters import Counters, place

    try:
        with closing(Counters.at(url)) as counters:
            answers = counters.answers()
    except StartError as error:
        return Check("rate storage", False, str(error))
    state = "answers" if answers else "does not answer; until it does, each process counts by itself"
    return Check("rate storage", answers, f"{place(url)} {state}")


def _model(settings: Settings) -> Check:
    from reperage.index.encoder import Encoder

    try:
        encoder = Encoder.load(settings.embedding_model, threads=settings.encoder_threads)
    except SearchIndexError as error:
        return Check("embedding model", False, str(error))
    return Check("embedding model", True, f"{settings.embedding_model}, {encoder.dimensions} dimensions")


def _chat_model(settings: Settings) -> Check:
    from reperage.service.answering.generation.chat_model import load_chat_model

    try:
        return Check("chat model", True, f"{load_chat_model(settings).name}, set up and not called")
    except StartError as error:
        return Check("chat model", False, str(error))


def _reader(settings: Settings) -> Check:
    try:
        reader = load_reader(settings)
    except (SearchIndexError, InvalidCalibration) as error:
        return Check("reader", False, str(error))
    if reader is None:
        return Check("reader", True, WITHOUT_READER)
    return Check("reader", True, f"reads {settings.reader_windows} runs of sentences for a question")


def _calibration(settings: Settings) -> Check:
    digest = settings.recipe.model_digest
    try:
        calibration = load_calibration(settings.home, digest, NAMES)
    except InvalidCalibration as error:
        return Check("calibration", False, str(error))
    if calibration.model_digest is None:
        return Check("calibration", True, WITHOUT_CALIBRATION)
    own = calibration_path(settings.home, digest)
    origin = repr(str(own)) if own.is_file() else "shipped with Repère"
    return Check(
        "calibration", True, f"{origin}, answers where the probability is at least {calibration.threshold:.3g}"
    )
