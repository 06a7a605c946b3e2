"""Events that webhooks are told of, and the form in which they are told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from reperage.service.clock import rfc3339
from reperage.service.contract.answer import Answer, Status

EventKind = Literal["question.unanswered", "feedback.given"]
NAMES: Mapping[str, EventKind] = {"unanswered": "question.unanswered", "feedback": "feedback.given"}
"""Kinds of events by their names on the command line."""
UNANSWERED: frozenset[Status] = frozenset({"not_in_material", "section_empty"})


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """Event of a time, about an answer of a course. It tells no person."""

    kind: EventKind
    course: str
    answer_id: str
    at: int
    data: Mapping[str, str | None]

    def body(self) -> str:
        """Body of the message about it, in JSON."""
        return webhook_body(self.kind, self.at, self.data)


def unanswered_event(answer: Answer, asked_at: int) -> WebhookEvent:
    """Event of a question that the material does not answer."""
    data = {
        "course": answer.course,
        "question": answer.question,
        "standalone_question": answer.standalone_question,
        "status": answer.status,
        "answer_id": answer.id,
        "asked_at": rfc3339(asked_at),
    }
    return WebhookEvent("question.unanswered", answer.course, answer.id, asked_at, data)


def feedback_event(answer: Answer, rating: str, reason: str | None, given_at: int) -> WebhookEvent:
    """Event of an opinion of an answer."""
    data = {
        "course": answer.course,
        "answer_id": answer.id,
        "question": answer.question,
        "rating": rating,
        "reason": reason,
    }
    return WebhookEvent("feedback.given", answer.course, answer.id, given_at, data)


def webhook_body(kind: str, at: int, data: Mapping[str, str | None]) -> str:
    """Body of a message to a webhook, in JSON."""
    return json.dumps({"type": kind, "timestamp": rfc3339(at), "data": data}, ensure_ascii=False)
