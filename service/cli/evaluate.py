"""`repere evaluate`: search, answers and refusals, measured."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reperage.service import logs
from reperage.service.cli.progress import encoding_callback, progress_bars, question_callback
from reperage.service.cli.terminal import AsJson, messages
from reperage.service.errors import StartError
from reperage.service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reperage.service.evaluation.report import Evaluation


def evaluate(
    path: Annotated[
        list[Path],
        typer.Argument(
            help="A folder in the layout of BEIR or with a `questions.yaml`, or a file of questions. Of several a "
            "table follows."
        ),
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
    trace: Annotated[
        str | None, typer.Option(help="Ask this question alone, of the course of a file, and show every step.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure search, answers and refusals on a set of questions; see docs/evaluation.md."""
    from reperage.service.evaluation.evaluate import evaluate as evaluate_set
    from reperage.service.evaluation.evaluate import fit_calibration
    from reperage.service.evaluation.evaluate import trace as trace_question
    from reperage.service.evaluation.part import Part

    settings = Settings()
    logs.configure(settings)
    if output and not output.resolve().parent.is_dir():
        raise StartError(f"{str(output.parent)!r} is no folder; give --output a file in one that is there")
    if fit:
        if len(path) > 1:
            raise StartError("--fit takes one set; several are measured after it")
        with progress_bars() as bars:
            place, calibration = fit_calibration(path[0], settings, keep, encoding_callback(bars))
        figures = ", ".join(f"{name} {value}" for name, value in calibration.checked.items())
        messages.print(f"Written to {place}. On the questions in odd places: {figures}.")
    if trace is not None:
        with progress_bars() as bars:
            steps = trace_question(path[0], trace, settings, keep, encoding_callback(bars))
        print(steps)
        return
    evaluations = []
    for one in path:
        with progress_bars() as bars:
            evaluation = evaluate_set(
                one, settings, Part(half, queries), keep, encoding_callback(bars), question_callback(bars)
            )
        evaluations.append(replace(evaluation, failures=None) if no_failures else evaluation)
    _report(evaluations, output, as_json=as_json)


def _report(evaluations: "Sequence[Evaluation]", output: Path | None, *, as_json: bool) -> None:
    from reperage.service.evaluation.report import table

    objects = [evaluation.as_dict() for evaluation in evaluations]
    is_one = len(objects) == 1
    report = json.dumps(objects[0] if is_one else objects, ensure_ascii=False, indent=2)
    if output:
        output.write_text(report + "\n", encoding="utf-8")
    texts = [*(evaluation.as_text() for evaluation in evaluations), *([] if is_one else [table(evaluations)])]
    print(report if as_json else "\n\n\n".join(texts))
