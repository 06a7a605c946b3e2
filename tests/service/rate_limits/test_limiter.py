"""How often one may ask, without HTTP."""

import asyncio
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from reperage.service.errors import TooManyRequests
from reperage.service.http.rate_limit import client_address
from reperage.service.rate_limits import counters as module
from reperage.service.rate_limits.limiter import RateLimiter
from reperage.service.settings import Settings


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that a test sets, for the library as for us."""
    now = SimpleNamespace(time=1_000_000.0)
    monkeypatch.setattr("time.time", lambda: now.time)
    monkeypatch.setattr(module, "time", lambda: now.time)
    return now


def asked(rates: RateLimiter, person: str, address: str, count: int = 1) -> dict[str, str]:
    return asyncio.run(rates.count_questions(person, address, count))


def test_the_whole_share_may_be_used_at_once_and_one_more_says_when(clock: SimpleNamespace) -> None:
    rates = RateLimiter("3/minute", "100/minute", "1/hour")
    left = [asked(rates, "anne", "a") for _ in range(3)]
    assert [headers["RateLimit"].split(";")[1] for headers in left] == ["r=2", "r=1", "r=0"]
    assert {headers["RateLimit"].split(";")[2] for headers in left} == {"t=60"}
    assert left[0]["RateLimit-Policy"] == '"session";q=3;w=60'
    for _ in range(5):
        with pytest.raises(TooManyRequests) as refused:
            asked(rates, "anne", "a")
        assert refused.value.retry_after == 60
    asked(rates, "bruno", "a")
    clock.time += 59.5
    with pytest.raises(TooManyRequests) as refused:
        asked(rates, "anne", "a")
    assert refused.value.retry_after == 1
    clock.time += 1
    for _ in range(3):
        asked(rates, "anne", "a")


def test_the_window_moves(clock: SimpleNamespace) -> None:
    rates = RateLimiter("2/minute", "100/minute", "1/hour")
    asked(rates, "anne", "a")
    clock.time += 50
    assert asked(rates, "anne", "a")["RateLimit"] == '"session";r=0;t=10'
    with pytest.raises(TooManyRequests) as refused:
        asked(rates, "anne", "a")
    assert refused.value.retry_after == 10
    clock.time += refused.value.retry_after + 0.1
    asked(rates, "anne", "a")
    with pytest.raises(TooManyRequests):
        asked(rates, "anne", "a")


def test_many_questions_at_once_count_each_or_not_at_all(clock: SimpleNamespace) -> None:
    rates = RateLimiter("5/minute", "100/minute", "1/hour")
    assert asked(rates, "anne", "a", 3)["RateLimit"] == '"session";r=2;t=60'
    with pytest.raises(TooManyRequests):
        asked(rates, "anne", "a", 3)
    assert asked(rates, "anne", "a", 2)["RateLimit"] == '"session";r=0;t=60'


def test_who_asks_many_at_once_is_told_when_there_is_room_for_all_of_them(clock: SimpleNamespace) -> None:
    rates = RateLimiter("5/minute", "100/minute", "1/hour")
    began = clock.time
    for after, count in ((0, 1), (20, 2), (40, 2)):
        clock.time = began + after
        asked(rates, "anne", "a", count)
    clock.time = began + 45
    for count, seconds in ((1, 15), (2, 35), (3, 35), (4, 55), (5, 55)):
        with pytest.raises(TooManyRequests) as refused:
            asked(rates, "anne", "a", count)
        assert refused.value.retry_after == seconds
    clock.time += 34.9
    with pytest.raises(TooManyRequests):
        asked(rates, "anne", "a", 3)
    clock.time += 0.2
    asked(rates, "anne", "a", 3)


def test_an_address_has_its_share_of_questions_and_sessions_together(clock: SimpleNamespace) -> None:
    rates = RateLimiter("10/minute", "3/minute", "1/hour")
    asyncio.run(rates.count_session("a"))
    asked(rates, "anne", "a")
    asked(rates, "bruno", "a")
    with pytest.raises(TooManyRequests):
        asyncio.run(rates.count_session("a"))
    with pytest.raises(TooManyRequests):
        asked(rates, "chloé", "a")
    asyncio.run(rates.count_session("b"))
    # What was refused by the address was not counted for the person.
    assert asked(rates, "chloé", "b")["RateLimit"].startswith('"session";r=9')


def test_several_limits_hold_together(clock: SimpleNamespace) -> None:
    rates = RateLimiter("2/minute;3/hour", "100/minute", "1/hour")
    asked(rates, "anne", "a")
    asked(rates, "anne", "a")
    clock.time += 61
    left = asked(rates, "anne", "a")
    assert left["RateLimit"] == f'"session";r=1;t=60, "session1";r=0;t={3600 - 61}'
    with pytest.raises(TooManyRequests) as refused:
        asked(rates, "anne", "a")
    assert refused.value.retry_after == 3600 - 61


def test_people_who_left_are_forgotten(monkeypatch: pytest.MonkeyPatch, clock: SimpleNamespace) -> None:
    monkeypatch.setattr(module, "_SWEEP", 100)
    rates = RateLimiter("1/second", "100000/second", "1/hour")

    async def ask(names: list[str], pause: float) -> None:
        for name in names:
            await rates.count_questions(name, "a")
            clock.time += pause

    asyncio.run(ask([str(i) for i in range(5_000)], 0.1))
    storage = rates._own._storage
    storage._MemoryStorage__expire_events()
    asyncio.run(ask([f"new {i}" for i in range(100)], 0))
    assert len(storage.events) < 500


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("un-hôte", "un-hôte"),
        ("x" * 10_000, "x" * 64),
        (None, ""),
    ],
)
def test_an_address_of_ipv6_is_counted_by_its_network(host: str | None, counted: str) -> None:
    request = SimpleNamespace(client=None if host is None else SimpleNamespace(host=host))
    assert client_address(request) == counted


@pytest.mark.parametrize("rate", ["", "x", "20", "20/fortnight", "0/minute", "-1/minute", "1/minute;x"])
def test_what_is_no_rate_is_refused(rate: str) -> None:
    for name in ("rate_per_session", "rate_per_address"):
        with pytest.raises(ValidationError):
            Settings(**{name: rate})
