"""A small course for each test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reperage.index.encoder import Encoder
from reperage.index.manifest import Recipe
from tests.conftest import MakeCourse
from tests.service.small_course import SmallCourse, course_of


@pytest.fixture
def course(make_course: MakeCourse, tmp_path: Path, encoder: Encoder, recipe: Recipe) -> Callable[[str], SmallCourse]:
    """Builds a course of one document."""
    return lambda text: course_of(make_course({"trains.md": text}), tmp_path / "indexes", encoder, recipe)
