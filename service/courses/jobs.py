"""What is asked to change in managed courses: kept as a job, and written; `job_worker.py` builds the index."""

import errno
import hashlib
import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

import structlog
from anyio import CapacityLimiter

from reperage.corpus import document_paths
from reperage.corpus.errors import CorpusError
from reperage.service.caller import Caller
from reperage.service.clock import now
from reperage.service.courses.conditions import Conditions
from reperage.service.courses.material import check_managed, material_folder, material_id
from reperage.service.courses.staging import Staging
from reperage.service.database.engine import Database
from reperage.service.database.jobs import Job, fail_job, job_of, store_job
from reperage.service.errors import KeyReused, MaterialDamaged, MaterialUnavailable, UnknownDocument, UnknownJob
from reperage.service.settings import Settings

_AT_ONCE = 4
_FULL = (errno.ENOSPC, errno.EDQUOT)
_LASTING = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, None)

log = structlog.get_logger(__name__)

EtagOf = Callable[[str, str], str | None]
"""The ETag of a document by its path and the sha256 of its bytes; `None` where that is not what can be read."""


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody asks for: the document's new `data`, or `None` to remove it; `key` is theirs for this request."""

    course: str
    document_id: str
    data: bytes | None
    person: str
    key: str | None = None
    conditions: Conditions = field(default_factory=Conditions)

    @property
    def fingerprint(self) -> str:
        """Tells one request from another."""
        data = "" if self.data is None else hashlib.sha256(self.data).hexdigest()
        parts = (self.course, self.document_id, data, self.conditions.if_match, self.conditions.if_none_match)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def job(self, material: str) -> Job:
        identity = f"job\0{self.person}\0{self.key}".encode()
        return Job(
            id=uuid.uuid4().hex if self.key is None else hashlib.sha256(identity).hexdigest()[:32],
            material=material,
            course=self.course,
            kind="delete" if self.data is None else "put",
            document_id=self.document_id,
            person=self.person,
            fingerprint=self.fingerprint,
            made_at=now(),
        )


class Jobs:
    """Takes changes, for any number of threads; `arrived` is set with each."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.arrived = Event()
        self.limiter = CapacityLimiter(_AT_ONCE)
        """Threads that look at documents and write them: questions need not wait for these."""
        self._settings = settings
        self._database = database

    def submit(self, change: Change, etag_of: EtagOf) -> Job:
        """Make a change, and the job that builds the index anew: the same job for what was asked with this key
        already. Blocks.

        Raises:
            KeyReused: the key came with something else.
            NotManaged: the course's material stands elsewhere.
            UnknownDocument: there is none to remove.
            PreconditionFailed: it is not what it has to be.
            MaterialUnavailable: nothing was changed.
            StateUnavailable: the same, unless the disk failed as well; then it may happen yet.
        """
        check_managed(self._settings, change.course)
        try:
            return self._submit(change, etag_of)
        except (OSError, CorpusError) as error:
            log.error("document_not_written", course=change.course, document=change.document_id, problem=str(error))
            refused = MaterialUnavailable if is_passing(error) else MaterialDamaged
            folder = material_folder(self._settings) / change.course
            raise refused(f"{said_of(error, folder)} Nothing was changed.") from error

    def _submit(self, change: Change, etag_of: EtagOf) -> Job:
        job = change.job(material_id(self._settings))
        staging = Staging(material_folder(self._settings), change.course)
        with staging.lock():
            if change.key is not None and (earlier := job_of(self._database, job.id)):
                return _same(earlier, job)
            staging.recover(self._database)
            self._check(change, staging.folder, etag_of)
            staging.stage(job, change.data)
            # From here on it is going to happen, even where the program ends right now.
            if not store_job(self._database, job):
                staging.drop(job)
                return _same(self.read(job.id, None), job)
            try:
                staging.apply(job)
            except OSError as error:
                # In this order: as long as it is staged it is going to happen, and a job that lives would say so.
                fail_job(self._database, job.id, said_of(error, staging.folder), now())
                with suppress(OSError):
                    staging.drop(job)
                raise
        self.arrived.set()
        return job

    @staticmethod
    def _check(change: Change, folder: Path, etag_of: EtagOf) -> None:
        path = document_paths(folder).get(change.document_id)

        def etag() -> str | None:
            return path and etag_of(path, hashlib.sha256((folder / path).read_bytes()).hexdigest())

        change.conditions.check(path is not None, etag)
        if path is None and change.data is None:
            raise UnknownDocument(f"The course {change.course!r} has no document {change.document_id!r} to remove.")

    def read(self, job_id: str, caller: Caller | None) -> Job:
        """A job of a course that `caller` may read, of any where `None`; blocks.

        Raises:
            UnknownJob: there is none.
            StateUnavailable: the database cannot be read.
        """
        job = job_of(self._database, job_id)
        if job is None or not (caller is None or caller.may_read(job.course)):
            raise UnknownJob("There is no job of this name; those that ended are kept for 30 days.")
        return job


def said_of(error: OSError | CorpusError, folder: Path) -> str:
    """What a teacher is told of files that cannot be read or written: which of those in the course's `folder`, and no
    other place; the log says more."""
    if isinstance(error, CorpusError):
        message = str(error).replace(f"{folder}/", "").replace(str(folder), folder.name)
        return f"{message[:1].upper()}{message[1:]}."
    if error.errno in _FULL:
        return "The disk is full."
    reason = error.strerror or type(error).__name__
    path = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else folder
    if path != folder and path.is_relative_to(folder):
        return f"{path.relative_to(folder).as_posix()!r} cannot be read or written ({reason})."
    return f"The files of the course cannot be read or written ({reason})."


def is_passing(error: OSError | CorpusError) -> bool:
    """Whether what the disk refuses may work a little later, though nobody mends anything."""
    return isinstance(error, OSError) and error.errno not in _LASTING


def _same(earlier: Job, job: Job) -> Job:
    """The earlier job of the same key, as it was when it was made."""
    if (earlier.kind, earlier.fingerprint) != (job.kind, job.fingerprint):
        raise KeyReused("This Idempotency-Key was sent with another request; make a new one for each.")
    return replace(earlier, status="queued", done=0, total=0, detail="", started_at=None, ended_at=None)
