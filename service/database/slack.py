"""What Slack sends, in the database: SQL alone; `service.slack` decides when. Times are milliseconds since 1970."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update

from reperage.service.database.engine import Database
from reperage.service.database.tables import SLACK_CHANNELS, SLACK_INSTALLATIONS, SLACK_QUESTIONS, SLACK_SEEN
from reperage.service.database.upsert import Row, upsert

_KEY = ("team", "channel", "ts")
_MOST_TAKEN_UP = 50


@dataclass(frozen=True, slots=True)
class Place:
    """A message of Slack's: workspace, channel, and the time that names it there."""

    team: str
    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asked in Slack.

    `thread` is the `ts` of the thread's first message, `member` Slack's name of who asked, `person` the pseudonym.
    `reply` is the `ts` of what was posted already, `attempts` which try to answer it this is.
    """

    place: Place
    thread: str
    member: str
    person: str
    text: str
    reply: str | None = None
    attempts: int = 1


def claim(database: Database, question: Question, lease_end: int, at: int) -> Question | None:
    """The question, when it is for us to answer until `lease_end`: nobody took it before, or who did let it lie.

    Raises:
        StateUnavailable: the database cannot be written.
    """
    new: Row = {
        "team": question.place.team,
        "channel": question.place.channel,
        "ts": question.place.ts,
        "thread": question.thread,
        "member": question.member,
        "person": question.person,
        "question": question.text,
        "lease_until": lease_end,
        "attempts": question.attempts,
    }
    with database.writing() as connection:
        if upsert(connection, SLACK_QUESTIONS, _KEY, new):
            return question
        free = _is(question.place) & SLACK_QUESTIONS.c.ended_at.is_(None) & (SLACK_QUESTIONS.c.lease_until < at)
        row = connection.execute(
            update(SLACK_QUESTIONS)
            .where(free)
            .values(lease_until=lease_end, attempts=SLACK_QUESTIONS.c.attempts + 1)
            .returning(SLACK_QUESTIONS)
        ).one_or_none()
        return _question(row) if row else None


def reopen(database: Database, place: Place, lease_end: int) -> Question | None:
    """A question that ended without an answer, to be answered after all; `None` where there is none such."""
    unanswered = _is(place) & SLACK_QUESTIONS.c.ended_at.is_not(None) & SLACK_QUESTIONS.c.answer_id.is_(None)
    with database.writing() as connection:
        row = connection.execute(
            update(SLACK_QUESTIONS)
            .where(unanswered)
            .values(ended_at=None, reply=None, lease_until=lease_end, attempts=1)
            .returning(SLACK_QUESTIONS)
        ).one_or_none()
        return _question(row) if row else None


def abandoned_questions(database: Database, at: int, most_attempts: int) -> list[Question]:
    """Questions that somebody took, and neither answered nor holds any more; the oldest first."""
    rows = (
        select(SLACK_QUESTIONS)
        .where(SLACK_QUESTIONS.c.ended_at.is_(None), SLACK_QUESTIONS.c.lease_until < at)
        .where(SLACK_QUESTIONS.c.attempts < most_attempts)
        .order_by(SLACK_QUESTIONS.c.lease_until)
        .limit(_MOST_TAKEN_UP)
    )
    with database.reading() as connection:
        return [_question(row) for row in connection.execute(rows)]


def renew_question(database: Database, question: Question, lease_end: int, reply: str | None) -> bool:
    """Hold a question until `lease_end`, and keep where its answer begins to stand; whether it is still ours."""
    with database.writing() as connection:
        own = _is(question.place) & (SLACK_QUESTIONS.c.attempts == question.attempts)
        own &= SLACK_QUESTIONS.c.ended_at.is_(None)
        values = {"lease_until": lease_end, "reply": reply}
        return bool(connection.execute(update(SLACK_QUESTIONS).where(own).values(**values)).rowcount)


def end_question(database: Database, question: Question, answer_id: str | None, reply: str | None, at: int) -> None:
    """A question that is still ours is answered, or will not be."""
    with database.writing() as connection:
        own = _is(question.place) & (SLACK_QUESTIONS.c.attempts == question.attempts)
        values = {"answer_id": answer_id, "reply": reply, "ended_at": at}
        connection.execute(update(SLACK_QUESTIONS).where(own).values(**values))


def has_spoken(database: Database, team: str, channel: str, thread: str) -> bool:
    """Whether something was answered in a thread, or is being."""
    rows = select(SLACK_QUESTIONS.c.ts).where(
        SLACK_QUESTIONS.c.team == team, SLACK_QUESTIONS.c.channel == channel, SLACK_QUESTIONS.c.thread == thread
    )
    with database.reading() as connection:
        return connection.execute(rows.limit(1)).first() is not None


def questions_before(database: Database, question: Question, most: int) -> list[str]:
    """What was asked in the thread before a question, by anybody, oldest first."""
    place = question.place
    rows = (
        select(SLACK_QUESTIONS.c.question)
        .where(SLACK_QUESTIONS.c.team == place.team, SLACK_QUESTIONS.c.channel == place.channel)
        .where(SLACK_QUESTIONS.c.thread == question.thread, SLACK_QUESTIONS.c.ts < place.ts)
        .order_by(SLACK_QUESTIONS.c.ts.desc())
        .limit(most)
    )
    with database.reading() as connection:
        return [*connection.execute(rows).scalars()][::-1]


def course_of(database: Database, team: str, channel: str) -> str | None:
    """The course of a channel, where one is chosen."""
    rows = select(SLACK_CHANNELS.c.course).where(SLACK_CHANNELS.c.team == team, SLACK_CHANNELS.c.channel == channel)
    with database.reading() as connection:
        return connection.execute(rows).scalar_one_or_none()


def set_course(database: Database, team: str, channel: str, course: str) -> None:
    """Remember a channel's course."""
    row = {"team": team, "channel": channel, "course": course}
    with database.writing() as connection:
        upsert(connection, SLACK_CHANNELS, ["team", "channel"], row, changing=["course"])


