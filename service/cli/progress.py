"""Progress bars on standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from reperage.service.cli.terminal import messages

Bars = Callable[[str, str, int, int], None]
"""Callback with the name of a bar, the line to print of it once, and how many of how many are done."""


@contextmanager
def encoding_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Callback that moves a progress bar for each course that is encoded; one line each where nobody watches."""
    with progress_bars() as bars:
        yield encoding_callback(bars)


@contextmanager
def progress_bars() -> Iterator[Bars]:
    """Progress bars; the line of each is printed once, whether or not somebody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=messages, transient=True, disable=not messages.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(name: str, line: str, done: int, total: int) -> None:
            if line not in tasks:
                messages.print(line)
                tasks[line] = bars.add_task(name, total=total)
            bars.update(tasks[line], completed=done)

        yield progress


def encoding_callback(bars: Bars) -> Callable[[str, int, int], None]:
    def progress(course: str, done: int, total: int) -> None:
        bars(course, f"Building the index of {course!r}: {total} texts to encode…", done, total)

    return progress


def question_callback(bars: Bars) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        bars("questions", f"Asking {total} questions…", done, total)

    return progress
