"""Questions that got no answer, or none that helped, in the database; `service.conversations.gaps` groups them."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, true

from reperage.service.database.engine import Database
from reperage.service.database.tables import CONVERSATIONS, FEEDBACK, TURNS

_UNANSWERED = ("not_in_material", "section_empty")
_MOST_OPINIONS = 5_000
"""That are read, the latest."""


@dataclass(frozen=True, slots=True)
class UnansweredQuestion:
    """A question that was asked `count` times in these words with this outcome, the last time at `last_at`."""

    question: str
    status: str
    count: int
    last_at: int


@dataclass(frozen=True, slots=True)
class UnhelpfulAnswer:
    """A question whose answer somebody found wanting."""

    question: str
    status: str
    asked_at: int
    rating: str
    reason: str | None


def unanswered_questions(
    database: Database, course: str, since: int, tenant: str | None = None
) -> list[UnansweredQuestion]:
    """What was asked in a course since then and not answered, once for each wording and outcome; of one tenant alone,
    where it is named."""
    questions = (
        select(TURNS.c.standalone_question, TURNS.c.status, func.count(), func.max(TURNS.c.asked_at))
        .join_from(TURNS, CONVERSATIONS)
        .where(CONVERSATIONS.c.course == course, _is_of(tenant))
        .where(TURNS.c.status.in_(_UNANSWERED), TURNS.c.asked_at >= since)
        .group_by(TURNS.c.standalone_question, TURNS.c.status)
    )
    with database.reading() as connection:
        return [UnansweredQuestion(*row) for row in connection.execute(questions)]


def unhelpful_answers(database: Database, course: str, since: int, tenant: str | None = None) -> list[UnhelpfulAnswer]:
    """What was asked in a course since then and got an answer that somebody rated `down` or `missing`, the latest
    first; of one tenant alone, where it is named."""
    answers = (
        select(TURNS.c.standalone_question, TURNS.c.status, TURNS.c.asked_at, FEEDBACK.c.rating, FEEDBACK.c.reason)
        .join_from(FEEDBACK, TURNS, FEEDBACK.c.answer_id == TURNS.c.answer_id)
        .join(CONVERSATIONS, CONVERSATIONS.c.id == TURNS.c.conversation_id)
        .where(FEEDBACK.c.course == course, _is_of(tenant))
        .where(FEEDBACK.c.rating.in_(("down", "missing")))
        .where(TURNS.c.status != "small_talk", TURNS.c.asked_at >= since)
        .order_by(TURNS.c.asked_at.desc())
        .limit(_MOST_OPINIONS)
    )
    with database.reading() as connection:
        return [UnhelpfulAnswer(*row) for row in connection.execute(answers)]


def _is_of(tenant: str | None) -> ColumnElement[bool]:
    """Whether a conversation is of that tenant; all are where none is named."""
    return true() if tenant is None else CONVERSATIONS.c.tenant == tenant
