"""Report of an evaluation: one JSON object, and text for people."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from reperage.service.evaluation.measures import Abstention, Estimate, share

QuestionProgress = Callable[[int, int], None]
"""Callback with how many of how many questions are asked."""

_HEADINGS = {
    "ndcg_at_10": "nDCG@10",
    "recall_at_1": "recall@1",
    "recall_at_5": "recall@5",
    "recall_at_10": "recall@10",
    "mrr": "MRR",
}


@dataclass(frozen=True, slots=True)
class Answers:
    """How often the composed answer holds a span that answers, and how many words it shows on average."""

    contains_span: float
    mean_words: float


@dataclass(frozen=True, slots=True)
class Count:
    """Of the questions of one shape or kind, how many got what was expected, and the interval of their share."""

    right: int
    of: int
    low: float
    high: float

    @classmethod
    def over(cls, right: Sequence[bool]) -> Self:
        """Raises `ZeroDivisionError` for no question."""
        estimate = share(sum(right), len(right))
        return cls(sum(right), len(right), estimate.low, estimate.high)


@dataclass(frozen=True, slots=True)
class QuestionResults:
    """Shares of the questions of each kind that got what was expected; `None` without a question of that kind.

    `by_expected` are the same questions, counted.
    """

    answered_right: float | None
    refused: float | None
    small_talk: float | None
    empty_section: float | None
    by_shape: Mapping[str, Count]
    by_expected: Mapping[str, Count]


@dataclass(frozen=True, slots=True)
class Failure:
    """A question that did not get what was expected, and why; `right` is what its author says of the right answer."""

    question: str
    shape: str
    expected: str
    status: str
    answer: str
    why: str
    right: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of one set; what it cannot measure is `None`.

    `ms_per_question` is the median time from the question to the composed answer; `files` are sha256 by name.
    """

    set: str
    queries: int
    stages: Mapping[str, Mapping[str, Estimate]] | None
    answers: Answers | None
    abstention: Abstention | None
    questions: QuestionResults | None
    failures: Sequence[Failure] | None
    ms_per_question: float
    files: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        figures: dict[str, Any] = _rounded(asdict(self))
        return figures

    def as_text(self) -> str:
        parts = [
            f"{self.set}: {self.queries} questions, {self.ms_per_question:.1f} ms each",
            self._stages_text(),
            self._answers_text(),
            self._abstention_text(),
            self._questions_text(),
            *(_failure_text(failure) for failure in self.failures or ()),
        ]
        return "\n\n".join(part for part in parts if part)

    def _stages_text(self) -> str:
        if self.stages is None:
            return ""
        rows = [["", *_HEADINGS.values()]]
        for name, figures in self.stages.items():
            rows.append([name, *(_estimate_text(figures[key]) for key in _HEADINGS)])
        return _columns(rows)

    def _answers_text(self) -> str:
        if self.answers is None:
            return ""
        return (
            f"The composed answer holds the span for {_share(self.answers.contains_span)} of the questions, "
            f"in {self.answers.mean_words:.1f} words on average."
        )

    def _abstention_text(self) -> str:
        if self.abstention is None:
            return ""
        figures = self.abstention
        return "\n".join(
            [
                f"At the shipped threshold ({figures.threshold:g}) {_share(figures.answered)} of the answerable "
                f"questions are answered and {_share(figures.refused)} of the others refused.",
                f"AUROC {_figure(figures.auroc)}; where 90 % are answered, {_share(figures.refused_at_90_answered)} "
                "of the others are refused.",
            ]
        )

    def _questions_text(self) -> str:
        if self.questions is None:
            return ""
        names = {"answer": "answered right", "no answer": "refused"}
        lines = [
            f"{names.get(expected, expected)}: {_share(count.right / count.of)}, {_count_text(count)}"
            for expected, count in self.questions.by_expected.items()
        ]
        shapes = [f"  {shape}: {_count_text(count)}" for shape, count in self.questions.by_shape.items()]
        return "\n".join([*lines, "", *shapes] if shapes else lines)


def table(evaluations: Sequence[Evaluation]) -> str:
    """One line a set, of what each was measured on."""
    rows = [["set", "questions", "answered right", "refused", "AUROC", "nDCG@10", "ms"]]
    for evaluation in evaluations:
        results, figures, stages = evaluation.questions, evaluation.abstention, evaluation.stages
        rows.append(
            [
                evaluation.set,
                str(evaluation.queries),
                "–" if results is None or results.answered_right is None else _share(results.answered_right),
                "–" if figures is None or figures.refused is None else _share(figures.refused),
                "–" if figures is None or figures.auroc is None else f"{figures.auroc:.3f}",
                "–" if stages is None else f"{stages['final']['ndcg_at_10'].value:.3f}",
                f"{evaluation.ms_per_question:.1f}",
            ]
        )
    return _columns(rows)


def _columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _failure_text(failure: Failure) -> str:
    answer = "\n".join(f"    {line}" for line in failure.answer.splitlines() if line.strip())
    shape = f" ({failure.shape})" if failure.shape else ""
    right = f"\n  right: {failure.right}" if failure.right else ""
    return f"FAILED: {failure.question}{shape}\n  expected {failure.expected}; {failure.why}{right}\n{answer}"


def _count_text(count: Count) -> str:
    return f"{count.right} of {count.of} ({100 * count.low:.0f}–{100 * count.high:.0f} %)"


def _estimate_text(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} ({estimate.low:.3f}–{estimate.high:.3f})"


def _figure(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "not measured" if value is None else f"{100 * value:.1f} %"


def _rounded(value: Any) -> Any:
    """`value` with four decimals, which are more than the intervals allow."""
    if isinstance(value, dict):
        return {key: _rounded(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(v) for v in value]
    return round(value, 4) if isinstance(value, float) else value
