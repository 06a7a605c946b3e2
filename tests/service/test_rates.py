"""How often one may ask, without HTTP."""

from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from service import rates as module
from service.errors import TooManyRequests
from service.rates import Rates, client_address
from service.settings import Settings


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that a test sets, for the library as for us."""
    now = SimpleNamespace(time=1_000_000.0)
    monkeypatch.setattr("time.time", lambda: now.time)
    monkeypatch.setattr(module, "time", lambda: now.time)
    return now


def test_the_whole_share_may_be_used_at_once_and_one_more_says_when(clock: SimpleNamespace) -> None:
    rates = Rates("3/minute", "100/minute")
    left = [rates.question("anne", "a") for _ in range(3)]
    assert [headers["RateLimit"].split(";")[1] for headers in left] == ["r=2", "r=1", "r=0"]
    assert left[0]["RateLimit-Policy"] == '"session";q=3;w=60'
    for _ in range(5):
        with pytest.raises(TooManyRequests) as refused:
            rates.question("anne", "a")
        assert refused.value.retry_after == 60
    rates.question("bruno", "a")
    clock.time += 59.5
    with pytest.raises(TooManyRequests) as refused:
        rates.question("anne", "a")
    assert refused.value.retry_after == 1
    clock.time += 1
    for _ in range(3):
        rates.question("anne", "a")


def test_the_window_moves(clock: SimpleNamespace) -> None:
    rates = Rates("2/minute", "100/minute")
    rates.question("anne", "a")
    clock.time += 50
    rates.question("anne", "a")
    with pytest.raises(TooManyRequests) as refused:
        rates.question("anne", "a")
    assert refused.value.retry_after == 10
    clock.time += refused.value.retry_after + 0.1
    rates.question("anne", "a")
    with pytest.raises(TooManyRequests):
        rates.question("anne", "a")


def test_an_address_has_its_share_of_questions_and_sessions_together(clock: SimpleNamespace) -> None:
    rates = Rates("10/minute", "3/minute")
    rates.session("a")
    rates.question("anne", "a")
    rates.question("bruno", "a")
    for refused in (lambda: rates.session("a"), lambda: rates.question("chloé", "a")):
        with pytest.raises(TooManyRequests):
            refused()
    rates.session("b")
    # What was refused by the address was not counted for the person.
    assert rates.question("chloé", "b")["RateLimit"].startswith('"session";r=9')


def test_several_limits_hold_together(clock: SimpleNamespace) -> None:
    rates = Rates("2/minute;3/hour", "100/minute")
    rates.question("anne", "a")
    rates.question("anne", "a")
    clock.time += 61
    rates.question("anne", "a")
    with pytest.raises(TooManyRequests) as refused:
        rates.question("anne", "a")
    assert refused.value.retry_after == 3600 - 61


def test_people_who_left_are_forgotten(monkeypatch: pytest.MonkeyPatch, clock: SimpleNamespace) -> None:
    monkeypatch.setattr(module, "_SWEEP", 100)
    rates = Rates("1/second", "100000/second")
    for i in range(5_000):
        rates.question(str(i), "a")
        clock.time += 0.1
    rates._storage._MemoryStorage__expire_events()
    for i in range(100):
        rates.question(f"new {i}", "a")
    assert len(rates._storage.events) < 500


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
