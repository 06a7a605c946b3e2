"""What a course could not answer: the questions, the same ones together, without anybody's name."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from reperage.index.text.folding import same_question_key
from reperage.service.database.engine import Database
from reperage.service.database.gaps import UnansweredQuestion, UnhelpfulAnswer, unanswered_questions, unhelpful_answers

_DAY = 86_400_000
_MOST_REASONS = 20


@dataclass(slots=True)
class Gap:
    """One question, in its latest wording, with the outcome that it got then; times are milliseconds since 1970.

    `count` is how often it was asked and not answered, or answered and found wanting; `ratings` how often it got each
    opinion, and `reasons` what was said of it, the latest first.
    """

    question: str
    status: str
    last_at: int
    count: int = 0
    ratings: dict[str, int] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)


def find_gaps(database: Database, course: str, days: int, at: int, tenant: str | None = None) -> list[Gap]:
    """The gaps of the last `days` before `at`, the one that was asked last first; of one tenant alone, where it is
    named. Blocks.

    Raises:
        StateUnavailable: the database cannot be read.
    """
    since = at - days * _DAY
    return grouped(
        unanswered_questions(database, course, since, tenant), unhelpful_answers(database, course, since, tenant)
    )


def grouped(questions: Iterable[UnansweredQuestion], opinions: Iterable[UnhelpfulAnswer]) -> list[Gap]:
    """The same questions together, the one that was asked last first."""
    gaps: dict[str, Gap] = {}

    def gap(question: str, status: str, at: int) -> Gap:
        same = gaps.setdefault(same_question_key(question), Gap(question, status, at))
        if at > same.last_at:
            same.question, same.status, same.last_at = question, status, at
        return same

    for each in questions:
        gap(each.question, each.status, each.last_at).count += each.count
    for opinion in opinions:
        same = gap(opinion.question, opinion.status, opinion.asked_at)
        # One that was not answered is counted already.
        same.count += opinion.status == "answered"
        same.ratings[opinion.rating] = same.ratings.get(opinion.rating, 0) + 1
        if opinion.reason and opinion.reason not in same.reasons and len(same.reasons) < _MOST_REASONS:
            same.reasons.append(opinion.reason)
    return sorted(gaps.values(), key=lambda gap: (-gap.last_at, gap.question))
