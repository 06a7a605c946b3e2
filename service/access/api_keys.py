"""Keys of the API: `rk_<name>_<secret>`, made once, shown once, kept as a digest."""

import hmac
import re
import secrets
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from reperage.service.access.encryption import Encryption
from reperage.service.access.secret_digest import secret_digest
from reperage.service.caller import Role
from reperage.service.clock import now
from reperage.service.database.keys import Key
from reperage.service.errors import InvalidKey, StartError

PREFIX = "rk_"
"""What tells our keys from those of other APIs."""
_FORM = re.compile(r"rk_([0-9a-f]{10})_([A-Za-z0-9_-]{43})")
_DURATION = re.compile(r"(\d{1,4})\s*(d|w|m|y)")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def new_key(name: str, role: Role, courses: frozenset[str] | None, expires_at: int | None) -> tuple[Key, str]:
    """A key and how it is written; the secret is nowhere else."""
    key_id, secret = secrets.token_hex(5), secrets.token_urlsafe(32)
    return Key(key_id, secret_digest(secret), name, role, courses, now(), expires_at), f"{PREFIX}{key_id}_{secret}"


def for_users(
    key: Key, issuer: str | None, key_set_url: str | None, users_only: bool, encryption: Encryption | None
) -> tuple[Key, str]:
    """A key that an LMS may ask with for its users, and the secret that it signs their tokens with.

    `encryption` keeps such a secret; without it there is none, and they are signed with keys of the set.
    """
    secret = secrets.token_urlsafe(32) if encryption else ""
    signing_secret = encryption.encrypt(secret) if encryption else None
    user_key = replace(
        key, issuer=issuer, key_set_url=key_set_url, signing_secret=signing_secret, users_only=users_only
    )
    return user_key, secret


def split_key(text: str) -> tuple[str, str]:
    """The name and the secret of a key as it is written.

    Raises:
        InvalidKey: it is none.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise InvalidKey("This is no key of Repère: make one with `repere keys create`.")
    return match.group(1), match.group(2)


def check(key: Key | None, secret: str) -> Key:
    """The key, where it is that secret's and still good.

    Raises:
        InvalidKey: it is not, was revoked, or has ended.
    """
    if key is None or not hmac.compare_digest(key.digest, secret_digest(secret)):
        raise InvalidKey("There is no such key: make one with `repere keys create`.")
    if not key.is_good(now()):
        raise InvalidKey("The key was revoked or has ended: make another with `repere keys create`.")
    return key


def expiry(text: str) -> int:
    """When a key ends that is written as `30d`, `12w`, `6m`, `1y` or as a date, `2027-07-31`; that day counts.

    Raises:
        StartError: it is neither, lies in the past, or too far ahead.
    """
    try:
        if match := _DURATION.fullmatch(text.strip().lower()):
            at = datetime.now(UTC) + timedelta(days=int(match.group(1)) * _DAYS[match.group(2)])
        else:
            day = date.fromisoformat(text.strip())
            at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise StartError(f"{text!r} is no end: write 30d, 12w, 6m, 1y, or a date such as 2027-07-31") from error
    milliseconds = int(at.timestamp() * 1000)
    if milliseconds <= now():
        raise StartError(f"{text!r} lies in the past")
    return milliseconds
