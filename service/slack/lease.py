"""Who takes a question holds it for a minute at a time, and stops where that is not so any more."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from reperage.service.clock import now
from reperage.service.database.slack import Question, end, hold
from reperage.service.errors import StateUnavailable

LEASE_SECONDS = 60.0


class NotOurs(Exception):
    """A question that another process may answer by now."""


class Held:
    """A question that is ours as long as we say so in time."""

    def __init__(self, sql: Callable[..., Awaitable[Any]], question: Question) -> None:
        """`sql`: runs a function of `reperage.service.database` in a thread."""
        self._sql, self._question = sql, question
        self.answer_id: str | None = None
        self.reply = question.reply

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Hold the question during the block; raises `NotOurs` in it once that does not succeed."""
        limit = asyncio.timeout(LEASE_SECONDS)
        try:
            async with limit:
                holding = asyncio.create_task(self._go_on_holding(limit))
                try:
                    yield
                finally:
                    holding.cancel()
        except TimeoutError:
            if limit.expired():
                raise NotOurs from None
            raise

    async def posted(self, ts: str) -> None:
        """Something stands in the thread: whoever takes the question up goes on there."""
        self.reply = ts
        with suppress(StateUnavailable):
            await self._hold(until())

    async def release(self) -> None:
        """Let another process have it at once."""
        with suppress(StateUnavailable):
            await self._hold(0)

    async def end(self) -> None:
        """It is answered, or will not be."""
        await self._sql(end, self._question, self.answer_id, self.reply, now())

    async def _go_on_holding(self, limit: asyncio.Timeout) -> None:
        is_ours = True
        while is_ours:
            await asyncio.sleep(LEASE_SECONDS / 3)
            at = asyncio.get_running_loop().time()
            with suppress(StateUnavailable):
                is_ours = await self._hold(until())
                limit.reschedule(at + LEASE_SECONDS if is_ours else at)

    async def _hold(self, until: int) -> bool:
        return bool(await self._sql(hold, self._question, until, self.reply))


def until() -> int:
    """When what is taken now is free again."""
    return now() + int(LEASE_SECONDS * 1000)
