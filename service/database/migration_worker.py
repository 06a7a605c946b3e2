"""The thread that makes the tables and brings them up to date, as soon as the database can be written."""

from collections.abc import Callable

import structlog

from reperage.service.background import Worker, growing_pause
from reperage.service.database.engine import Database

log = structlog.get_logger(__name__)

_RETRY_SECONDS = (0.5, 30.0)
_LOOK_SECONDS = 3600.0
"""How often it is looked whether the tables are still there, as those of a file that somebody removed are not."""
_CLOSE_SECONDS = 10.0


class MigrationWorker(Worker):
    """Tries again until there are tables. Whoever needs them finds them missing meanwhile; `problem` says why."""

    def __init__(self, database: Database, migrated: Callable[[], None] = lambda: None) -> None:
        """`migrated` is called in its thread whenever the tables are found to be, or made, up to date."""
        super().__init__("migration", _CLOSE_SECONDS)
        self._database, self._migrated = database, migrated

    def start(self) -> None:
        """Begin to migrate."""
        self._start()

    def _work(self) -> None:
        self._database.migrate()
        self._migrated()

    def _rest(self) -> None:
        self._ending.wait(growing_pause(self._failures, _RETRY_SECONDS) if self._failures else _LOOK_SECONDS)

    def _report(self, problem: str, error: Exception | None) -> None:
        # Named for what it means to people: turns wait, and are lost when the program ends.
        log.error("conversations_not_kept", problem=problem, exc_info=error)

    def _recover(self) -> None:
        log.info("conversations_kept_again")
