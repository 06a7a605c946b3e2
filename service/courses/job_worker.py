"""The thread that builds the indexes of managed courses anew when their material was changed.

The folder is the truth: a job is done when there is an index that fits the folder as it was after the job's change, or
later, so that one build may serve many jobs. Of several processes on one folder the one that holds a lease builds.
A folder that is ahead of its index, as after a build that failed, is built again without a job.
"""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

import structlog

from reperage.corpus import document_paths
from reperage.corpus.errors import CorpusError
from reperage.index.builds import current_build
from reperage.index.errors import BuildInProgress, SearchIndexError
from reperage.index.manifest import Manifest
from reperage.service.background import Worker, growing_pause
from reperage.service.clock import now
from reperage.service.courses.building import bring_up_to_date
from reperage.service.courses.job_lease import LEASE, JobLease, Stopped
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
    is_removed_later,
    last_failed,
    purge_jobs,
    release_jobs,
    waiting_courses,
)
from reperage.service.errors import MaterialUnavailable, ServiceError, StateUnavailable
from reperage.service.settings import Settings

if TYPE_CHECKING:
    from reperage.index.encoder import Encoder  # PyTorch takes seconds to import; the server answers meanwhile.

log = structlog.get_logger(__name__)

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


class JobWorker(Worker):
    """Works from the moment that there is an encoder until it is closed; what is being built then is left to the next
    start."""

    expected = (ServiceError, OSError)

    def __init__(self, settings: Settings, jobs: Jobs, database: Database) -> None:
        super().__init__("jobs", _CLOSING_SECONDS, jobs.arrived)
        self._settings, self._database = settings, database
        self._material = material_folder(settings)
        self._holder = uuid.uuid4().hex
        self._encoder: Encoder | None = None
        self._purge_at = 0.0
        self._behind: dict[str, _NextTry] = {}
        self._has_looked = False

    def start(self, encoder: "Encoder") -> None:
        """Begin to build, with the encoder that questions are asked with."""
        self._encoder = encoder
        self._start()

    def _work(self) -> None:
        with suppress(Stopped):
            self._look()

    def _rest(self) -> None:
        self._awake.wait(_LOOK_SECONDS)

    def _report(self, problem: str, error: Exception | None) -> None:
        log.error("jobs_wait", problem=problem, exc_info=error)

    def _look(self) -> None:
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
            self._serve_course(course)
        if not self._has_looked or any(monotonic() >= next_try.at for next_try in self._behind.values()):
            self._catch_up()

    def _catch_up(self) -> None:
        """Build the courses whose last build failed, those whose time has come."""
        failed = {job.course: job for job in last_failed(self._database, material_id(self._settings), _MOST_ATTEMPTS)}
        self._behind = {c: self._behind.get(c, _NextTry()) for c in failed if self._may_be_behind(c)}
        self._has_looked = True
        for course in [course for course, next_try in self._behind.items() if monotonic() >= next_try.at]:
            # What ends the program each time is not begun at every start.
            count_attempts(self._database, failed[course].id, 1)
            try:
                with JobLease(self._database, uuid.uuid4().hex, self._ending) as lease:
                    self._build(course, lease)
            except (Stopped, StateUnavailable):
                raise
            except Exception as error:
                expected = isinstance(error, CorpusError | SearchIndexError | ServiceError | OSError)
                log.error("course_behind", course=course, problem=str(error), exc_info=None if expected else error)
                self._try_later(course)
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

    def _try_later(self, course: str) -> None:
        self._behind[course] = self._behind.get(course, _NextTry()).later()

    def _serve_course(self, course: str) -> None:
        """Serve every job of a course that waits."""
        jobs = claim_jobs(self._database, material_id(self._settings), course, self._holder, now(), LEASE.lease_end())
        if fatal := [job.id for job in jobs if job.attempts > _MOST_ATTEMPTS]:
            self._end_jobs(fatal, "failed", _FATAL)
        if jobs := [job for job in jobs if job.attempts <= _MOST_ATTEMPTS]:
            with JobLease(self._database, self._holder, self._ending) as lease:
                self._serve(course, jobs, lease)

    def _serve(self, course: str, jobs: Sequence[Job], lease: JobLease) -> None:
        ids = [job.id for job in jobs]
        folder = self._material / course
        try:
            manifest = self._build(course, lease)
        except (Stopped, BuildInProgress, MaterialUnavailable, StateUnavailable) as error:
            lease.end()
            release_jobs(self._database, self._holder)
            if isinstance(error, Stopped):
                raise
        except (SearchIndexError, ServiceError) as error:
            self._fail_jobs(course, ids, str(error).replace(f"{folder}/", ""), lease)
        except (CorpusError, OSError) as error:
            log.error("job_failed", course=course, problem=str(error))
            self._fail_jobs(course, ids, said_of(error, folder), lease)
        except Exception as error:
            log.exception("job_failed", course=course)
            notes = getattr(error, "__notes__", [])
            detail = " ".join(["This is a fault of the program; its log says more.", *notes])
            self._fail_jobs(course, ids, detail, lease)
        else:
            missing = [job.id for job in _without_document(jobs, manifest) if not is_removed_later(self._database, job)]
            self._end_jobs([name for name in ids if name not in missing], "done", "", lease)
            self._end_jobs(missing, "failed", "The document's file was removed by hand before it was read.", lease)

    def _fail_jobs(self, course: str, ids: Sequence[str], detail: str, lease: JobLease) -> None:
        self._try_later(course)
        # What could not even be written in its place is forgotten with its job.
        is_written = not Staging(self._material, course).waits()
        self._end_jobs(ids, "failed", f"{detail} {_WRITTEN}" if is_written else detail, lease)

    def _build(self, course: str, lease: JobLease) -> Manifest:
        check_managed(self._settings, course)
        assert self._encoder is not None
        staging = Staging(self._material, course)
        encoder = self._encoder.beside_questions(lease.go_on)
        # Whoever made the last of the jobs has written its file when the lock is free.
        with staging.lock():
            staging.recover(self._database)
        arguments = (self._settings, course, staging.folder, encoder, lease.progress)
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

    def _end_jobs(self, ids: Sequence[str], status: JobStatus, detail: str, lease: JobLease | None = None) -> None:
        if not ids:
            return
        progress = lease.end() if lease else {}
        if detail:
            log.error("jobs_failed", jobs=list(ids), detail=detail)
        for tries_left in reversed(range(_END_TRIES)):
            try:
                end_jobs(self._database, self._holder, ids, status, now(), detail=detail, **progress)
                return
            except StateUnavailable:
                # What is not written now is found to be done, or fails once more, when the lease has ended.
                if not tries_left or self._ending.wait(1):
                    raise


@dataclass(frozen=True, slots=True)
class _NextTry:
    """When a build is to be tried, by the monotonic clock, after how many failures."""

    at: float = 0.0
    failures: int = 0

    def later(self) -> "_NextTry":
        failures = self.failures + 1
        return _NextTry(monotonic() + growing_pause(failures, _AGAIN_SECONDS), failures)


def _without_document(jobs: Sequence[Job], manifest: Manifest) -> list[Job]:
    """The jobs, each the last of its document, whose document should be there and is not."""
    last = {job.document_id: job for job in jobs}
    return [job for job in last.values() if job.kind == "put" and job.document_id not in manifest.documents]


_WRITTEN = (
    "The change is written all the same: it will be searched once the course can be built, which is tried again and "
    "again."
)
_FATAL = (
    f"The build was begun {_MOST_ATTEMPTS} times, and the program ended each time before it was done. Remove the "
    "document, or ask whoever runs Repère: memory may be short."
)
