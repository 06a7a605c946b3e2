"""Terminal and database of the commands: where they print, and how they open it."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from reperage.service import logs
from reperage.service.clock import to_datetime
from reperage.service.errors import StartError, StateUnavailable
from reperage.service.settings import Settings

if TYPE_CHECKING:
    from reperage.service.access.encryption import Encryption
    from reperage.service.database.engine import Database

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]

messages = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
"""Console for what is said beside a command's result."""


@contextmanager
def open_database(settings: Settings | None = None) -> Iterator["Database"]:
    """Database of the settings, its tables up to date.

    Raises:
        StartError: it cannot be used; says why.
    """
    from reperage.service.database.engine import database_of

    if settings is None:
        settings = Settings()
        logs.configure(settings)
    with closing(database_of(settings)) as database:
        try:
            database.migrate()
            yield database
        except StateUnavailable as error:
            raise StartError(error.reason) from error


def check_courses(names: list[str]) -> None:
    """Raise `StartError` unless there is a course of each name."""
    from reperage.service.courses.library import CourseLibrary

    course_names = CourseLibrary(Settings()).names()
    if unknown := [name for name in names if name not in course_names]:
        raise StartError(f"there is no course {unknown[0]!r}; there are: {', '.join(course_names)}")


def check_names(names: list[str]) -> None:
    """Raise `StartError` unless there can be a course of each name; warn of those that are none yet."""
    from reperage.service.courses.library import CourseLibrary
    from reperage.service.courses.material import check_name
    from reperage.service.errors import InvalidName

    course_names = CourseLibrary(Settings()).names()
    for name in names:
        if name in course_names:
            continue
        try:
            check_name("course", name)
        except InvalidName as error:
            raise StartError(f"there can be no course {name!r}. {error}") from error
        messages.print(f"Warning: there is no course {name!r} yet; there are: {', '.join(course_names)}.")


def encryption(settings: Settings, purpose: str) -> "Encryption":
    """Encryption of the secrets that are kept for that purpose."""
    from reperage.service.access.encryption import Encryption
    from reperage.service.access.secret_keys import secret_keys

    return Encryption(secret_keys(settings.secret_key, settings.home), purpose)


def print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def date(at: int | None) -> str | None:
    """Date and minute of a time, in UTC."""
    return None if at is None else to_datetime(at).strftime("%Y-%m-%dT%H:%MZ")
