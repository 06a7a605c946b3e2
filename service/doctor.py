"""`repere doctor`: whether this machine has what Repère needs."""

import os
import platform
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from index.errors import SearchIndexError
from service.answerability import NAMES
from service.calibration import WITHOUT_CALIBRATION, calibration_path, load_calibration
from service.courses import Courses
from service.errors import InvalidCalibration
from service.settings import Settings

_ROOM = 500 * 2**20


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: how it is, and whether that is well."""

    name: str
    ok: bool
    detail: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def examine(settings: Settings) -> list[Check]:
    """Look at everything, the most basic first; one failure does not keep the others from being looked at."""
    checks = [_program(), _home(settings.home), _model(settings), _calibration(settings)]
    courses = Courses(settings)
    problems = courses.problems()
    for course in courses.names():
        checks.append(Check(f"course {course}", course not in problems, problems.get(course, "its index is whole")))
    return checks


def _program() -> Check:
    detail = f"repere {version('repere')}, Python {platform.python_version()}, {os.cpu_count()} processor cores"
    return Check("program", sys.version_info >= (3, 11), detail)


def _home(home: Path) -> Check:
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            free = shutil.disk_usage(home).free
    except OSError as error:
        return Check("REPERE_HOME", False, f"{str(home)!r} cannot be written: {error.strerror}")
    return Check("REPERE_HOME", free > _ROOM, f"{str(home.resolve())!r}, {free / 2**30:.1f} GB free")


def _model(settings: Settings) -> Check:
    from index.encoder import Encoder

    try:
        encoder = Encoder.load(settings.embedding_model, threads=settings.encoder_threads)
    except SearchIndexError as error:
        return Check("embedding model", False, str(error))
    return Check("embedding model", True, f"{settings.embedding_model}, {encoder.dimensions} dimensions")


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
