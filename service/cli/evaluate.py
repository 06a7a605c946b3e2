"""`repere evaluate`: search, answers and refusals, measured."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from reperage.service import logs
from reperage.service.cli.progress import encoding_callback, progress_bars, question_callback
from reperage.service.cli.terminal import AsJson, messages
from reperage.service.errors import StartError
from reperage.service.settings import Settings


def evaluate(
    path: Annotated[
        Path,
        typer.Argument(help="A folder in the layout of BEIR or with a `questions.yaml`, or a file of questions."),
    ],
    half: Annotated[
        Literal["even", "odd"] | None,
        typer.Option(help="Ask only the questions at even or at odd places, counted from 0."),
    ] = None,
    queries: Annotated[int | None, typer.Option(min=1, help="Ask only so many questions, the first.")] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="A folder that keeps the indexes, which are then built only where they do not fit."),
    ] = None,
    no_failures: Annotated[
        bool, typer.Option("--no-failures", help="Give figures alone, not the questions of a file that failed.")
    ] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file to write the JSON object to.")] = None,
    fit: Annotated[
        bool,
        typer.Option("--fit", help="Fit when to answer on a set with a removed part, and use it from now on."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure search, answers and refusals on a set of questions; see docs/evaluation.md."""
    from reperage.service.evaluation.evaluate import evaluate as evaluate_set
    from reperage.service.evaluation.evaluate import fit_calibration
    from reperage.service.evaluation.part import Part

    settings = Settings()
    logs.configure(settings)
    if output and not output.resolve().parent.is_dir():
        raise StartError(f"{str(output.parent)!r} is no folder; give --output a file in one that is there")
    if fit:
        with progress_bars() as bars:
            place, calibration = fit_calibration(path, settings, keep, encoding_callback(bars))
        figures = ", ".join(f"{name} {value}" for name, value in calibration.checked.items())
        messages.print(f"Written to {place}. On the questions in odd places: {figures}.")
    with progress_bars() as bars:
        evaluation = evaluate_set(
            path, settings, Part(half, queries), keep, encoding_callback(bars), question_callback(bars)
        )
    if no_failures:
        evaluation = replace(evaluation, failures=None)
    report = json.dumps(evaluation.as_dict(), ensure_ascii=False, indent=2)
    if output:
        output.write_text(report + "\n", encoding="utf-8")
    print(report if as_json else evaluation.as_text())
