"""Who may ask, as the database says: sites with their courses, keys of the API, and platforms of LTI."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic, sleep

import structlog

from reperage.service.database.engine import Database
from reperage.service.database.keys import Key, all_keys, note_uses
from reperage.service.database.lti import Context, Owner, Platform, all_platforms, course_owners, mapped_contexts
from reperage.service.database.sites import registered_sites
from reperage.service.errors import StateUnavailable

log = structlog.get_logger(__name__)

_FRESH_SECONDS = 5.0
"""How long what was read is taken as it is: a change is seen by every process so much later."""
_WAIT_SECONDS = 1.0
"""How long a request waits for the database, where the registry is known from before."""
_FIRST_WAIT_SECONDS = 3.0
"""The same where it was never read."""
_TABLES_SECONDS = 2.0
_POLL_SECONDS = 0.05


class RegistryNotRead(RuntimeError):
    """The registry was asked by somebody who never awaited `refresh`: a fault of the program."""


@dataclass(frozen=True, slots=True)
class RegistrySnapshot:
    """Sites by their origins, keys by their names, void ones too, platforms by theirs, the courses of their contexts,
    and which deployments courses were made from."""

    sites: Mapping[str, frozenset[str]]
    keys: Mapping[str, Key]
    platforms: Mapping[str, Platform]
    contexts: Mapping[Context, str]
    owners: Mapping[str, Owner]


class Registry:
    """Snapshot of sites, keys and platforms, at most five seconds old for whoever awaits `refresh` before they ask.

    While the database is out of reach what was read last stays in force. As long as nothing was ever read, no question
    is answered: each raises `StateUnavailable`, and `RegistryNotRead` where no `refresh` was awaited.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._snapshot: RegistrySnapshot | None = None
        self._read_at = float("-inf")
        self._reading: asyncio.Future[RegistrySnapshot] | None = None
        self._writing: Future[None] | None = None
        self._is_current, self._is_first = False, True
        self._problem: str | None = None
        self._uses: dict[str, int] = {}
        # Threads of its own: a database that does not answer must hold up nothing else, and one that can be read
        # and not written must not hold up reading.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="registry")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="registry uses")

    def courses(self, origin: str) -> frozenset[str] | None:
        """The courses of a site; `None` where it is not registered, as of the last `refresh`."""
        return self._last().sites.get(origin)

    @property
    def has_keys(self) -> bool:
        """Whether a key was ever made, as of the last `refresh`."""
        return bool(self._last().keys)

    def key(self, key_id: str) -> Key | None:
        """A key by its name, void ones too; `None` where there is none, as of the last `refresh`."""
        return self._last().keys.get(key_id)

    def platform(self, platform_id: str) -> Platform | None:
        """A platform by its name; `None` where there is none, as of the last `refresh`."""
        return self._last().platforms.get(platform_id)

    @property
    def contexts(self) -> Mapping[Context, str]:
        """The course of every context that has one, as of the last `refresh`."""
        return self._last().contexts

    @property
    def owners(self) -> Mapping[str, Owner]:
        """Which deployments courses were made from, as of the last `refresh`."""
        return self._last().owners

    def _last(self) -> RegistrySnapshot:
        """What was read last.

        Raises:
            StateUnavailable: it could not be read, and never was.
            RegistryNotRead: nobody has awaited `refresh`.
        """
        if self._snapshot is not None:
            return self._snapshot
        if self._problem is None:
            raise RegistryNotRead("await `refresh` before the registry is asked")
        raise StateUnavailable(self._problem)

    def read_again(self) -> None:
        """Let the next `refresh` read, as something was changed just now; what is being read may be older."""
        self._read_at, self._reading = float("-inf"), None

    def note_use(self, key_id: str, at: int) -> None:
        """Note that a key was used; it is written after the next reading."""
        self._uses[key_id] = at

    async def refresh(self) -> None:
        """Read again where that is due; on the event loop alone.

        Raises:
            StateUnavailable: it cannot be read, and never was.
        """
        if monotonic() - self._read_at >= _FRESH_SECONDS:
            if self._reading is None or self._reading.done():
                self._reading = asyncio.wrap_future(self._reader.submit(self._read))
                self._reading.add_done_callback(self._take)
            await self._finish(self._reading)
        self._last()

    def close(self) -> None:
        self._reader.shutdown(wait=False, cancel_futures=True)
        self._writer.shutdown(wait=False, cancel_futures=True)

    async def _finish(self, reading: "asyncio.Future[RegistrySnapshot]") -> None:
        """Wait for what is being read, unless that takes too long."""
        seconds = _FIRST_WAIT_SECONDS if self._snapshot is None else _WAIT_SECONDS
        try:
            await asyncio.wait_for(asyncio.shield(reading), seconds)
        except (StateUnavailable, TimeoutError) as error:
            self._failed(error.reason if isinstance(error, StateUnavailable) else "the database does not answer")
            if self._snapshot is not None:
                self._read_at = monotonic()  # So that not every request waits.

    def _take(self, reading: "asyncio.Future[RegistrySnapshot]") -> None:
        """Take over what was read, also where nobody waits for it any more."""
        # To ask for the error is to have seen it: asyncio would print it otherwise.
        if reading.cancelled() or reading.exception() is not None:
            return
        self._snapshot, self._problem = reading.result(), None
        if reading is self._reading:
            self._read_at = monotonic()
        if self._uses and (self._writing is None or self._writing.done()):
            uses, self._uses = self._uses, {}
            self._writing = self._writer.submit(self._write, uses)

    def _failed(self, problem: str) -> None:
        if problem != self._problem:
            log.error("register_not_read", problem=problem)
        self._problem = problem

    def _tables_come(self) -> bool:
        """Whether the tables are up to date; the first time it waits a moment, as they are made during a start."""
        end = monotonic() + (_TABLES_SECONDS if self._is_first else 0.0)
        self._is_first = False
        while not self._database.is_current():
            if monotonic() >= end:
                return False
            sleep(_POLL_SECONDS)
        return True

    def _read(self) -> RegistrySnapshot:
        # To open an SQLite file that is not there would make it, for everybody to read.
        if not self._is_current and not self._tables_come():
            raise StateUnavailable("the database's tables are not up to date yet")
        self._is_current = True
        return RegistrySnapshot(
            registered_sites(self._database),
            {key.id: key for key in all_keys(self._database)},
            {platform.id: platform for platform in all_platforms(self._database)},
            mapped_contexts(self._database),
            course_owners(self._database),
        )

    def _write(self, uses: Mapping[str, int]) -> None:
        """Write when keys were used; where that fails, keep it for the next time."""
        try:
            note_uses(self._database, uses)
        except StateUnavailable as error:
            log.warning("key_uses_not_written", problem=error.reason)
            for key_id, at in uses.items():
                self._uses.setdefault(key_id, at)
