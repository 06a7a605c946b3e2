"""What a measure gives: rows of a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

QUESTIONS = tuple((Path(__file__).parent / "questions.txt").read_text(encoding="utf-8").splitlines())
"""Questions about Docker as students ask them, most of them answered by the shipped course."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; `budget` is empty where the design sets none, and `met` is `None` then or where it is unknown."""

    what: str
    measured: str
    budget: str = ""
    met: bool | None = None


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` percent of `values` do not pass."""
    return float(np.percentile(values, share))


def median(values: Sequence[float]) -> float:
    return percentile(values, 50)


def number(value: float) -> str:
    """`value` with three figures that tell something, thousands parted."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
