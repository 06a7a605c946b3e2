"""The thread that builds the indexes of managed courses anew when their material was changed.

The folder is the truth: a job is done when there is an index that fits the folder as it was after the job's change, or
later, so that one build may serve many jobs. Of several processes on one folder the one that holds a lease builds.
A folder that is ahead of its index, as after a build that failed, is built again without a job.
"""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic

import structlog

from reperage.corpus import document_paths
from reperage.corpus.errors import CorpusError
from reperage.index.builds import current_build
from reperage.index.errors import BuildInProgress, SearchIndexError
from reperage.index.manifest import Manifest
from reperage.service.clock import now
from reperage.service.courses.building import bring_up_to_date
from reperage.service.courses.jobs import Jobs, said_of
from reperage.service.courses.material import (
    STAGED,
    check_managed,
    has_material,
    is_managed,
    material_folder,
    material_id,
)
from reperage.service.courses.staging import Staging
from reperage.service.database.engine import Database
from reperage.service.database.jobs import (
    Job,
    JobStatus,
    claim_jobs,
    count_attempts,
    end_jobs,
    give_up_jobs,
    is_removed_later,
    keep_jobs,
    last_failed,
    purge_jobs,
    waiting_courses,
)
from reperage.service.errors import MaterialUnavailable, ServiceError, StateUnavailable
from reperage.service.loading import Loading as Startup

log = structlog.get_logger(__name__)

LEASE_MILLISECONDS = 15_000
_TELL_SECONDS = 0.5
"""How often progress is written."""
_LOOK_SECONDS = 5.0
"""How often it is looked for what another process left, or could not do."""
_CLOSING_SECONDS = 10.0
_PURGE_SECONDS = 3600.0
_KEPT_MILLISECONDS = 30 * 86_400_000
_MOST_ATTEMPTS = 3
_AGAIN_SECONDS = (30.0, 600.0)
"""How long it takes until a build that failed is tried again: longer each time."""
_END_TRIES = 10
_READ_TRIES = 3


class _Stopped(Exception):
    """The program ends."""


