"""Conversations and their turns in the database: SQL alone; `service.conversations` decides when."""

import json
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, Delete, Update, delete, select, update

from reperage.service.contract.answer import Answer
from reperage.service.contract.webhook_events import UNANSWERED, WebhookEvent, unanswered_event
from reperage.service.database.engine import Database
from reperage.service.database.tables import CONVERSATIONS, JOBS, LTI_LOGINS, REMOVALS, SLACK_QUESTIONS, TURNS
from reperage.service.database.upsert import upsert
from reperage.service.database.webhooks import queue_deliveries

log = structlog.get_logger(__name__)

Owner = tuple[str, str]
"""Course and person."""

_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer; `person` is a pseudonym, `asked_at` milliseconds since 1970, `tenant` as that of a
    `Caller`. A conversation keeps that of its first turn."""

    person: str
    asked_at: int
    answer: Answer
    tenant: str = ""


def earlier_questions(
    database: Database, conversation_id: str, known: AbstractSet[str], most: int
) -> tuple[list[str], Owner | None]:
    """The last questions of a conversation that are written, but for the answers in `known`, oldest first; and whose
    it is."""
    with database.reading() as connection:
        owner = _owners(connection, [conversation_id]).get(conversation_id)
        if owner is None:
            return [], None
        rows = connection.execute(
            select(TURNS.c.standalone_question)
            .where(TURNS.c.conversation_id == conversation_id)
            .where(TURNS.c.status != "small_talk", TURNS.c.answer_id.not_in(known))
            .order_by(TURNS.c.number.desc())
            .limit(most)
        ).scalars()
        return [*rows][::-1], owner


def last_turns(database: Database, conversation_id: str, person: str, most: int) -> list[Turn]:
    """The last turns of a person's conversation, oldest first."""
    with database.reading() as connection:
        rows = connection.execute(
            select(TURNS.c.asked_at, TURNS.c.answer, CONVERSATIONS.c.tenant)
            .join_from(CONVERSATIONS, TURNS)
            .where(CONVERSATIONS.c.id == conversation_id, CONVERSATIONS.c.person == person)
            .order_by(TURNS.c.number.desc())
            .limit(most)
        )
        return [_turn(person, row) for row in rows][::-1]


def turn_of(database: Database, answer_id: str, person: str) -> Turn | None:
    """A person's turn by its answer, where it is written."""
    with database.reading() as connection:
        row = connection.execute(
            select(TURNS.c.asked_at, TURNS.c.answer, CONVERSATIONS.c.tenant)
            .join_from(CONVERSATIONS, TURNS)
            .where(TURNS.c.answer_id == answer_id, CONVERSATIONS.c.person == person)
        ).one_or_none()
        return _turn(person, row) if row else None


def _turn(person: str, row: Any) -> Turn:
    return Turn(person, row.asked_at, Answer.model_validate_json(row.answer), row.tenant)


def remove_conversation(database: Database, conversation_id: str, person: str, at: int) -> None:
    """Remove a person's conversation, and keep what was asked in it before `at` from being written later."""
    own = (CONVERSATIONS.c.id == conversation_id) & (CONVERSATIONS.c.person == person)
    _remove(database, _conversation_name(conversation_id), own, at)


def remove_person(database: Database, person: str, at: int) -> None:
    """Remove every conversation of a person, with what is about it, and keep what was asked before `at` from being
    written later. What they changed in material is nobody's from here on, and a launch of theirs that has not ended
    has to be begun again."""
    in_slack = delete(SLACK_QUESTIONS).where(SLACK_QUESTIONS.c.person == person)
    changes = update(JOBS).where(JOBS.c.person == person).values(person="")
    # As `Launch.as_json` writes it.
    person_json = json.dumps({"person": person}).strip("{}")
    logins = delete(LTI_LOGINS).where(_is_over(at) | LTI_LOGINS.c.launch.contains(person_json, autoescape=True))
    _remove(database, _person_name(person), CONVERSATIONS.c.person == person, at, in_slack, changes, logins)


def _is_over(at: int) -> ColumnElement[bool]:
    """Whether a login can no longer be finished; what is kept of its launch names a person."""
    return LTI_LOGINS.c.expires_at < at


