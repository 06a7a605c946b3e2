"""Moving windows that count by name: in the memory of this process, or in a Redis that several share."""

from collections.abc import Sequence
from math import ceil
from time import time
from typing import NamedTuple, Self, cast
from urllib.parse import urlsplit

from limits import RateLimitItem
from limits.errors import ConfigurationError, StorageError
from limits.storage import MemoryStorage, MovingWindowSupport, RedisStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from reperage.service.errors import StartError, TooManyRequests
from reperage.service.optional_imports import extra

Limit = RateLimitItem

ANSWER_SECONDS = 0.5
"""How long Redis is waited for."""

_SCHEMES = ("redis", "rediss", "redis+unix", "redis+sentinel")
_PREFIX = "repere"
_SWEEP = 1000
"""After so many counts the names that are idle are forgotten; the library keeps them."""


class Unreachable(Exception):
    """The storage does not answer, or refuses; says why."""


class Remaining(NamedTuple):
    """What one name may still do within a limit: `available`, and the seconds until the first of what was counted
    leaves the window."""

    limit: Limit
    available: int
    seconds: int


class Counters:
    """Moving windows of what was counted under each name, for any number of threads; blocks where the storage is
    elsewhere."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._limiter = MovingWindowRateLimiter(storage)
        self._counts = 0

    @classmethod
    def in_memory(cls) -> Self:
        return cls(MemoryStorage())

    @classmethod
    def at(cls, url: str) -> Self:
        """Those in the Redis at `url`, to which nothing connects yet.

        Raises:
            StartError: that is no address of a Redis, or the library is not installed.
        """
        scheme = url.partition("://")[0]
        if scheme not in _SCHEMES:
            raise StartError(f"REPERE_RATE_STORAGE_URL begins with {', '.join(f'{name}://' for name in _SCHEMES)}")
        with extra("redis"):
            import redis  # noqa: F401  The library below does not tell that it is missing.
        waits = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS}
        options = waits | ({"sentinel_kwargs": waits} if scheme == "redis+sentinel" else {})
        try:
            storage = storage_from_string(url, wrap_exceptions=True, key_prefix=_PREFIX, **options)  # type: ignore[arg-type]
        except (ConfigurationError, ValueError, TypeError) as error:
            # What is wrong may be the password: it is not repeated.
            raise StartError(
                "REPERE_RATE_STORAGE_URL cannot be read: it has the form redis://:password@host:6379/0 or "
                "redis+sentinel://host:26379/name"
            ) from error
        return cls(cast(Storage, storage))

    def count(self, names: Sequence[tuple[Limit, str]], cost: int = 1) -> list[Remaining]:
        """Count `cost` under every name, each with its limit; what is left then, in the same order.

        Raises:
            TooManyRequests: there is less left somewhere, and when there is enough; then nothing is counted, unless
                another process took it in the same moment.
            Unreachable: the storage cannot be used.
        """
        try:
            before = [self._remaining(limit, name) for limit, name in names]
            has_room = [remaining.available >= cost for remaining in before]
            if all(has_room):
                has_room = [self._limiter.hit(limit, name, cost=cost) for limit, name in names]
            waits = [self._wait(*each, cost) for each, is_room in zip(names, has_room, strict=True) if not is_room]
        except StorageError as error:
            raise Unreachable(str(error)) from error
        if waits:
            raise TooManyRequests(max(1, *waits))
        self._sweep()
        return [Remaining(limit, available - cost, seconds) for limit, available, seconds in before]

    def answers(self) -> bool:
        """Whether the storage can be reached."""
        return self._storage.check()

    def close(self) -> None:
        if isinstance(self._storage, RedisStorage):
            self._storage.storage.close()

    def _remaining(self, limit: Limit, name: str) -> Remaining:
        stats = self._limiter.get_window_stats(limit, name)
        if stats.remaining == limit.amount:
            # Of an empty window the library tells when the last one ended.
            return Remaining(limit, limit.amount, limit.get_expiry())
        return Remaining(limit, stats.remaining, max(0, ceil(stats.reset_time - time())))

    def _wait(self, limit: Limit, name: str, cost: int) -> int:
        """The seconds until there is room for `cost`: until the newest leaves of those that stand in its place."""
        key, place = limit.key_for(name), max(0, limit.amount - cost)
        if isinstance(self._storage, MemoryStorage):
            # It looks at all that was counted, whatever number it is told.
            events = self._storage.events.get(key, [])
            since = events[place].atime if place < len(events) else 0.0
        else:
            storage = cast(MovingWindowSupport, self._storage)
            since, number = storage.get_moving_window(key, place + 1, limit.get_expiry())
            if number <= place:
                return 0  # It has left meanwhile.
        return ceil(since + limit.get_expiry() - time())

    def _sweep(self) -> None:
        self._counts += 1
        if self._counts % _SWEEP == 0 and isinstance(self._storage, MemoryStorage):
            for name in [name for name, events in self._storage.events.items() if not events]:
                self._storage.clear(name)


def place(url: str) -> str:
    """Where a Redis is, without what opens it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
