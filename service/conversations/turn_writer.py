"""The thread that writes turns to the database, and removes what is too old there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from time import monotonic, sleep

import structlog

from reperage.service.background import Worker, growing_pause
from reperage.service.clock import now
from reperage.service.conversations.turn_queue import TurnQueue
from reperage.service.database.engine import Database
from reperage.service.database.turns import Turn, purge, store
from reperage.service.errors import StateRefused, StateUnavailable

log = structlog.get_logger(__name__)

_BATCH = 200
_GATHER_SECONDS = 0.2
_RETRY_SECONDS = (0.5, 30.0)
_TABLES_SECONDS = (0.5, 2.0)
"""How often it is looked whether there are tables by now, where nobody says that there are."""
_PURGE_SECONDS = 3600.0
_DRAIN_SECONDS = 5.0
_WRITING_SECONDS = 2.0


class TurnWriter(Worker):
    """Writes what arrives in a queue; tries again what cannot be written, once closing for a last while.

    It begins when the tables are there: who makes them says why they are not.
    """

    def __init__(self, database: Database, queue: TurnQueue, retention_days: int) -> None:
        """`retention_days`: a conversation is removed so long after its last turn; 0 keeps it."""
        super().__init__("conversations", 2 * _DRAIN_SECONDS)
        self._database, self._queue, self._retention_days = database, queue, retention_days
        # Held while a batch is written, so that nothing is deleted between being taken and being written.
        self._writing = Lock()
        self.has_tables = False
        """Whether it has found the tables."""
        self._purge_at = 0.0

    def start(self) -> None:
        """Begin to write."""
        self._start()

    def wake(self) -> None:
        """Let what has arrived be written, as soon as there are tables."""
        if self.has_tables:
            super().wake()

    def look_for_tables(self) -> None:
        """They were made, or brought up to date."""
        super().wake()

    def close(self) -> None:
        """Write what waits, for a few seconds at most, and end."""
        if not self._is_started:
            return
        super().close()
        if len(self._queue):
            log.error("turns_lost", turns=len(self._queue), problem=self.problem if self.has_tables else _NO_TABLES)

    def fail(self, error: Exception) -> None:
        """Take note of why turns cannot be written or read."""
        if self.has_tables or not isinstance(error, _TablesMissing):
            super().fail(error)

    def check_tables(self) -> None:
        """Raises `StateUnavailable` where it was started, and has yet to find the tables."""
        if self._is_started and not self.has_tables:
            raise StateUnavailable("the database is being opened")

    def write_now(self, conversation_id: str) -> None:
        """Write what waits of a conversation, for what refers to it.

        Raises:
            StateUnavailable: the database cannot be written.
        """
        self.check_tables()
        with self.nothing_written():
            if turns := self._queue.of_conversation(conversation_id):
                self._write(turns)
                self._queue.remove(turns)

    @contextmanager
    def nothing_written(self) -> Iterator[None]:
        """While nothing is written by this.

        Raises:
            StateUnavailable: a batch that is being written does not end.
        """
        if not self._writing.acquire(timeout=_WRITING_SECONDS):
            raise StateUnavailable("a batch is being written for too long")
        try:
            yield
        finally:
            self._writing.release()

    def _work(self) -> None:
        if monotonic() >= self._purge_at:
            # To open an SQLite file that is not there would make it, for everybody to read.
            self._find_tables()
            purge(self._database, self._retention_days, now())
            self._purge_at = monotonic() + _PURGE_SECONDS
        self._write_waiting()

    def _find_tables(self) -> None:
        """Raises `_TablesMissing` where there are none, or the database cannot be reached."""
        try:
            is_current = self._database.is_current()
        except StateUnavailable as error:
            raise _TablesMissing(error.reason) from error
        if not is_current:
            raise _TablesMissing(_NO_TABLES)
        self.has_tables = True

    def _write_waiting(self) -> None:
        """Write everything that waits, oldest first."""
        while True:
            with self._writing:
                batch = self._queue.batch(_BATCH)
                if not batch:
                    return
                self._write(batch)
                self._queue.remove(batch)

    def _write(self, batch: Sequence[Turn]) -> None:
        """Write a batch; a turn that cannot be written is given up, so that it does not hold up the others."""
        try:
            store(self._database, batch)
        except (StateRefused, ValueError) as error:  # What is no text cannot be encoded.
            if len(batch) > 1:
                for turn in batch:
                    self._write([turn])
                return
            problem = error.reason if isinstance(error, StateRefused) else type(error).__name__
            log.error("turn_refused", answer=batch[0].answer.id, problem=problem)

    def _rest(self) -> None:
        if not self.has_tables:
            self._awake.wait(growing_pause(self._failures, _TABLES_SECONDS))
        elif self._failures:
            # What arrives hurries nothing here: questions go on coming while the database is away.
            self._ending.wait(growing_pause(self._failures, _RETRY_SECONDS))
        else:
            self._awake.wait(_PURGE_SECONDS)
            self._ending.wait(_GATHER_SECONDS)

    def _finish(self) -> None:
        deadline = monotonic() + _DRAIN_SECONDS
        while not self._attempt() and len(self._queue) and monotonic() < deadline:
            sleep(_RETRY_SECONDS[0])

    def _report(self, problem: str, error: Exception | None) -> None:
        log.error("conversations_not_kept", problem=problem, exc_info=error)

    def _recover(self) -> None:
        log.info("conversations_kept_again")

    def _problem_of(self, error: Exception) -> str:
        # What the exception says of itself may hold what somebody asked.
        return error.reason if isinstance(error, StateUnavailable) else "an unexpected error"


class _TablesMissing(StateUnavailable):
    """The tables are yet to be made."""


_NO_TABLES = "its tables are not up to date"
