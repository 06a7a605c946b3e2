"""Times as they are kept: milliseconds since 1970."""

from datetime import UTC, datetime
from time import time


def now() -> int:
    """Milliseconds since 1970."""
    return int(time() * 1000)


def to_datetime(at: int) -> datetime:
    """A time that is kept, in UTC."""
    return datetime.fromtimestamp(at / 1000, UTC)


def rfc3339(at: int) -> str:
    """A time that is kept, as RFC 3339 writes it."""
    return to_datetime(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
