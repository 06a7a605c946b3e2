"""Holds the jobs that are being worked on, and writes how far they are."""

from contextlib import suppress
from threading import Event, Thread
from time import monotonic

from reperage.service.background import Lease
from reperage.service.database.engine import Database
from reperage.service.database.jobs import renew_jobs
from reperage.service.errors import StateUnavailable

LEASE = Lease(15.0)
_PROGRESS_SECONDS = 0.5
"""How often progress is written."""


class Stopped(Exception):
    """The program ends."""


class JobLease:
    """Renews what a worker holds, in a thread of its own, for as long as the block lasts.

    That it was lost does no harm and is not looked for: of jobs that are another's nothing is written, and an index
    that was built twice fits the folder all the same.
    """

    def __init__(self, database: Database, worker: str, ending: Event) -> None:
        """`worker`: the name that the jobs are held by. `ending`: set once the program ends."""
        self._database, self._worker, self._ending = database, worker, ending
        self._done = self._total = 0
        self._is_over = Event()
        self._thread = Thread(target=self._run, name="lease", daemon=True)

    def __enter__(self) -> "JobLease":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def go_on(self) -> None:
        """Raises `Stopped` where the program ends."""
        if self._ending.is_set():
            raise Stopped

    def progress(self, done: int, total: int) -> None:
        """How far the work is."""
        self._done, self._total = done, total

    def end(self) -> dict[str, int]:
        """Hold nothing any more; how far it is."""
        self._is_over.set()
        self._thread.join()
        return {"done": self._done, "total": self._total}

    def _run(self) -> None:
        last, due = (0, 0), monotonic() + LEASE.renewal_seconds
        while not self._is_over.wait(_PROGRESS_SECONDS):
            progress = self._done, self._total
            if progress == last and monotonic() < due:
                continue
            with suppress(StateUnavailable):  # It may be back before the lease has ended.
                renew_jobs(self._database, self._worker, LEASE.lease_end(), *progress)
                last, due = progress, monotonic() + LEASE.renewal_seconds
