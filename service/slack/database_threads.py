"""Functions of the database in threads, for the one event loop that answers Slack."""

from collections.abc import Callable
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from reperage.service.database.engine import Database

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 6
"""That use the database at once: it has fifteen connections, for the whole process."""


class DatabaseThreads:
    """One database, used by a few threads at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.limiter = CapacityLimiter(_THREADS)

    async def run_in_thread(
        self, work: Callable[Concatenate[Database, P], T], *arguments: P.args, **named: P.kwargs
    ) -> T:
        """What a function of `reperage.service.database` finds in the database.

        Raises:
            StateUnavailable: it cannot be used.
        """
        return await to_thread.run_sync(partial(work, self._database, *arguments, **named), limiter=self.limiter)