class JobWorker:
    """Works from the moment that the assistant is ready until it is closed."""

    def __init__(self, startup: Startup, jobs: Jobs, database: Database) -> None:
        self._startup, self._settings = startup, startup.settings
        self._material = material_folder(startup.settings)
        self._jobs, self._database = jobs, database
        self._name = uuid.uuid4().hex
        self._closing = Event()
        self._close_by = float("inf")
        self._thread: Thread | None = None
        self._problem: str | None = None
        self._purge_at = 0.0
        self._behind: dict[str, _Again] = {}
        self._has_looked = False

    def start(self) -> None:
        self._thread = Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Begin nothing more; the seconds that `close` waits at most begin."""
        if not self._closing.is_set():
            self._close_by = monotonic() + _CLOSING_SECONDS
        self._closing.set()
        self._jobs.arrived.set()

    def close(self) -> None:
        """End; what is being built is left to the next start."""
        self.end()
        if self._thread is not None:
            self._thread.join(max(0.0, self._close_by - monotonic()))

    def _run(self) -> None:
        while not self._startup.wait(_TELL_SECONDS):
            if self._closing.is_set():
                return
        while self._startup.is_ready and not self._closing.is_set():
            # In this order: what arrives meanwhile ends the wait below at once.
            self._jobs.arrived.clear()
            try:
                self._work()
                self._problem = None
            except _Stopped:
                return
            except Exception as error:
                self._failed(error)
            if not self._closing.is_set():
                self._jobs.arrived.wait(_LOOK_SECONDS)

    def _failed(self, error: Exception) -> None:
        problem = error.reason if isinstance(error, StateUnavailable) else repr(error)
        if problem != self._problem:
            expected = isinstance(error, ServiceError | OSError)
            log.error("jobs_wait", problem=problem, exc_info=None if expected else error)
        self._problem = problem

    def _work(self) -> None:
        """Everything there is to do."""
        # To open an SQLite file that is not there would make it, for everybody to read.
        if not has_material(self._settings) or not self._database.is_current():
            return
        if monotonic() >= self._purge_at:
            purge_jobs(self._database, now() - _KEPT_MILLISECONDS)
            self._purge_at = monotonic() + _PURGE_SECONDS
        for folder in (self._material / STAGED).iterdir():
            if folder.is_dir() and (staging := Staging(self._material, folder.name)).waits():
                # Where the disk refuses, the job is told so below; where somebody changes it, it is not for long.
                with suppress(OSError, CorpusError, MaterialUnavailable), staging.lock():
                    staging.recover(self._database)
        for course in waiting_courses(self._database, material_id(self._settings), now()):
            self._build(course)
        if not self._has_looked or any(monotonic() >= again.at for again in self._behind.values()):
            self._catch_up()

    def _catch_up(self) -> None:
        """Build the courses whose last build failed, those whose time has come."""
        failed = {job.course: job for job in last_failed(self._database, material_id(self._settings), _MOST_ATTEMPTS)}
        self._behind = {c: self._behind.get(c, _Again()) for c in failed if self._may_be_behind(c)}
        self._has_looked = True
        for course in [course for course, again in self._behind.items() if monotonic() >= again.at]:
            # What ends the program each time is not begun at every start.
            count_attempts(self._database, failed[course].id, 1)
            try:
                with _Lease(self._database, uuid.uuid4().hex, self._closing) as lease:
                    self._built(course, lease)
            except (_Stopped, StateUnavailable):
                raise
            except Exception as error:
                expected = isinstance(error, CorpusError | SearchIndexError | ServiceError | OSError)
                log.error("course_behind", course=course, problem=str(error), exc_info=None if expected else error)
                self._failed_to_build(course)
            finally:
                count_attempts(self._database, failed[course].id, -1)

    def _may_be_behind(self, course: str) -> bool:
        if not is_managed(self._settings, course):
            return False
        # A folder without documents that has no index either is what is left of a change that never happened.
        if current_build(self._settings.index_roots[0], course) is not None:
            return True
        try:
            return bool(document_paths(self._material / course))
        except CorpusError:
            return True

    def _failed_to_build(self, course: str) -> None:
        self._behind[course] = self._behind.get(course, _Again()).later()

    def _build(self, course: str) -> None:
        """Serve every job of a course that waits."""
        until = now() + LEASE_MILLISECONDS
        jobs = claim_jobs(self._database, material_id(self._settings), course, self._name, now(), until)
        if tired := [job.id for job in jobs if job.attempts > _MOST_ATTEMPTS]:
            self._end(tired, "failed", _TIRED)
        if jobs := [job for job in jobs if job.attempts <= _MOST_ATTEMPTS]:
            with _Lease(self._database, self._name, self._closing) as lease:
                self._serve(course, jobs, lease)

    def _serve(self, course: str, jobs: Sequence[Job], lease: "_Lease") -> None:
        ids = [job.id for job in jobs]
        folder = self._material / course
        try:
            manifest = self._built(course, lease)
        except (_Stopped, BuildInProgress, MaterialUnavailable, StateUnavailable) as error:
            lease.end()
            give_up_jobs(self._database, self._name)
            if isinstance(error, _Stopped):
                raise
        except (SearchIndexError, ServiceError) as error:
            self._fail(course, ids, str(error).replace(f"{folder}/", ""), lease)
        except (CorpusError, OSError) as error:
            log.error("job_failed", course=course, problem=str(error))
            self._fail(course, ids, said_of(error, folder), lease)
        except Exception as error:
            log.exception("job_failed", course=course)
            came_from = getattr(error, "__notes__", [])
            said = " ".join(["This is a fault of the program; its log says more.", *came_from])
            self._fail(course, ids, said, lease)
        else:
            gone = [job.id for job in _gone(jobs, manifest) if not is_removed_later(self._database, job)]
            self._end([name for name in ids if name not in gone], "done", "", lease)
            self._end(gone, "failed", "The document's file was removed by hand before it was read.", lease)

    def _fail(self, course: str, ids: Sequence[str], detail: str, lease: "_Lease") -> None:
        self._failed_to_build(course)
        # What could not even be written in its place is forgotten with its job.
        is_written = not Staging(self._material, course).waits()
        self._end(ids, "failed", f"{detail} {_WRITTEN}" if is_written else detail, lease)

    def _built(self, course: str, lease: "_Lease") -> Manifest:
        check_managed(self._settings, course)
        staging = Staging(self._material, course)
        encoder = self._startup.assistant.pipeline.encoder.beside_questions(lease.go_on)
        # Whoever made the last of the jobs has written its file when the lock is free.
        with staging.lock():
            staging.recover(self._database)
        arguments = (self._settings, course, staging.folder, encoder, lease.tell)
        for tries_left in reversed(range(_READ_TRIES)):
            try:
                manifest, encoded = bring_up_to_date(*arguments)
            except CorpusError:
                # A file may have been removed between being found and being read.
                if not tries_left:
                    raise
            else:
                log.info("course_built", course=course, encoded=encoded)
                self._behind.pop(course, None)
                return manifest
        raise AssertionError("unreachable")

    def _end(self, ids: Sequence[str], status: JobStatus, detail: str, lease: "_Lease | None" = None) -> None:
        if not ids:
            return
        progress = lease.end() if lease else {}
        if detail:
            log.error("jobs_failed", jobs=list(ids), detail=detail)
        for tries_left in reversed(range(_END_TRIES)):
            try:
                end_jobs(self._database, self._name, ids, status, now(), detail=detail, **progress)
                return
            except StateUnavailable:
                # What is not written now is found to be done, or fails once more, when the lease has ended.
                if not tries_left or self._closing.wait(1):
                    raise


@dataclass(frozen=True, slots=True)
class _Again:
    """When a build is to be tried, by the monotonic clock, and how long to wait after the next failure."""

    at: float = 0.0
    pause: float = _AGAIN_SECONDS[0]

    def later(self) -> "_Again":
        return _Again(monotonic() + self.pause, min(2 * self.pause, _AGAIN_SECONDS[1]))


def _gone(jobs: Sequence[Job], manifest: Manifest) -> list[Job]:
    """The jobs, each the last of its document, whose document should be there and is not."""
    last = {job.document_id: job for job in jobs}
    return [job for job in last.values() if job.kind == "put" and job.document_id not in manifest.documents]


class _Lease:
    """Goes on holding what is being worked on, and writes how far it is, in a thread of its own."""

    def __init__(self, database: Database, worker: str, closing: Event) -> None:
        self._database, self._worker, self._closing = database, worker, closing
        self._done = self._total = 0
        self._ended = Event()
        self._thread = Thread(target=self._run, name="lease", daemon=True)

    def __enter__(self) -> "_Lease":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def go_on(self) -> None:
        """Raises `_Stopped` where the program ends."""
        if self._closing.is_set():
            raise _Stopped

    def tell(self, done: int, total: int) -> None:
        self._done, self._total = done, total

    def end(self) -> dict[str, int]:
        """Hold nothing any more; how far it is."""
        self._ended.set()
        self._thread.join()
        return {"done": self._done, "total": self._total}

    def _run(self) -> None:
        told, due = (0, 0), monotonic() + LEASE_MILLISECONDS / 3000
        while not self._ended.wait(_TELL_SECONDS):
            progress = self._done, self._total
            if progress == told and monotonic() < due:
                continue
            with suppress(StateUnavailable):  # It may be back before the lease has ended.
                keep_jobs(self._database, self._worker, now() + LEASE_MILLISECONDS, *progress)
                told, due = progress, monotonic() + LEASE_MILLISECONDS / 3000


_WRITTEN = (
    "The change is written all the same: it will be searched once the course can be built, which is tried again and "
    "again."
)
_TIRED = (
    f"The build was begun {_MOST_ATTEMPTS} times, and the program ended each time before it was done. Remove the "
    "document, or ask whoever runs Repère: memory may be short."
)