def ask_for_course(database: Database, team: str, channel: str, gone: str | None) -> bool:
    """Remember that a channel's course was asked for, which it never had or whose course is `gone`; whether that is
    news."""
    own = (SLACK_CHANNELS.c.team == team) & (SLACK_CHANNELS.c.channel == channel)
    with database.writing() as connection:
        if gone is not None:
            forget = update(SLACK_CHANNELS).where(own, SLACK_CHANNELS.c.course == gone).values(course=None)
            return bool(connection.execute(forget).rowcount)
        row = {"team": team, "channel": channel, "course": None}
        return upsert(connection, SLACK_CHANNELS, ["team", "channel"], row)


def is_first(database: Database, name: str, at: int) -> bool:
    """Whether this name was never seen before; from now on it was."""
    with database.writing() as connection:
        return upsert(connection, SLACK_SEEN, ["name"], {"name": name, "seen_at": at})


def installation_of(database: Database, workspace: str) -> str | None:
    """What is kept of a workspace that the app is installed in, encrypted."""
    rows = select(SLACK_INSTALLATIONS.c.installation).where(SLACK_INSTALLATIONS.c.workspace == workspace)
    with database.reading() as connection:
        return connection.execute(rows).scalar_one_or_none()


def store_installation(database: Database, workspace: str, installation: str) -> None:
    """Keep an installation in place of the one before."""
    row = {"workspace": workspace, "installation": installation}
    with database.writing() as connection:
        upsert(connection, SLACK_INSTALLATIONS, ["workspace"], row, changing=["installation"])


def remove_workspace(database: Database, workspace: str) -> None:
    """Remove the tokens of a workspace, its channels' courses, and what was asked there and is not answered."""
    with database.writing() as connection:
        connection.execute(delete(SLACK_INSTALLATIONS).where(SLACK_INSTALLATIONS.c.workspace == workspace))
        connection.execute(delete(SLACK_CHANNELS).where(SLACK_CHANNELS.c.team == workspace))
        connection.execute(delete(SLACK_QUESTIONS).where(SLACK_QUESTIONS.c.team == workspace))


def purge_slack(database: Database, ended_before: int, seen_before: int) -> None:
    """Remove questions that ended or were given up, and names that were seen, long ago."""
    abandoned = SLACK_QUESTIONS.c.ended_at.is_(None) & (SLACK_QUESTIONS.c.lease_until < ended_before)
    with database.writing() as connection:
        connection.execute(delete(SLACK_QUESTIONS).where(or_(SLACK_QUESTIONS.c.ended_at < ended_before, abandoned)))
        connection.execute(delete(SLACK_SEEN).where(SLACK_SEEN.c.seen_at < seen_before))


def _is(place: Place) -> ColumnElement[bool]:
    columns = SLACK_QUESTIONS.c
    return (columns.team == place.team) & (columns.channel == place.channel) & (columns.ts == place.ts)


def _question(row: Any) -> Question:
    place = Place(row.team, row.channel, row.ts)
    return Question(place, row.thread, row.member, row.person, row.question, row.reply, row.attempts)
