"""Jobs in the database: what is to be done, who works on it, and what became of it; `service.courses` decides when."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, delete, func, select, update

from reperage.service.database.engine import Database
from reperage.service.database.tables import JOBS
from reperage.service.database.upsert import upsert

JobKind = Literal["put", "delete"]
JobStatus = Literal["queued", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Job:
    """One change of one document. Times are milliseconds since 1970; `material` names the folder that it changes, and
    `number` tells the order within the database, 0 as long as it is not written."""

    id: str
    material: str
    course: str
    kind: JobKind
    document_id: str
    person: str
    fingerprint: str
    made_at: int
    status: JobStatus = "queued"
    done: int = 0
    total: int = 0
    detail: str = ""
    started_at: int | None = None
    ended_at: int | None = None
    attempts: int = 0
    number: int = 0


def store_job(database: Database, job: Job) -> bool:
    """Keep a new job; whether its name was free."""
    row: dict[str, str | int] = {
        "id": job.id,
        "material": job.material,
        "course": job.course,
        "kind": job.kind,
        "document_id": job.document_id,
        "person": job.person,
        "fingerprint": job.fingerprint,
        "status": job.status,
        "done": job.done,
        "total": job.total,
        "detail": job.detail,
        "made_at": job.made_at,
        "worker": "",
        "lease_until": 0,
        "attempts": 0,
    }
    with database.writing() as connection:
        return upsert(connection, JOBS, ["id"], row)


def job_of(database: Database, job_id: str) -> Job | None:
    """A job by its name."""
    with database.reading() as connection:
        row = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).one_or_none()
        return _job(row) if row else None


def is_removed_later(database: Database, job: Job) -> bool:
    """Whether a later job removes the same document."""
    later = select(JOBS.c.id).where(
        JOBS.c.material == job.material,
        JOBS.c.course == job.course,
        JOBS.c.document_id == job.document_id,
        JOBS.c.kind == "delete",
        JOBS.c.number > job.number,
    )
    with database.reading() as connection:
        return connection.execute(later.limit(1)).first() is not None


def waiting_courses(database: Database, material: str, at: int) -> list[str]:
    """The courses of a folder of material with jobs that nobody works on, the longest waiting first; none of a course
    that somebody works on."""
    open_jobs = select(JOBS).where(JOBS.c.material == material, JOBS.c.status.in_(("queued", "running")))
    with database.reading() as connection:
        rows = connection.execute(open_jobs.order_by(JOBS.c.number)).all()
    busy = {row.course for row in rows if row.status == "running" and row.lease_until >= at}
    return [course for course in dict.fromkeys(row.course for row in rows) if course not in busy]


def last_failed(database: Database, material: str, most_attempts: int) -> list[Job]:
    """The last job of each course of a folder of material, where it failed after so many attempts at most."""
    last = select(func.max(JOBS.c.number)).where(JOBS.c.material == material).group_by(JOBS.c.course)
    failed = select(JOBS).where(JOBS.c.number.in_(last), JOBS.c.status == "failed", JOBS.c.attempts <= most_attempts)
    with database.reading() as connection:
        return [_job(row) for row in connection.execute(failed.order_by(JOBS.c.number))]


def count_attempts(database: Database, job_id: str, change: int) -> None:
    """Count one attempt more, or less."""
    count = update(JOBS).where(JOBS.c.id == job_id).values(attempts=JOBS.c.attempts + change)
    with database.writing() as connection:
        connection.execute(count)


def claim_jobs(database: Database, material: str, course: str, worker: str, at: int, lease_end: int) -> list[Job]:
    """Take every job of a course that nobody works on, in their order."""
    free = (JOBS.c.status == "queued") | ((JOBS.c.status == "running") & (JOBS.c.lease_until < at))
    claim = (
        update(JOBS)
        .where(JOBS.c.material == material, JOBS.c.course == course, free)
        .values(status="running", started_at=at, worker=worker, lease_until=lease_end, attempts=JOBS.c.attempts + 1)
    )
    with database.writing() as connection:
        connection.execute(claim)
        own = select(JOBS).where(JOBS.c.material == material, JOBS.c.course == course, *_held(worker))
        return [_job(row) for row in connection.execute(own.order_by(JOBS.c.number))]


def renew_jobs(database: Database, worker: str, lease_end: int, done: int, total: int) -> None:
    """Go on holding what `worker` holds, until `lease_end`, so far done."""
    renewal = update(JOBS).where(*_held(worker)).values(lease_until=lease_end, done=done, total=total)
    with database.writing() as connection:
        connection.execute(renewal)


def end_jobs(database: Database, worker: str, ids: Sequence[str], status: JobStatus, at: int, **values: Any) -> None:
    """Write what became of jobs that `worker` still holds."""
    end = update(JOBS).where(*_held(worker), JOBS.c.id.in_(ids)).values(status=status, ended_at=at, **values)
    with database.writing() as connection:
        connection.execute(end)


def fail_job(database: Database, job_id: str, detail: str, at: int) -> None:
    """End a job that nobody is going to work on."""
    end = update(JOBS).where(JOBS.c.id == job_id).values(status="failed", detail=detail, ended_at=at)
    with database.writing() as connection:
        connection.execute(end)


def release_jobs(database: Database, worker: str) -> None:
    """Leave what `worker` holds to whoever comes next, as if it had not been begun."""
    as_before = {"status": "queued", "lease_until": 0, "attempts": JOBS.c.attempts - 1}
    release = update(JOBS).where(*_held(worker)).values(as_before)
    with database.writing() as connection:
        connection.execute(release)


def purge_jobs(database: Database, ended_before: int) -> None:
    """Remove jobs that ended before a time."""
    with database.writing() as connection:
        connection.execute(delete(JOBS).where(JOBS.c.ended_at < ended_before))


def _held(worker: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return JOBS.c.status == "running", JOBS.c.worker == worker


def _job(row: Any) -> Job:
    return Job(
        id=row.id,
        material=row.material,
        course=row.course,
        kind=row.kind,
        document_id=row.document_id,
        person=row.person,
        fingerprint=row.fingerprint,
        made_at=row.made_at,
        status=row.status,
        done=row.done,
        total=row.total,
        detail=row.detail,
        started_at=row.started_at,
        ended_at=row.ended_at,
        attempts=row.attempts,
        number=row.number,
    )
