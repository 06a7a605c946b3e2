"""Who takes a question holds it for a minute at a time, and stops where that is not so any more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from reperage.service.background import Lease, LeaseLost
from reperage.service.clock import now
from reperage.service.database.slack import Question, end_question, renew_question
from reperage.service.errors import StateUnavailable
from reperage.service.slack.database_threads import DatabaseThreads

LEASE = Lease(60.0)


class QuestionLease:
    """A question that is ours as long as we say so in time."""

    def __init__(self, database: DatabaseThreads, question: Question) -> None:
        self._database, self._question = database, question
        self.answer_id: str | None = None
        self.reply = question.reply

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Hold the question during the block; raises `LeaseLost` in it once that does not succeed."""
        limit = asyncio.timeout(LEASE.seconds)
        try:
            async with limit:
                renewals = asyncio.create_task(self._go_on_renewing(limit))
                try:
                    yield
                finally:
                    renewals.cancel()
        except TimeoutError:
            if limit.expired():
                raise LeaseLost from None
            raise

    async def keep_reply(self, ts: str) -> None:
        """Something stands in the thread: whoever takes the question up goes on there."""
        self.reply = ts
        with suppress(StateUnavailable):
            await self._renew(lease_end())

    async def release(self) -> None:
        """Let another process have it at once."""
        with suppress(StateUnavailable):
            await self._renew(0)

    async def end(self) -> None:
        """It is answered, or will not be."""
        await self._database.run_in_thread(end_question, self._question, self.answer_id, self.reply, now())

    async def _go_on_renewing(self, limit: asyncio.Timeout) -> None:
        is_ours = True
        while is_ours:
            await asyncio.sleep(LEASE.renewal_seconds)
            at = asyncio.get_running_loop().time()
            with suppress(StateUnavailable):
                is_ours = await self._renew(lease_end())
                limit.reschedule(at + LEASE.seconds if is_ours else at)

    async def _renew(self, until: int) -> bool:
        return await self._database.run_in_thread(renew_question, self._question, until, self.reply)


def lease_end() -> int:
    """When a question that is taken now is free again."""
    return LEASE.lease_end()
