"""What was asked and answered in each conversation, and whose it is.

answer → bounded queue → writer thread → database. A turn is read from the queue until it is written.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from time import monotonic
from typing import TypeVar

import structlog

from reperage.service.caller import Caller
from reperage.service.clock import now
from reperage.service.contract.answer import Answer
from reperage.service.conversations.turn_queue import TurnQueue
from reperage.service.conversations.turn_writer import TurnWriter
from reperage.service.database.engine import Database
from reperage.service.database.turns import (
    Owner,
    Turn,
    earlier_questions,
    last_turns,
    remove_conversation,
    remove_person,
    turn_of,
)
from reperage.service.errors import StateUnavailable, UnknownConversation

log = structlog.get_logger(__name__)

MOST_WAITING = 2000
"""Turns that wait to be written, or that are remembered where there is no database."""
MOST_QUESTIONS = 5
"""Earlier questions that a follow-up is read with."""

MOST_READ = 200
"""Turns of one conversation that are read, the last ones."""

T = TypeVar("T")

_MOST_OWNERS = 10_000
_READERS = 4
_READ_SECONDS = 2.0
_PAUSE_SECONDS = 5.0
"""How long nothing is read after a read failed, so that not every question waits for it."""


class Conversations:
    """Every conversation, for any number of threads; without a database the latest turns, in memory.

    The database's tables are made by somebody else: until they are there, turns wait.
    """

    def __init__(
        self, database: Database | None = None, retention_days: int = 0, most_waiting: int = MOST_WAITING
    ) -> None:
        """`retention_days`: a conversation is removed so long after its last turn; 0 keeps it."""
        self.database = database
        self._queue = TurnQueue(most_waiting)
        self._writer = TurnWriter(database, self._queue, retention_days) if database is not None else None
        self._owners = _Owners()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="conversations")
        self._read_again_at = 0.0

    @property
    def problem(self) -> str | None:
        """Why turns are not kept at the moment, `None` while they are, or while there are no tables yet."""
        return self._writer.problem if self._writer is not None else None

    def start(self) -> None:
        """Begin to write."""
        if self._writer is not None:
            self._writer.start()

    def look_for_tables(self) -> None:
        """Somebody has made the database's tables, or brought them up to date."""
        if self._writer is not None:
            self._writer.look_for_tables()

    def end(self) -> None:
        """Write what waits for the last time; the seconds that `close` waits at most begin."""
        if self._writer is not None:
            self._writer.end()

    def close(self) -> None:
        """Write what waits, for a few seconds at most, and end."""
        self._readers.shutdown(wait=False, cancel_futures=True)
        if self._writer is not None:
            self._writer.close()
        # What is still being read ends by itself within the limits of the database.
        self._readers.shutdown()

    def add(self, person: str, answer: Answer, asked_at: int | None = None, tenant: str = "") -> None:
        """Keep a turn that was asked at `asked_at`, now by default, by a person of `tenant`; never waits.

        Where too many wait already, the oldest is given up.
        """
        self._owners.owner(answer.conversation_id, (answer.course, person))
        has_room = self._queue.add(Turn(person, now() if asked_at is None else asked_at, answer, tenant))
        if self._writer is not None:
            if not has_room:
                log.error("turn_given_up", problem=self.problem)
            self._writer.wake()

    def earlier(self, conversation_id: str, course: str, person: str) -> Sequence[str]:
        """The last questions of a conversation as they were read, oldest first; none where it is new, or where the
        database cannot be read in time. The name is the person's from here on, where it is nobody's.

        Raises:
            UnknownConversation: it is another person's or another course's.
        """
        waiting = self._waiting(conversation_id, person)
        questions: list[str] = []
        owner: Owner | None = None
        if self.database is not None and monotonic() >= self._read_again_at:
            known = {turn.answer.id for turn in waiting}
            try:
                questions, owner = self._read(
                    partial(earlier_questions, self.database, conversation_id, known, MOST_QUESTIONS)
                )
            except StateUnavailable as error:
                self._cannot_read(error)
        if self._owners.owner(conversation_id, owner or (course, person)) != (course, person):
            raise UnknownConversation(_UNKNOWN)
        questions += [turn.answer.standalone_question for turn in waiting if turn.answer.status != "small_talk"]
        return questions[-MOST_QUESTIONS:]

    def read(self, conversation_id: str, caller: Caller) -> list[Turn]:
        """The turns of one's own conversation, oldest first; of a long one the last `MOST_READ`.

        Raises:
            UnknownConversation: there is none, or it is another person's.
            StateUnavailable: the database cannot be read, and no turn of it waits.
        """
        # The queue first: what is written meanwhile is then seen twice, never not at all.
        waiting = self._waiting(conversation_id, caller.person)
        turns: list[Turn] = []
        try:
            if self.database is not None:
                turns = self._read(partial(last_turns, self.database, conversation_id, caller.person, MOST_READ))
        except StateUnavailable as error:
            self._cannot_read(error)
            if not waiting:
                raise
        known = {turn.answer.id for turn in turns}
        turns += [turn for turn in waiting if turn.answer.id not in known]
        if not turns or not caller.may_read(turns[0].answer.course):
            raise UnknownConversation(_UNKNOWN)
        return turns[-MOST_READ:]

    def turn_of_answer(self, answer_id: str, person: str) -> Turn | None:
        """A person's own turn by its answer; `None` where there is none.

        Raises:
            StateUnavailable: the database cannot be read, and no such turn waits.
        """
        turn = self._queue.of_answer(answer_id, person)
        if turn is not None or self.database is None:
            return turn
        if monotonic() < self._read_again_at:
            raise StateUnavailable(self.problem or "the database does not answer")
        try:
            return self._read(partial(turn_of, self.database, answer_id, person))
        except StateUnavailable as error:
            self._cannot_read(error)
            raise

    def waiting_of(self, person: str) -> list[Turn]:
        """The turns of a person that wait to be written."""
        return self._queue.of_person(person)

    def write_now(self, conversation_id: str) -> None:
        """Write what waits of a conversation, for what refers to it.

        Raises:
            StateUnavailable: the database cannot be written, or there is none.
        """
        if self._writer is None:
            raise StateUnavailable("there is no database")
        self._writer.write_now(conversation_id)

    def delete(self, conversation_id: str, caller: Caller) -> None:
        """Remove one's own conversation.

        Raises:
            UnknownConversation: there is none, or it is another person's.
            StateUnavailable: the database cannot be written.
        """
        self.read(conversation_id, caller)
        self._remove(
            partial(remove_conversation, conversation_id=conversation_id, person=caller.person),
            lambda turn: (turn.answer.conversation_id, turn.person) == (conversation_id, caller.person),
        )

    def forget(self, person: str) -> None:
        """Remove everything about one person.

        Raises:
            StateUnavailable: the database cannot be written.
        """
        self._remove(partial(remove_person, person=person), lambda turn: turn.person == person)

    def _remove(self, remove: Callable[..., None], is_meant: Callable[[Turn], bool]) -> None:
        """Remove what is written by `remove`, and of what waits the turns that are meant."""
        if self._writer is None or self.database is None:
            self._queue.remove_where(is_meant)
            return
        with self._writer.nothing_written():
            remove(self.database, at=now())
            self._queue.remove_where(is_meant)

    def _waiting(self, conversation_id: str, person: str) -> list[Turn]:
        return [turn for turn in self._queue.of_conversation(conversation_id) if turn.person == person]

    def _read(self, work: Callable[[], T]) -> T:
        """What `work` reads from the database; a database that does not answer is not waited for.

        Raises:
            StateUnavailable: it cannot be read in time, or its tables have yet to be made.
        """
        if self._writer is not None:
            self._writer.check_tables()
        try:
            return self._readers.submit(work).result(_READ_SECONDS)
        except (TimeoutError, RuntimeError) as error:
            raise StateUnavailable("the database does not answer") from error

    def _cannot_read(self, error: StateUnavailable) -> None:
        if self._writer is not None and self._writer.has_tables:
            self._read_again_at = monotonic() + _PAUSE_SECONDS
            self._writer.fail(error)


class _Owners:
    """Whose a name is from the first question on, before there is a turn; of the last names alone."""

    def __init__(self) -> None:
        self._owners: OrderedDict[str, Owner] = OrderedDict()
        self._lock = Lock()

    def owner(self, conversation_id: str, owner: Owner) -> Owner:
        """Whose a conversation is: of whoever asked in it first, `owner` where nobody has."""
        with self._lock:
            first = self._owners.setdefault(conversation_id, owner)
            self._owners.move_to_end(conversation_id)
            if len(self._owners) > _MOST_OWNERS:
                self._owners.popitem(last=False)
            return first


_UNKNOWN = (
    "You have no conversation of this name in this course: it was removed, or it belongs to somebody else. "
    "Ask without `conversation_id` to begin a new one."
)
