"""A key signs once platforms have had time to fetch it, and is published for as long as they may ask for it."""

import pytest

from reperage.service.access import lti_keys as module
from reperage.service.access.lti_keys import PUBLISHED_MS, SIGNS_AFTER_MS, SigningKeys
from reperage.service.clock import now
from reperage.service.database.engine import Database
from reperage.service.database.lti import Platform

PLATFORM = Platform(
    "p", "https://lms.example", "c", "", "https://a", "https://k", None, frozenset(), (), frozenset(), 0
)


class Clock:
    """The time of the keys, which only `pass_by` moves."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._at = now()
        patch.setattr(module, "now", lambda: self._at)

    def pass_by(self, milliseconds: int) -> None:
        self._at += milliseconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def keys(database: Database) -> SigningKeys:
    database.migrate()
    return SigningKeys(database, ["k" * 16])


def published(keys: SigningKeys) -> list[str]:
    """The names of the keys that platforms get, the newest first."""
    return [key["kid"] for key in keys.jwks()["keys"]]


def signing(keys: SigningKeys) -> str:
    """The name of the key that signs."""
    return str(keys.sign_for(PLATFORM).get_kid())


def test_the_first_key_signs_at_once(keys: SigningKeys, clock: Clock) -> None:
    assert published(keys) == [signing(keys)]


def test_a_new_key_signs_when_platforms_have_had_a_day_to_fetch_it(keys: SigningKeys, clock: Clock) -> None:
    old = signing(keys)
    clock.pass_by(1)
    new = keys.rotate()
    assert signing(keys) == old
    assert published(keys) == [new, old]
    clock.pass_by(SIGNS_AFTER_MS - 1)
    assert signing(keys) == old
    clock.pass_by(1)
    assert signing(keys) == new
    assert published(keys) == [new, old]


def test_of_several_new_keys_none_signs_before_its_time(keys: SigningKeys, clock: Clock) -> None:
    made = [signing(keys)]
    for _ in range(2):
        clock.pass_by(SIGNS_AFTER_MS // 2)
        made.append(keys.rotate())
        assert signing(keys) == made[0]
    assert published(keys) == made[::-1]
    clock.pass_by(SIGNS_AFTER_MS // 2)
    assert signing(keys) == made[1]
    clock.pass_by(SIGNS_AFTER_MS // 2)
    assert signing(keys) == made[2]


def test_a_key_is_published_for_a_week_after_it_has_signed_last(keys: SigningKeys, clock: Clock) -> None:
    first = signing(keys)
    clock.pass_by(1)
    second = keys.rotate()
    clock.pass_by(SIGNS_AFTER_MS + PUBLISHED_MS)
    third = keys.rotate()
    assert published(keys) == [third, second, first]
    clock.pass_by(1)
    fourth = keys.rotate()
    assert published(keys) == [fourth, third, second]
    assert signing(keys) == second
