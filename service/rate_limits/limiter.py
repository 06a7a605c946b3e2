"""How often one may ask: a moving window for each person, each address and each key."""

from collections.abc import Sequence
from functools import partial
from time import monotonic

import anyio
import structlog
from anyio import CapacityLimiter, to_thread

from reperage.service.errors import TooManyAtOnce, TooManyRequests
from reperage.service.rate_limits.counters import ANSWER_SECONDS, Counters, Limit, Remaining, Unreachable
from reperage.service.settings import Settings, parse_limits

log = structlog.get_logger(__name__)

_THREADS = 8
_PAUSE_SECONDS = 5.0
"""How long Redis is left alone after it did not answer, so that not every question waits for it."""


class RateLimiter:
    """Limits of what each person, address and key may ask; on the event loop alone, which never waits.

    `problem` says why processes do not count together at the moment, `None` while they do or need not.
    """

    def __init__(self, per_session: str, per_address: str, per_key: str, shared: Counters | None = None) -> None:
        """Each in the notation of the library `limits`, such as `20/minute` or `20/minute;500/day`; `shared` is where
        several processes count together. While it does not answer, each counts by itself."""
        self.problem: str | None = None
        self._per_session, self._per_address = parse_limits(per_session), parse_limits(per_address)
        self._per_key = parse_limits(per_key)
        self._own, self._shared = Counters.in_memory(), shared
        self._threads = CapacityLimiter(_THREADS)
        self._shared_again_at = 0.0

    @classmethod
    def of(cls, settings: Settings) -> "RateLimiter":
        """Those of the settings; raises `StartError` where `rate_storage_url` is malformed or needs a library."""
        url = settings.rate_storage_url
        shared = Counters.at(url.get_secret_value()) if url else None
        return cls(settings.rate_per_session, settings.rate_per_address, settings.rate_per_key, shared)

    async def count_session(self, address: str) -> None:
        """Count a session that begins.

        Raises:
            TooManyRequests: this address has had its share; then nothing is counted.
        """
        await self._count(_names(self._per_address, "address", address))

    async def count_questions(self, person: str, address: str, count: int = 1) -> dict[str, str]:
        """Count questions; the headers that tell what is left for the person.

        Raises:
            TooManyAtOnce: there are more than one may ever ask at once; then nothing is counted.
            TooManyRequests: the person or the address has had its share; then nothing is counted.
        """
        own = _names(self._per_session, "person", person)
        remaining = await self._count([*own, *_names(self._per_address, "address", address)], count)
        return _headers("session", remaining[: len(own)])

    async def count_key_questions(self, key_id: str, count: int = 1, person: str | None = None) -> dict[str, str]:
        """Count `count` questions that are asked with a key, whatever addresses they come from; the headers.

        `person`: for whom they are asked, where that is somebody; then the headers tell what is left for them.

        Raises:
            TooManyAtOnce: as `count_questions` does.
            TooManyRequests: the key or the person has had its share; then nothing is counted.
        """
        own = _names(self._per_session, "person", person) if person else []
        remaining = await self._count([*own, *_names(self._per_key, "key", key_id)], count)
        return _headers("session", remaining[: len(own)]) if own else _headers("key", remaining)

    def close(self) -> None:
        if self._shared is not None:
            self._shared.close()

    async def _count(self, names: Sequence[tuple[Limit, str]], cost: int = 1) -> list[Remaining]:
        if cost > (most := min((limit.amount for limit, _ in names), default=cost)):
            raise TooManyAtOnce(f"These are {cost} questions, and at most {most} can be asked at once; send fewer.")
        if self._shared is not None and monotonic() >= self._shared_again_at:
            if self.problem is not None:
                # One question finds out whether it is back; the others need not wait as well.
                self._shared_again_at = monotonic() + _PAUSE_SECONDS
            count = partial(self._shared.count, names, cost)
            try:
                with anyio.fail_after(ANSWER_SECONDS):
                    remaining = await to_thread.run_sync(count, limiter=self._threads, abandon_on_cancel=True)
            except (Unreachable, TimeoutError) as error:
                self._failed(str(error) or f"no answer in {ANSWER_SECONDS} s")
            except TooManyRequests:
                self._works()
                raise
            else:
                self._works()
                return remaining
        return self._own.count(names, cost)

    def _failed(self, problem: str) -> None:
        self._shared_again_at = monotonic() + _PAUSE_SECONDS
        if self.problem is None:
            log.error("rates_not_shared", problem=problem)
        self.problem = problem

    def _works(self) -> None:
        if self.problem is not None:
            log.info("rates_shared_again")
        self.problem, self._shared_again_at = None, 0.0


def _names(limits: Sequence[Limit], kind: str, name: str) -> list[tuple[Limit, str]]:
    return [(limit, f"{kind}:{name}") for limit in limits]


def _headers(kind: str, remaining: Sequence[Remaining]) -> dict[str, str]:
    policies, limits = [], []
    for i, (limit, available, seconds) in enumerate(remaining):
        policies.append(f'"{kind}{i or ""}";q={limit.amount};w={limit.get_expiry()}')
        limits.append(f'"{kind}{i or ""}";r={available};t={seconds}')
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(limits)}
