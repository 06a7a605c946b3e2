"""Changes of a managed course's files, so that none is half done: staged, kept as a job, then applied.

A staged change whose job is kept is applied sooner or later, by whoever comes next where the program ended in between;
one whose job is not kept never happened.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from zlib import crc32

from filelock import FileLock, Timeout

from reperage.corpus import document_paths
from reperage.index.builds import sync_folder
from reperage.service.courses.material import STAGED
from reperage.service.database.engine import Database
from reperage.service.database.jobs import Job, job_of
from reperage.service.errors import MaterialUnavailable

_WAIT_SECONDS = 10
_LOCKS = 64
"""Files that lock courses: a bounded number, as one that others may wait for cannot be removed."""


class Staging:
    """The changes of one course; all but `folder` and `waits` under its `lock`."""

    def __init__(self, material: Path, course: str) -> None:
        self.folder = material / course
        self._changes_folder = material / STAGED / course
        self._lock = material / STAGED / f".lock-{crc32(course.encode()) % _LOCKS}"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """While nobody else changes this course, in any process.

        Raises:
            MaterialUnavailable: somebody else does for too long.
        """
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self._lock, timeout=_WAIT_SECONDS):
                try:
                    yield
                finally:
                    with suppress(OSError):  # Something is staged, or nothing ever was.
                        self._changes_folder.rmdir()
        except Timeout as error:
            raise MaterialUnavailable("The course is being changed for too long; try again in a while.") from error

    def waits(self) -> bool:
        """Whether anything is staged."""
        return any(self._changes())

    def stage(self, job: Job, data: bytes | None) -> None:
        """Write down what `job` is going to do: `data` for a document, `None` to remove it.

        Raises:
            OSError: the disk is full or refuses; nothing is staged then.
        """
        for folder in (self.folder, self._changes_folder):
            folder.mkdir(exist_ok=True)
            sync_folder(folder.parent)
        target = self.folder / self._path(job.document_id)
        if target.is_dir():
            raise IsADirectoryError(None, "is a folder", str(target))
        place = self._place(job)
        try:
            with place.open("wb") as file:
                file.write(str(target.relative_to(self.folder)).encode() if data is None else data)
                file.flush()
                os.fsync(file.fileno())
            sync_folder(self._changes_folder)
        except OSError:
            place.unlink(missing_ok=True)
            raise

    def apply(self, job: Job) -> None:
        """Do what was staged for `job`; nothing where that is done already.

        Raises:
            OSError: the disk refuses.
        """
        place = self._place(job)
        if not place.is_file():
            return
        if job.kind == "put":
            target = self.folder / self._path(job.document_id)
            place.replace(target)
        else:
            # The path and not the name: with one file gone, another may have its name.
            target = self.folder / place.read_text(encoding="utf-8")
            target.unlink(missing_ok=True)
            place.unlink()
        sync_folder(target.parent)

    def drop(self, job: Job) -> None:
        """Forget what was staged for `job`."""
        self._place(job).unlink(missing_ok=True)

    def recover(self, database: Database) -> None:
        """Apply what was staged by a program that ended before it could, and forget what no job was kept for.

        Raises:
            OSError, StateUnavailable: then what is left waits on.
        """
        jobs: list[Job] = []
        for place in self._changes():
            job = job_of(database, place.stem)
            if job is None or job.status == "failed":
                place.unlink()
            else:
                jobs.append(job)
        for job in sorted(jobs, key=lambda job: job.number):
            self.apply(job)

    def _changes(self) -> list[Path]:
        return [*self._changes_folder.glob("*.put"), *self._changes_folder.glob("*.delete")]

    def _place(self, job: Job) -> Path:
        return self._changes_folder / f"{job.id}.{job.kind}"

    def _path(self, document_id: str) -> str:
        """Where a document stands, or is going to."""
        return document_paths(self.folder).get(document_id, f"{document_id}.md")
