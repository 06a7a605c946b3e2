"""Keys of the API in the database."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from reperage.service.caller import Role
from reperage.service.database.engine import Database
from reperage.service.database.tables import KEYS
from reperage.service.database.upsert import upsert


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret. Times are milliseconds since 1970; `courses` are those it opens, `None` for all.

    Where an LMS says with it for which of its users it asks, `issuer` is the LMS's name; its tokens are signed with a
    key of the set at `key_set_url`, or with `signing_secret`, which is encrypted. `users_only`: it opens nothing
    without such a token.
    """

    id: str
    digest: str
    name: str
    role: Role
    courses: frozenset[str] | None
    made_at: int
    expires_at: int | None = None
    used_at: int | None = None
    revoked_at: int | None = None
    issuer: str | None = None
    key_set_url: str | None = None
    signing_secret: str | None = field(default=None, repr=False)
    users_only: bool = False

    def is_good(self, at: int) -> bool:
        """Whether it opens anything at that time."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


def store_key(database: Database, key: Key) -> None:
    """Keep a new key."""
    row = {
        "id": key.id,
        "digest": key.digest,
        "name": key.name,
        "role": key.role,
        "courses": None if key.courses is None else json.dumps(sorted(key.courses)),
        "made_at": key.made_at,
        "expires_at": key.expires_at,
        "issuer": key.issuer,
        "key_set_url": key.key_set_url,
        "signing_secret": key.signing_secret,
        "users_only": key.users_only,
    }
    with database.writing() as connection:
        upsert(connection, KEYS, ["id"], row)


def all_keys(database: Database) -> list[Key]:
    """Every key that was ever made, the oldest first."""
    with database.reading() as connection:
        return [_key(row) for row in connection.execute(select(KEYS).order_by(KEYS.c.made_at, KEYS.c.id))]


def revoke_key(database: Database, key_id: str, at: int) -> bool:
    """Void a key from now on; whether there is one that was not void."""
    one = update(KEYS).where(KEYS.c.id == key_id, KEYS.c.revoked_at.is_(None)).values(revoked_at=at)
    with database.writing() as connection:
        return bool(connection.execute(one).rowcount)


def note_uses(database: Database, used_at: Mapping[str, int]) -> None:
    """Keep when keys were used last."""
    with database.writing() as connection:
        for key_id, at in used_at.items():
            connection.execute(update(KEYS).where(KEYS.c.id == key_id).values(used_at=at))


def _key(row: Any) -> Key:
    courses = None if row.courses is None else frozenset(json.loads(row.courses))
    times = (row.made_at, row.expires_at, row.used_at, row.revoked_at)
    users = (row.issuer, row.key_set_url, row.signing_secret, row.users_only)
    return Key(row.id, row.digest, row.name, row.role, courses, *times, *users)
