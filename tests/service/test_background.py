"""A thread that works, fails, waits and ends; and the arithmetic of what is held for a while."""

import time
from collections.abc import Callable, Iterator
from threading import Event

import pytest

from reperage.service.background import Lease, Worker, growing_pause
from reperage.service.clock import now
from reperage.service.errors import StateUnavailable
from tests.service.conversations.test_conversations import until


class Counting(Worker):
    """Counts what it does, and does what it is told."""

    def __init__(self, work: Callable[[], None] = lambda: None, rest_seconds: float = 60, closing_seconds: float = 5):
        super().__init__("counting", closing_seconds)
        self._given, self._rest_seconds = work, rest_seconds
        self.works = self.recoveries = self.finishes = 0
        self.reports: list[tuple[str, Exception | None]] = []

    def start(self) -> None:
        self._start()

    def _work(self) -> None:
        self.works += 1
        self._given()

    def _rest(self) -> None:
        self._awake.wait(self._rest_seconds)

    def _report(self, problem: str, error: Exception | None) -> None:
        self.reports.append((problem, error))

    def _recover(self) -> None:
        self.recoveries += 1

    def _finish(self) -> None:
        self.finishes += 1


@pytest.fixture
def closing() -> Iterator[Callable[[Counting], Counting]]:
    """Starts a worker that is closed at the end."""
    workers: list[Counting] = []

    def start(worker: Counting) -> Counting:
        worker.start()
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        worker.close()


def test_it_works_at_once_and_whenever_it_is_woken(closing) -> None:
    worker = closing(Counting())
    until(lambda: worker.works == 1)
    worker.wake()
    until(lambda: worker.works == 2)
    time.sleep(0.1)
    assert worker.works == 2


def test_what_arrives_during_the_work_is_worked_on_next(closing) -> None:
    begun, go_on = Event(), Event()

    def work() -> None:
        begun.set()
        go_on.wait(20)

    worker = closing(Counting(work))
    begun.wait(20)
    worker.wake()
    go_on.set()
    until(lambda: worker.works == 2)


def test_each_new_problem_is_reported_once_and_an_unexpected_one_with_its_traceback(closing) -> None:
    unexpected = ValueError("?")
    errors: list[Exception | None] = [StateUnavailable("locked")] * 3
    errors += [unexpected] * 2 + [StateUnavailable("locked"), None, StateUnavailable("locked")]
    given = iter(errors)

    def work() -> None:
        if error := next(given, None):
            raise error

    worker = closing(Counting(work, rest_seconds=0.001))
    until(lambda: worker.works > len(errors))
    assert worker.reports == [("locked", None), ("ValueError('?')", unexpected), ("locked", None), ("locked", None)]
    assert worker.recoveries == 2
    assert worker.problem is None


def test_the_end_cuts_a_rest_short_and_comes_once(closing) -> None:
    worker = closing(Counting())
    until(lambda: worker.works == 1)
    begun = time.monotonic()
    worker.end()
    worker.close()
    assert time.monotonic() - begun < 2
    assert (worker.works, worker.finishes) == (1, 1)


def test_closing_waits_for_so_long_from_the_first_word_of_the_end() -> None:
    go_on = Event()
    worker = Counting(lambda: (go_on.wait(20), None)[1], closing_seconds=0.6)
    worker.start()
    until(lambda: worker.works == 1)
    worker.end()
    time.sleep(0.3)
    worker.end()
    begun = time.monotonic()
    worker.close()
    assert 0.1 < time.monotonic() - begun < 0.5
    assert worker.finishes == 0
    go_on.set()
    until(lambda: worker.finishes == 1)
    assert worker.works == 1


def test_what_is_closed_before_it_is_started_begins_nothing() -> None:
    worker = Counting()
    worker.end()
    worker.close()
    worker.start()
    until(lambda: worker.finishes == 1)
    assert worker.works == 0


def test_pauses_double_up_to_the_longest() -> None:
    pauses = [growing_pause(failures, (0.5, 30.0)) for failures in (1, 2, 3, 7, 10_000)]
    assert pauses == [0.5, 1.0, 2.0, 30.0, 30.0]


def test_a_lease_ends_after_its_time_and_is_renewed_before() -> None:
    lease = Lease(60)
    assert 59_000 < lease.lease_end() - now() <= 60_000
    assert lease.renewal_seconds == 20
