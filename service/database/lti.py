"""Platforms of LTI in the database: who they are, their contexts, logins on their way, keys and invitations."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, select, update

from reperage.service.database.engine import Database
from reperage.service.database.tables import (
    LTI_CONTEXTS,
    LTI_COURSES,
    LTI_INVITATIONS,
    LTI_KEYS,
    LTI_LOGINS,
    LTI_PLATFORMS,
)
from reperage.service.database.upsert import Row, upsert

Owner = tuple[str, str]
"""Platform and deployment."""


@dataclass(frozen=True, slots=True)
class Platform:
    """A learning platform, as its issuer and our client ID there tell it. Times are milliseconds since 1970.

    `deployments` are those that may launch; `frame_origins` the origins whose pages may show ours; `courses` those
    that its teachers may choose beside the shipped ones and their own.
    """

    id: str
    issuer: str
    client_id: str
    name: str
    auth_url: str
    key_set_url: str
    token_url: str | None
    deployments: frozenset[str]
    frame_origins: tuple[str, ...]
    courses: frozenset[str]
    added_at: int


@dataclass(frozen=True, slots=True)
class Context:
    """A course of an LMS."""

    platform_id: str
    deployment_id: str
    context_id: str


@dataclass(frozen=True, slots=True)
class Login:
    """A login on its way. `state` and `proof` are digests; `parameters` what the platform began it with, as JSON;
    `used_at` when an answer to it came; `launch` that answer, where the browser has yet to prove that it is the same.
    """

    state: str
    platform_id: str
    nonce: str
    proof: str
    parameters: str
    expires_at: int
    used_at: int | None = None
    launch: str | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an administrator has said of a platform that is to register itself; `digest` is of the secret."""

    digest: str
    name: str
    courses: frozenset[str]
    frame_origins: tuple[str, ...]
    expires_at: int


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that Repère signs with; the database holds `private_key` encrypted."""

    id: str
    private_key: str = field(repr=False)
    made_at: int


def add_platform(database: Database, platform: Platform) -> str:
    """Keep a platform; one of the same issuer and client is replaced but for its name in addresses, which is returned,
    and keeps its contexts."""
    row = _platform_row(platform)
    changing = [name for name in row if name not in ("id", "issuer", "client_id", "added_at")]
    own = (LTI_PLATFORMS.c.issuer == platform.issuer) & (LTI_PLATFORMS.c.client_id == platform.client_id)
    with database.writing() as connection:
        upsert(connection, LTI_PLATFORMS, ["issuer", "client_id"], row, changing=changing)
        return str(connection.execute(select(LTI_PLATFORMS.c.id).where(own)).scalar_one())


def add_new_platform(database: Database, platform: Platform) -> bool:
    """Keep a platform; whether there was none of the same issuer and client, which would stay as it is."""
    with database.writing() as connection:
        return upsert(connection, LTI_PLATFORMS, ["issuer", "client_id"], _platform_row(platform))


def all_platforms(database: Database) -> list[Platform]:
    """Every platform, the oldest first."""
    with database.reading() as connection:
        rows = connection.execute(select(LTI_PLATFORMS).order_by(LTI_PLATFORMS.c.added_at, LTI_PLATFORMS.c.id))
        return [_platform(row) for row in rows]


def remove_platform(database: Database, platform_id: str) -> bool:
    """Remove a platform with its contexts; whether there was one."""
    with database.writing() as connection:
        return bool(connection.execute(delete(LTI_PLATFORMS).where(LTI_PLATFORMS.c.id == platform_id)).rowcount)


def mapped_contexts(database: Database) -> dict[Context, str]:
    """The course of every context that has one."""
    with database.reading() as connection:
        return {
            Context(row.platform_id, row.deployment_id, row.context_id): row.course
            for row in connection.execute(select(LTI_CONTEXTS))
        }


def context_course(database: Database, context: Context) -> str | None:
    """The course of one context, `None` where it has none."""
    own = (
        (LTI_CONTEXTS.c.platform_id == context.platform_id)
        & (LTI_CONTEXTS.c.deployment_id == context.deployment_id)
        & (LTI_CONTEXTS.c.context_id == context.context_id)
    )
    with database.reading() as connection:
        return connection.execute(select(LTI_CONTEXTS.c.course).where(own)).scalar_one_or_none()


def course_owners(database: Database) -> dict[str, Owner]:
    """Which deployment every course was made from that was made from one."""
    with database.reading() as connection:
        return {row.course: (row.platform_id, row.deployment_id) for row in connection.execute(select(LTI_COURSES))}


def map_context(database: Database, context: Context, course: str, at: int) -> None:
    """Give a context its course, another one where it has one."""
    with database.writing() as connection:
        _map(connection, context, course, at)


def make_course(database: Database, context: Context, names: Iterable[str], at: int) -> str:
    """Make a course under the first of `names` that is free, its context's deployment's own, and map the context to
    it; the name."""
    with database.writing() as connection:
        for name in names:
            row: Row = {
                "course": name,
                "platform_id": context.platform_id,
                "deployment_id": context.deployment_id,
                "made_at": at,
            }
            if upsert(connection, LTI_COURSES, ["course"], row):
                _map(connection, context, name, at)
                return name
    raise AssertionError("names do not end")


def _map(connection: Connection, context: Context, course: str, at: int) -> None:
    row: Row = {
        "platform_id": context.platform_id,
        "deployment_id": context.deployment_id,
        "context_id": context.context_id,
        "course": course,
        "mapped_at": at,
    }
    key = ["platform_id", "deployment_id", "context_id"]
    upsert(connection, LTI_CONTEXTS, key, row, changing=["course", "mapped_at"])


def begin_login(database: Database, login: Login, at: int) -> None:
    """Keep a login that begins, and forget those that have ended."""
    row: Row = {
        "state": login.state,
        "platform_id": login.platform_id,
        "nonce": login.nonce,
        "proof": login.proof,
        "parameters": login.parameters,
        "expires_at": login.expires_at,
    }
    with database.writing() as connection:
        connection.execute(delete(LTI_LOGINS).where(LTI_LOGINS.c.expires_at < at))
        upsert(connection, LTI_LOGINS, ["state"], row)


def use_login(database: Database, state: str, at: int) -> tuple[Login, bool] | None:
    """A login by the digest of its state, and whether it is used by this call, which it is once; `None` without one.

    What the platform began it with is forgotten: it may name the person.
    """
    one = LTI_LOGINS.c.state == state
    using = update(LTI_LOGINS).where(one, LTI_LOGINS.c.used_at.is_(None)).values(used_at=at, parameters="{}")
    # Whoever makes a state up does not take the lock of those who write.
    with database.reading() as connection:
        if connection.execute(select(LTI_LOGINS.c.state).where(one)).first() is None:
            return None
    with database.writing() as connection:
        row = connection.execute(select(LTI_LOGINS).where(one)).one_or_none()
        return (_login(row), bool(connection.execute(using).rowcount)) if row else None


def keep_launch(database: Database, state: str, launch: str) -> None:
    """Keep what came back to a login until its browser has proved to be the one that began it."""
    with database.writing() as connection:
        connection.execute(update(LTI_LOGINS).where(LTI_LOGINS.c.state == state).values(launch=launch))


def finish_login(database: Database, state: str, proof: str, at: int) -> Login | None:
    """The login whose launch was kept, once, for whoever has its proof, both as digests; `None` for anybody else."""
    one = (
        (LTI_LOGINS.c.state == state)
        & (LTI_LOGINS.c.proof == proof)
        & (LTI_LOGINS.c.expires_at > at)
        & LTI_LOGINS.c.launch.is_not(None)
    )
    with database.writing() as connection:
        row = connection.execute(select(LTI_LOGINS).where(one).with_for_update()).one_or_none()
        if row is None or not connection.execute(update(LTI_LOGINS).where(one).values(launch=None)).rowcount:
            return None
        return _login(row)


def store_signing_key(database: Database, key: SigningKey) -> None:
    """Keep a new key."""
    row: Row = {"id": key.id, "private_key": key.private_key, "made_at": key.made_at}
    with database.writing() as connection:
        upsert(connection, LTI_KEYS, ["id"], row)


def signing_keys(database: Database) -> list[SigningKey]:
    """Every key, the newest first."""
    with database.reading() as connection:
        rows = connection.execute(select(LTI_KEYS).order_by(LTI_KEYS.c.made_at.desc(), LTI_KEYS.c.id))
        return [SigningKey(row.id, row.private_key, row.made_at) for row in rows]


def remove_signing_keys(database: Database, key_ids: list[str]) -> None:
    """Remove keys."""
    with database.writing() as connection:
        connection.execute(delete(LTI_KEYS).where(LTI_KEYS.c.id.in_(key_ids)))


def store_invitation(database: Database, invitation: Invitation) -> None:
    """Keep an invitation."""
    row: Row = {
        "digest": invitation.digest,
        "name": invitation.name,
        "courses": json.dumps(sorted(invitation.courses)),
        "frame_origins": json.dumps(list(invitation.frame_origins)),
        "expires_at": invitation.expires_at,
    }
    with database.writing() as connection:
        upsert(connection, LTI_INVITATIONS, ["digest"], row)


def take_invitation(database: Database, digest: str, at: int) -> Invitation | None:
    """An invitation that is still good, which is used up by this call; `None` without one."""
    one = (LTI_INVITATIONS.c.digest == digest) & (LTI_INVITATIONS.c.expires_at > at)
    with database.reading() as connection:
        row = connection.execute(select(LTI_INVITATIONS).where(one)).one_or_none()
    if row is None:
        return None
    with database.writing() as connection:
        if not connection.execute(delete(LTI_INVITATIONS).where(one)).rowcount:
            return None
    courses, origins = frozenset(json.loads(row.courses)), tuple(json.loads(row.frame_origins))
    return Invitation(row.digest, row.name, courses, origins, row.expires_at)


def _platform_row(platform: Platform) -> Row:
    return {
        "id": platform.id,
        "issuer": platform.issuer,
        "client_id": platform.client_id,
        "name": platform.name,
        "auth_url": platform.auth_url,
        "key_set_url": platform.key_set_url,
        "token_url": platform.token_url,
        "deployments": json.dumps(sorted(platform.deployments)),
        "frame_origins": json.dumps(list(platform.frame_origins)),
        "courses": json.dumps(sorted(platform.courses)),
        "added_at": platform.added_at,
    }


def _platform(row: Any) -> Platform:
    return Platform(
        row.id,
        row.issuer,
        row.client_id,
        row.name,
        row.auth_url,
        row.key_set_url,
        row.token_url,
        frozenset(json.loads(row.deployments)),
        tuple(json.loads(row.frame_origins)),
        frozenset(json.loads(row.courses)),
        row.added_at,
    )


def _login(row: Any) -> Login:
    return Login(
        row.state,
        row.platform_id,
        row.nonce,
        row.proof,
        row.parameters,
        row.expires_at,
        row.used_at,
        row.launch,
    )
