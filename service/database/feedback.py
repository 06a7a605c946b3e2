"""What people thought of their answers, in the database."""

from dataclasses import dataclass

from sqlalchemy import select

from reperage.service.contract.webhook_events import WebhookEvent
from reperage.service.database.engine import Database
from reperage.service.database.tables import CONVERSATIONS, FEEDBACK, TURNS
from reperage.service.database.upsert import upsert
from reperage.service.database.webhooks import queue_deliveries


@dataclass(frozen=True, slots=True)
class Feedback:
    """One person's opinion of one answer; `given_at` milliseconds since 1970."""

    answer_id: str
    person: str
    rating: str
    reason: str | None
    given_at: int


def store_feedback(database: Database, opinion: Feedback, event: WebhookEvent | None = None) -> bool:
    """Keep an opinion in place of the one before, and let webhooks be told; whether that person has that answer."""
    own = (
        select(TURNS.c.conversation_id, CONVERSATIONS.c.course)
        .join_from(CONVERSATIONS, TURNS)
        .where(TURNS.c.answer_id == opinion.answer_id, CONVERSATIONS.c.person == opinion.person)
    )
    with database.writing() as connection:
        # Nobody removes it between here and the end of the transaction; SQLite has one writer at a time anyway.
        turn = connection.execute(own.with_for_update(read=True, key_share=True)).one_or_none()
        if turn is None:
            return False
        row = {
            "answer_id": opinion.answer_id,
            "conversation_id": turn.conversation_id,
            "person": opinion.person,
            "course": turn.course,
            "rating": opinion.rating,
            "reason": opinion.reason,
            "given_at": opinion.given_at,
        }
        upsert(connection, FEEDBACK, ["answer_id"], row, changing=["rating", "reason", "given_at"])
        if event is not None:
            queue_deliveries(connection, [event])
    return True
