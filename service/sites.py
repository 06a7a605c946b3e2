"""Sites: the origins whose pages may ask, each with its courses."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic

import structlog

from service.errors import StateUnavailable
from service.state.database import Database
from service.state.sites import registered_sites

log = structlog.get_logger(__name__)

_FRESH_SECONDS = 5.0
"""How long what was read is taken as it is: a change is seen by every process so much later."""
_WAIT_SECONDS = 1.0
"""How long a request waits for the database, where sites are known from before."""
_FIRST_WAIT_SECONDS = 3.0
"""The same where none were ever read."""

Read = Mapping[str, frozenset[str]]


class Sites:
    """The registered sites, read again every few seconds while somebody asks for them.

    While the database is out of reach the sites that were read last stay in force.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: Read | None = None
        self._read_at = float("-inf")
        self._reading: Future[Read] | None = None
        self._is_current = False
        self._problem: str | None = None
        # A thread of its own: a database that does not answer must hold up nothing else.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="sites")

    def courses(self, origin: str) -> frozenset[str] | None:
        """The courses of a site; `None` where it is not registered, as of the last `refresh`."""
        return self._known.get(origin) if self._known else None

    async def refresh(self) -> None:
        """Read the sites again where that is due; on the event loop alone.

        Raises:
            StateUnavailable: they cannot be read, and never were.
        """
        if monotonic() - self._read_at >= _FRESH_SECONDS:
            if self._reading is None or self._reading.done():
                self._reading = self._reader.submit(self._read)
            await self._finish(self._reading)
        if self._known is None:
            raise StateUnavailable(self._problem or "the sites were not read yet")

    def close(self) -> None:
        self._reader.shutdown(wait=False, cancel_futures=True)

    async def _finish(self, reading: "Future[Read]") -> None:
        """Take over what is being read, unless that takes too long."""
        seconds = _FIRST_WAIT_SECONDS if self._known is None else _WAIT_SECONDS
        try:
            known = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(reading)), seconds)
        except (StateUnavailable, TimeoutError) as error:
            self._failed(error.reason if isinstance(error, StateUnavailable) else "the database does not answer")
            if self._known is not None:
                self._read_at = monotonic()  # So that not every request waits.
            return
        self._known, self._read_at, self._problem = known, monotonic(), None

    def _failed(self, problem: str) -> None:
        if problem != self._problem:
            log.error("sites_not_read", problem=problem)
        self._problem = problem

    def _read(self) -> Read:
        # To open an SQLite file that is not there would make it, for everybody to read.
        if not self._is_current and not self._database.is_current():
            raise StateUnavailable("the database's tables are not up to date yet")
        self._is_current = True
        return registered_sites(self._database)