def _remove(database: Database, name: str, rows: ColumnElement[bool], at: int, *more: Delete | Update) -> None:
    with database.writing() as connection:
        for statement in more:
            connection.execute(statement)
        connection.execute(delete(CONVERSATIONS).where(rows))
        row: dict[str, str | int] = {"name": name, "removed_at": at}
        upsert(connection, REMOVALS, ["name"], row, changing=["removed_at"])


def purge(database: Database, retention_days: int, at: int) -> None:
    """Remove conversations whose last turn is older than `retention_days`, 0 for none, logins whose time is over, and
    removals of long ago."""
    with database.writing() as connection:
        connection.execute(delete(REMOVALS).where(REMOVALS.c.removed_at < at - _DAY))
        connection.execute(delete(LTI_LOGINS).where(_is_over(at)))
        if retention_days:
            connection.execute(delete(CONVERSATIONS).where(CONVERSATIONS.c.last_at < at - retention_days * _DAY))


def store(database: Database, turns: Sequence[Turn]) -> None:
    """Write turns, each once however often it is tried, but for those that were asked before a removal."""
    with database.writing() as connection:
        names = {name for turn in turns for name in _names(turn)}
        removals = connection.execute(select(REMOVALS).where(REMOVALS.c.name.in_(names)))
        removed_at = {row.name: row.removed_at for row in removals}
        later = [t for t in turns if all(t.asked_at > removed_at.get(name, -1) for name in _names(t))]
        by_conversation: dict[str, list[Turn]] = {}
        for turn in later:
            by_conversation.setdefault(turn.answer.conversation_id, []).append(turn)
        if not by_conversation:
            return
        rows = [_conversation_row(own) for own in by_conversation.values()]
        upsert(connection, CONVERSATIONS, ["id"], *rows, changing=["last_at"])
        owners = _owners(connection, by_conversation)
        # Two processes may have given one name to two people at the same moment: the first one has it.
        own = [turn for turn in later if (turn.answer.course, turn.person) == owners[turn.answer.conversation_id]]
        if len(own) < len(later):
            log.warning("turns_of_another_s_conversation", turns=len(later) - len(own))
        if own:
            events = _new_events(connection, own)
            upsert(connection, TURNS, ["answer_id"], *map(_turn_row, own))
            if events:
                queue_deliveries(connection, events)


def _new_events(connection: Connection, turns: Sequence[Turn]) -> list[WebhookEvent]:
    """The questions that got no answer, but for those that were written before, and so told."""
    unanswered = {turn.answer.id: turn for turn in turns if turn.answer.status in UNANSWERED}
    if not unanswered:
        return []
    known = select(TURNS.c.answer_id).where(TURNS.c.answer_id.in_(list(unanswered)))
    known_ids = set(connection.execute(known).scalars())
    return [unanswered_event(turn.answer, turn.asked_at) for name, turn in unanswered.items() if name not in known_ids]


def _conversation_name(conversation_id: str) -> str:
    return f"conversation:{conversation_id}"


def _person_name(person: str) -> str:
    return f"person:{person}"


def _names(turn: Turn) -> tuple[str, str]:
    return _conversation_name(turn.answer.conversation_id), _person_name(turn.person)


def _owners(connection: Connection, conversation_ids: Iterable[str]) -> dict[str, Owner]:
    columns = CONVERSATIONS.c.id, CONVERSATIONS.c.course, CONVERSATIONS.c.person
    rows = connection.execute(select(*columns).where(CONVERSATIONS.c.id.in_(list(conversation_ids))))
    return {row.id: (row.course, row.person) for row in rows}


def _conversation_row(turns: Sequence[Turn]) -> dict[str, str | int]:
    first = turns[0]
    return {
        "id": first.answer.conversation_id,
        "course": first.answer.course,
        "person": first.person,
        "begun_at": first.asked_at,
        "last_at": turns[-1].asked_at,
        "tenant": first.tenant,
    }


def _turn_row(turn: Turn) -> dict[str, str | int]:
    return {
        "answer_id": turn.answer.id,
        "conversation_id": turn.answer.conversation_id,
        "asked_at": turn.asked_at,
        "status": turn.answer.status,
        "standalone_question": turn.answer.standalone_question,
        "answer": turn.answer.as_json,
    }
