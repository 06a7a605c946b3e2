"""What is kept about one person, in the database, page by page: SQL alone; `service.conversations` puts it together."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from reperage.service.database.engine import Database
from reperage.service.database.tables import CONVERSATIONS, FEEDBACK, JOBS, SLACK_QUESTIONS, TURNS

_PAGE = 100
"""Rows that are held in memory at once: an answer has some ten thousand characters."""


def conversations_of(database: Database, person: str) -> Iterator[Any]:
    """The conversations of a person, the first begun first."""
    columns = CONVERSATIONS.c
    return _rows(database, select(CONVERSATIONS).where(columns.person == person), columns.begun_at, columns.id)


def turns_in(database: Database, conversation_id: str) -> Iterator[Any]:
    """The turns of a conversation in their order; `answer` is JSON."""
    columns = TURNS.c
    turns = select(columns.number, columns.answer_id, columns.asked_at, columns.answer)
    return _rows(database, turns.where(columns.conversation_id == conversation_id), columns.number)


def opinions_of(database: Database, person: str) -> Iterator[Any]:
    """What a person thought of answers."""
    columns = FEEDBACK.c
    return _rows(database, select(FEEDBACK).where(columns.person == person), columns.given_at, columns.answer_id)


def slack_questions_of(database: Database, person: str) -> Iterator[Any]:
    """What a person asked in Slack."""
    columns = SLACK_QUESTIONS.c
    questions = select(SLACK_QUESTIONS).where(columns.person == person)
    return _rows(database, questions, columns.team, columns.channel, columns.ts)


def jobs_of(database: Database, person: str) -> Iterator[Any]:
    """The changes of material that a person asked for."""
    return _rows(database, select(JOBS).where(JOBS.c.person == person), JOBS.c.number)


def counts_of(database: Database, person: str) -> dict[str, int]:
    """How much of each kind is kept about a person."""
    turns = select(func.count()).select_from(TURNS.join(CONVERSATIONS)).where(CONVERSATIONS.c.person == person)
    with database.reading() as connection:
        counts = {
            name: select(func.count()).select_from(table).where(table.c.person == person)
            for name, table in (
                ("conversations", CONVERSATIONS),
                ("feedback", FEEDBACK),
                ("slack_questions", SLACK_QUESTIONS),
                ("jobs", JOBS),
            )
        } | {"turns": turns}
        return {name: connection.execute(count).scalar_one() for name, count in counts.items()}


def _rows(database: Database, selection: Select[Any], *order: ColumnElement[Any]) -> Iterator[Any]:
    """Every row, each page in a transaction of its own: whoever reads slowly holds nothing up."""
    last: list[Any] | None = None
    while True:
        page = selection if last is None else selection.where(tuple_(*order) > tuple_(*last))
        with database.reading() as connection:
            rows = connection.execute(page.order_by(*order).limit(_PAGE)).all()
        yield from rows
        if len(rows) < _PAGE:
            return
        last = [getattr(rows[-1], str(column.key)) for column in order]
