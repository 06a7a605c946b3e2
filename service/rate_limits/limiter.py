"""How often one may ask: a moving window for each person, each address and each key."""

from collections.abc import Sequence
from functools import partial
from time import monotonic

import anyio
import structlog
from anyio import CapacityLimiter, to_thread

from reperage.service.errors import TooManyAtOnce, TooManyRequests
from reperage.service.rate_limits.counters import ANSWER_SECONDS, Left, Limit, Unreachable, Windows, parsed
from reperage.service.settings import Settings

log = structlog.get_logger(__name__)

_THREADS = 8
_PAUSE_SECONDS = 5.0
"""How long Redis is left alone after it did not answer, so that not every question waits for it."""


class Rates:
    """Counts what is asked; on the event loop alone, which never waits.

    `problem` says why processes do not count together at the moment, `None` while they do or need not.
    """

    def __init__(self, per_session: str, per_address: str, per_key: str, shared: Windows | None = None) -> None:
        """Each in the notation of the library `limits`, such as `20/minute` or `20/minute;500/day`; `shared` is where
        several processes count together. While it does not answer, each counts by itself."""
        self.problem: str | None = None
        self._per_session, self._per_address = parsed(per_session), parsed(per_address)
        self._per_key = parsed(per_key)
        self._own, self._shared = Windows.in_memory(), shared
        self._threads = CapacityLimiter(_THREADS)
        self._shared_again_at = 0.0

    @classmethod
    def of(cls, settings: Settings) -> "Rates":
        """Those of the settings; raises `StartError` where `rate_storage_url` is malformed or needs a library."""
        url = settings.rate_storage_url
        shared = Windows.at(url.get_secret_value()) if url else None
        return cls(settings.rate_per_session, settings.rate_per_address, settings.rate_per_key, shared)

    async def session(self, address: str) -> None:
        """Count a session that begins.

        Raises:
            TooManyRequests: this address has had its share; then nothing is counted.
        """
        await self._count(_named(self._per_address, "address", address))

    async def question(self, person: str, address: str, count: int = 1) -> dict[str, str]:
        """Count questions; the headers that tell what is left for the person.

        Raises:
            TooManyAtOnce: there are more than one may ever ask at once; then nothing is counted.
            TooManyRequests: the person or the address has had its share; then nothing is counted.
        """
        own = _named(self._per_session, "person", person)
        left = await self._count([*own, *_named(self._per_address, "address", address)], count)
        return _headers("session", left[: len(own)])

    async def key(self, key_id: str, count: int = 1, person: str | None = None) -> dict[str, str]:
        """Count `count` questions that are asked with a key, whatever addresses they come from; the headers.

        `person`: for whom they are asked, where that is somebody; then the headers tell what is left for them.

        Raises:
            TooManyAtOnce: as `question` does.
            TooManyRequests: the key or the person has had its share; then nothing is counted.
        """
        own = _named(self._per_session, "person", person) if person else []
        left = await self._count([*own, *_named(self._per_key, "key", key_id)], count)
        return _headers("session", left[: len(own)]) if own else _headers("key", left)

    def close(self) -> None:
        if self._shared is not None:
            self._shared.close()

    async def _count(self, counted: Sequence[tuple[Limit, str]], cost: int = 1) -> list[Left]:
        if cost > (most := min((limit.amount for limit, _ in counted), default=cost)):
            raise TooManyAtOnce(f"These are {cost} questions, and at most {most} can be asked at once; send fewer.")
        if self._shared is not None and monotonic() >= self._shared_again_at:
            if self.problem is not None:
                # One question finds out whether it is back; the others need not wait as well.
                self._shared_again_at = monotonic() + _PAUSE_SECONDS
            count = partial(self._shared.count, counted, cost)
            try:
                with anyio.fail_after(ANSWER_SECONDS):
                    left = await to_thread.run_sync(count, limiter=self._threads, abandon_on_cancel=True)
            except (Unreachable, TimeoutError) as error:
                self._failed(str(error) or f"no answer in {ANSWER_SECONDS} s")
            except TooManyRequests:
                self._works()
                raise
            else:
                self._works()
                return left
        return self._own.count(counted, cost)

    def _failed(self, problem: str) -> None:
        self._shared_again_at = monotonic() + _PAUSE_SECONDS
        if self.problem is None:
            log.error("rates_not_shared", problem=problem)
        self.problem = problem

    def _works(self) -> None:
        if self.problem is not None:
            log.info("rates_shared_again")
        self.problem, self._shared_again_at = None, 0.0


def _named(limits: Sequence[Limit], kind: str, name: str) -> list[tuple[Limit, str]]:
    return [(limit, f"{kind}:{name}") for limit in limits]


def _headers(kind: str, left: Sequence[Left]) -> dict[str, str]:
    policies, remaining = [], []
    for i, found in enumerate(left):
        policies.append(f'"{kind}{i or ""}";q={found.limit.amount};w={found.limit.get_expiry()}')
        remaining.append(f'"{kind}{i or ""}";r={found.remaining};t={found.seconds}')
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(remaining)}
