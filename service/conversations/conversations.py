"""What was asked and answered in each conversation, and whose it is.

answer → bounded queue → writer thread → database. A turn is read from the queue until it is written.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import TypeVar

import structlog

from reperage.service.caller import Caller
from reperage.service.clock import now
from reperage.service.contract.answer import Answer
from reperage.service.database.engine import Database
from reperage.service.database.turns import (
    Owner,
    Turn,
    earlier_questions,
    last_turns,
    purge,
    remove_conversation,
    remove_person,
    store,
    turn_of,
)
from reperage.service.errors import StateRefused, StateUnavailable, UnknownConversation

log = structlog.get_logger(__name__)

MOST_WAITING = 2000
"""Turns that wait to be written, or that are remembered where there is no database."""
MOST_QUESTIONS = 5
"""Earlier questions that a follow-up is read with."""

MOST_READ = 200
"""Turns of one conversation that are read, the last ones."""

T = TypeVar("T")

_BATCH = 200
_MOST_OWNERS = 10_000
_READERS = 4
_READ_SECONDS = 2.0
_GATHER_SECONDS = 0.2
_RETRY_SECONDS = (0.5, 30.0)
_PURGE_SECONDS = 3600.0
_DRAIN_SECONDS = 5.0
_PAUSE_SECONDS = 5.0
"""How long nothing is read after a read failed, so that not every question waits for it."""


class Conversations:
    """Every conversation, for any number of threads; without a database the latest turns, in memory.

    `problem` says why turns are not kept at the moment, `None` while they are.
    """

    def __init__(
        self, database: Database | None = None, retention_days: int = 0, most_waiting: int = MOST_WAITING
    ) -> None:
        """`retention_days`: a conversation is removed so long after its last turn; 0 keeps it."""
        self.database = database
        self.problem: str | None = None
        self._retention_days = retention_days
        self._most_waiting = most_waiting
        self._waiting: OrderedDict[str, list[Turn]] = OrderedDict()
        self._count = 0
        # Whose a name is from the first question on, before there is a turn.
        self._owners: OrderedDict[str, Owner] = OrderedDict()
        self._lock = Lock()
        self._arrived, self._closing = Event(), Event()
        self._close_by = float("inf")
        # Held while a batch is written, so that nothing is deleted between being taken and being written.
        self._writing = Lock()
        self._writer: Thread | None = None
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="conversations")
        self._prepare_at = self._read_again_at = 0.0

    def start(self) -> None:
        """Begin to write; brings the database's tables up to date first."""
        if self.database is not None:
            self._writer = Thread(target=self._run, name="conversations", daemon=True)
            self._writer.start()

    def end(self) -> None:
        """Write what waits for the last time; the seconds that `close` waits at most begin."""
        if not self._closing.is_set():
            self._close_by = monotonic() + 2 * _DRAIN_SECONDS
        self._closing.set()
        self._arrived.set()

    def close(self) -> None:
        """Write what waits, for a few seconds at most, and end."""
        self._readers.shutdown(wait=False, cancel_futures=True)
        if self._writer is None or self.database is None:
            return
        self.end()
        self._writer.join(max(0.0, self._close_by - monotonic()))
        if self._count:
            log.error("turns_lost", turns=self._count, problem=self.problem)
        # What is still being read ends by itself within the limits of the database.
        self._readers.shutdown()
        self.database.close()

    def add(self, person: str, answer: Answer, asked_at: int | None = None, tenant: str = "") -> None:
        """Keep a turn that was asked at `asked_at`, now by default, by a person of `tenant`; never waits.

        Where too many wait already, the oldest is given up.
        """
        turn = Turn(person, now() if asked_at is None else asked_at, answer, tenant)
        with self._lock:
            self._own(answer.conversation_id, (answer.course, person))
            self._waiting.setdefault(answer.conversation_id, []).append(turn)
            self._waiting.move_to_end(answer.conversation_id)
            self._count += 1
            if self._count > self._most_waiting:
                oldest = next(iter(self._waiting.values()))[0]
                self._drop([oldest])
                if self.database is not None:
                    log.error("turn_given_up", problem=self.problem)
        self._arrived.set()

    def earlier(self, conversation_id: str, course: str, person: str) -> Sequence[str]:
        """The last questions of a conversation as they were read, oldest first; none where it is new, or where the
        database cannot be read in time. The name is the person's from here on, where it is nobody's.

        Raises:
            UnknownConversation: it is another person's or another course's.
        """
        waiting = self._waiting_in(conversation_id, person)
        written: list[str] = []
        owner: Owner | None = None
        if self.database is not None and monotonic() >= self._read_again_at:
            known = {turn.answer.id for turn in waiting}
            try:
                written, owner = self._read(
                    partial(earlier_questions, self.database, conversation_id, known, MOST_QUESTIONS)
                )
            except StateUnavailable as error:
                self._cannot_read(error)
        with self._lock:
            owner = self._own(conversation_id, owner or (course, person))
        if owner != (course, person):
            raise UnknownConversation(_UNKNOWN)
        asked = [turn.answer.standalone_question for turn in waiting if turn.answer.status != "small_talk"]
        return [*written, *asked][-MOST_QUESTIONS:]

    def read(self, conversation_id: str, caller: Caller) -> list[Turn]:
        """The turns of one's own conversation, oldest first; of a long one the last `MOST_READ`.

        Raises:
            UnknownConversation: there is none, or it is another person's.
            StateUnavailable: the database cannot be read, and no turn of it waits.
        """
        # The queue first: what is written meanwhile is then seen twice, never not at all.
        waiting = self._waiting_in(conversation_id, caller.person)
        written: list[Turn] = []
        try:
            if self.database is not None:
                written = self._read(partial(last_turns, self.database, conversation_id, caller.person, MOST_READ))
        except StateUnavailable as error:
            self._cannot_read(error)
            if not waiting:
                raise
        known = {turn.answer.id for turn in written}
        turns = [*written, *(turn for turn in waiting if turn.answer.id not in known)]
        if not turns or not caller.may_read(turns[0].answer.course):
            raise UnknownConversation(_UNKNOWN)
        return turns[-MOST_READ:]

    def answered(self, answer_id: str, person: str) -> Turn | None:
        """A person's own turn by its answer; `None` where there is none.

        Raises:
            StateUnavailable: the database cannot be read, and no such turn waits.
        """
        with self._lock:
            for turn in chain.from_iterable(self._waiting.values()):
                if turn.answer.id == answer_id and turn.person == person:
                    return turn
        if self.database is None:
            return None
        if monotonic() < self._read_again_at:
            raise StateUnavailable(self.problem or "the database does not answer")
        try:
            return self._read(partial(turn_of, self.database, answer_id, person))
        except StateUnavailable as error:
            self._cannot_read(error)
            raise

    def waiting_of(self, person: str) -> list[Turn]:
        """The turns of a person that wait to be written."""
        with self._lock:
            return [turn for turn in chain.from_iterable(self._waiting.values()) if turn.person == person]

    def write_now(self, conversation_id: str) -> None:
        """Write what waits of a conversation, for what refers to it.

        Raises:
            StateUnavailable: the database cannot be written.
        """
        if self.database is None or (self._writer is not None and not self._prepare_at):
            raise StateUnavailable(self.problem or "the database is being opened")
        with self._nothing_written():
            with self._lock:
                batch = list(self._waiting.get(conversation_id, ()))
            if batch:
                self._write(batch)
                with self._lock:
                    self._drop(batch)

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

    def _remove(self, remove: Callable[..., None], waits: Callable[[Turn], bool]) -> None:
        """Remove what is written by `remove`, and of what waits the turns that `waits` tells."""
        with self._nothing_written():
            if self.database is not None:
                remove(self.database, at=now())
            with self._lock:
                self._drop([turn for turns in self._waiting.values() for turn in turns if waits(turn)])

    @contextmanager
    def _nothing_written(self) -> Iterator[None]:
        """While the writer writes nothing.

        Raises:
            StateUnavailable: it does not end.
        """
        if not self._writing.acquire(timeout=_READ_SECONDS):
            raise StateUnavailable("a batch is being written for too long")
        try:
            yield
        finally:
            self._writing.release()

    def _own(self, conversation_id: str, owner: Owner) -> Owner:
        """Whose a conversation is: of whoever asked in it first, `owner` where nobody has; under the lock."""
        found = self._owners.setdefault(conversation_id, owner)
        self._owners.move_to_end(conversation_id)
        if len(self._owners) > _MOST_OWNERS:
            self._owners.popitem(last=False)
        return found

    def _waiting_in(self, conversation_id: str, person: str) -> list[Turn]:
        with self._lock:
            return [turn for turn in self._waiting.get(conversation_id, ()) if turn.person == person]

    def _drop(self, turns: Iterable[Turn]) -> None:
        """Take turns out of the queue, those that are in it; under the lock."""
        gone = {turn.answer.id for turn in turns}
        for conversation_id in {turn.answer.conversation_id for turn in turns}:
            waiting = self._waiting.get(conversation_id, [])
            kept = [turn for turn in waiting if turn.answer.id not in gone]
            self._count -= len(waiting) - len(kept)
            if kept:
                self._waiting[conversation_id] = kept
            else:
                self._waiting.pop(conversation_id, None)

    def _read(self, work: Callable[[], T]) -> T:
        """What `work` reads from the database; a database that does not answer is not waited for.

        Raises:
            StateUnavailable: it cannot be read in time, or the writer has yet to make the tables.
        """
        if self._writer is not None and not self._prepare_at:
            raise StateUnavailable(self.problem or "the database is being opened")
        try:
            return self._readers.submit(work).result(_READ_SECONDS)
        except (TimeoutError, RuntimeError) as error:
            raise StateUnavailable("the database does not answer") from error

    def _cannot_read(self, error: StateUnavailable) -> None:
        if self._prepare_at:
            self._read_again_at = monotonic() + _PAUSE_SECONDS
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        expected = isinstance(error, StateUnavailable)
        problem = error.reason if isinstance(error, StateUnavailable) else "an unexpected error"
        if problem != self.problem:
            log.error("conversations_not_kept", problem=problem, exc_info=None if expected else error)
        self.problem = problem

    def _run(self) -> None:
        """The writer thread: write what arrives; try again what cannot be written, once closing for a last while."""
        pause, deadline = _RETRY_SECONDS[0], float("inf")
        while True:
            # In this order: what arrives from here on, the end too, is seen by the wait below.
            self._arrived.clear()
            is_last = self._closing.is_set()
            if is_last:
                deadline = min(deadline, monotonic() + _DRAIN_SECONDS)
            if self._try():
                if is_last:
                    return
                pause = _RETRY_SECONDS[0]
                self._arrived.wait(_PURGE_SECONDS)
                self._closing.wait(_GATHER_SECONDS)
            elif is_last:
                if monotonic() >= deadline or not self._count:
                    return
                sleep(_RETRY_SECONDS[0])
            else:
                self._closing.wait(pause)
                pause = min(2 * pause, _RETRY_SECONDS[1])

    def _try(self) -> bool:
        """Bring the tables up to date, write what waits, remove what is too old; whether it went well."""
        try:
            self._prepare()
            self._write_waiting()
        except Exception as error:
            self._failed(error)
            return False
        if self.problem is not None:
            log.info("conversations_kept_again")
        self.problem = None
        return True

    def _prepare(self) -> None:
        """What is due before turns are written: the tables' migration once, the removal of old conversations hourly."""
        assert self.database is not None
        if monotonic() < self._prepare_at:
            return
        self.database.migrate()
        purge(self.database, self._retention_days, now())
        self._prepare_at = monotonic() + _PURGE_SECONDS

    def _write_waiting(self) -> None:
        """Write everything that waits, oldest first."""
        while True:
            with self._writing:
                with self._lock:
                    batch = list(islice(chain.from_iterable(self._waiting.values()), _BATCH))
                if not batch:
                    return
                self._write(batch)
                with self._lock:
                    self._drop(batch)

    def _write(self, batch: Sequence[Turn]) -> None:
        """Write a batch; a turn that cannot be written is given up, so that it does not hold up the others."""
        assert self.database is not None
        try:
            store(self.database, batch)
        except (StateRefused, ValueError) as error:  # What is no text cannot be encoded.
            if len(batch) > 1:
                for turn in batch:
                    self._write([turn])
                return
            problem = error.reason if isinstance(error, StateRefused) else type(error).__name__
            log.error("turn_refused", answer=batch[0].answer.id, problem=problem)


_UNKNOWN = (
    "You have no conversation of this name in this course: it was removed, or it belongs to somebody else. "
    "Ask without `conversation_id` to begin a new one."
)
