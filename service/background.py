"""What goes on beside requests: a thread that works, fails, waits and ends, and how long a thing is held at a time."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic

from reperage.service.clock import now
from reperage.service.errors import StateUnavailable


class Worker(ABC):
    """A thread that works and rests in turn until it is closed.

    `problem` says why its work fails at the moment, `None` while it does not. `end` and `close` are for any time, also
    before a start; what is started after them only finishes.
    """

    expected: tuple[type[Exception], ...] = (StateUnavailable,)
    """Errors that are reported without a traceback."""

    def __init__(self, name: str, closing_seconds: float, awake: Event | None = None) -> None:
        """`closing_seconds`: how long `close` waits at most. `awake`: ends a rest when it is set."""
        self.problem: str | None = None
        self._failures = 0
        self._name, self._closing_seconds = name, closing_seconds
        self._awake = awake or Event()
        self._ending = Event()
        self._close_by = float("inf")
        self._thread: Thread | None = None

    def wake(self) -> None:
        """Let it work again, as soon as it rests in a way that this ends."""
        self._awake.set()

    def end(self) -> None:
        """Begin nothing more; the seconds that `close` waits at most begin."""
        if not self._ending.is_set():
            self._close_by = monotonic() + self._closing_seconds
        # In this order: whoever is woken sees that it is to end.
        self._ending.set()
        self._awake.set()

    def close(self) -> None:
        """End; what has not ended in time is left to itself."""
        self.end()
        if self._thread is not None:
            self._thread.join(max(0.0, self._close_by - monotonic()))

    def fail(self, error: Exception) -> None:
        """Take note of why the work fails; each new problem is reported once."""
        problem = self._problem_of(error)
        if problem != self.problem:
            self._report(problem, None if isinstance(error, self.expected) else error)
        self.problem = problem

    @property
    def _is_started(self) -> bool:
        return self._thread is not None

    def _start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread = Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ending.is_set():
            # In this order: what arrives during the work ends the rest at once.
            self._awake.clear()
            self._attempt()
            if not self._ending.is_set():
                self._rest()
        self._finish()

    def _attempt(self) -> bool:
        """Work once; whether it went well."""
        try:
            self._work()
        except Exception as error:
            self._failures += 1
            self.fail(error)
            return False
        if self.problem is not None:
            self._recover()
        self.problem, self._failures = None, 0
        return True

    @abstractmethod
    def _work(self) -> None:
        """Everything there is to do."""

    @abstractmethod
    def _rest(self) -> None:
        """Wait until it is time to work again; `end` must cut it short."""

    @abstractmethod
    def _report(self, problem: str, error: Exception | None) -> None:
        """Log a problem that is new; `error`: the exception where nobody expected it."""

    def _recover(self) -> None:  # noqa: B027  # Most have nothing to say.
        """The work went well again after it had failed."""

    def _finish(self) -> None:  # noqa: B027  # Most leave the rest to the next start.
        """What is done for the last time, within the seconds of closing."""

    def _problem_of(self, error: Exception) -> str:
        return error.reason if isinstance(error, StateUnavailable) else repr(error)


def growing_pause(failures: int, seconds: tuple[float, float]) -> float:
    """How long to wait after so many failures in a row: the first of `seconds`, doubled each time up to the second."""
    shortest, longest = seconds
    return min(shortest * 2.0 ** min(failures - 1, 16), longest)


@dataclass(frozen=True, slots=True)
class Lease:
    """How long something that several processes may want is one's own, unless it is renewed in time."""

    seconds: float

    @property
    def renewal_seconds(self) -> float:
        """How long after it was taken it is renewed: a third, so that a failure may pass before it has ended."""
        return self.seconds / 3

    def lease_end(self) -> int:
        """When what is taken or renewed now is free again, in milliseconds since 1970."""
        return now() + int(self.seconds * 1000)


class LeaseLost(Exception):
    """What was held may be another process's by now."""
