"""`repere build`: a folder of documents becomes a course that can be asked."""

from pathlib import Path
from typing import Annotated

import typer

from reperage.service import logs
from reperage.service.cli.progress import encoding_progress
from reperage.service.cli.terminal import AsJson, print_json
from reperage.service.errors import StartError
from reperage.service.settings import Settings


def build(
    folder: Annotated[
        Path | None,
        typer.Argument(help="The folder with the course's documents; the shipped courses without it."),
    ] = None,
    course: Annotated[str | None, typer.Option("--course", "-c", help="The course's name; else the folder's.")] = None,
    language: Annotated[str, typer.Option(help="The language of documents that do not name their own.")] = "fr",
    shipped: Annotated[bool, typer.Option("--shipped", help="Build the courses that ship with Repère.")] = False,
    into: Annotated[
        Path | None,
        typer.Option(help="A folder of indexes to write to, instead of the one under REPERE_HOME."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read a folder of documents and build its index; quick where nothing has changed."""
    from reperage.service.courses.building import build_course, courses_to_build

    settings = Settings()
    logs.configure(settings)
    if shipped and folder:
        raise StartError("give a folder or --shipped, not both")
    reports = []
    for name, material in courses_to_build(folder, course).items():
        with encoding_progress() as progress:
            report = build_course(settings, name, material, language, into, progress)
        reports.append(report.as_dict())
        if not as_json:
            print(report.as_text())
    if as_json:
        print_json({"courses": reports})
