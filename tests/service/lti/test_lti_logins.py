"""What is kept of a launch that was not finished goes when its time is over, and with the person."""

import pytest

from reperage.service.access.signed_tokens import LaunchSession
from reperage.service.database.engine import Database
from reperage.service.database.lti import (
    Login,
    Platform,
    add_platform,
    begin_login,
    finish_login,
    keep_launch,
    use_login,
)
from reperage.service.database.turns import purge, remove_person
from reperage.service.lti.launch import Launch

PLATFORM = Platform(
    "p", "https://lms.example", "c", "", "https://a", "https://k", None, frozenset(), (), frozenset(), 0
)


def keep(database: Database, state: str, person: str, *, ends: int = 100) -> None:
    """A launch of somebody whose browser has yet to bring the proof."""
    # What an LMS calls its course may hold what it likes.
    session = LaunchSession(person, "student", "p", "1", "c-1", 'De "person": "anne_1"', "", 0)
    begin_login(database, Login(state, "p", "nonce", f"proof-{state}", "{}", ends), 0)
    keep_launch(database, state, Launch(session, {}, None).as_json())


def left(database: Database, *states: str) -> list[str]:
    """Those of the logins that are still there."""
    return [state for state in states if use_login(database, state, 0)]


@pytest.fixture
def logins(database: Database) -> Database:
    """Launches of two people; of a third one the time is over at 60."""
    database.migrate()
    add_platform(database, PLATFORM)
    keep(database, "anne", "anne_1")
    keep(database, "bruno", "annex1")
    keep(database, "chloe", "chloe", ends=50)
    return database


def test_a_launch_whose_time_is_over_goes_with_old_conversations(logins: Database) -> None:
    """Also where these are kept for ever, and nobody else logs in."""
    purge(logins, 0, 50)
    assert left(logins, "anne", "bruno", "chloe") == ["anne", "bruno", "chloe"]
    purge(logins, 0, 60)
    assert left(logins, "anne", "bruno", "chloe") == ["anne", "bruno"]


def test_whoever_is_removed_leaves_no_launch(logins: Database) -> None:
    remove_person(logins, "anne_1", 40)
    assert left(logins, "anne", "bruno", "chloe") == ["bruno", "chloe"]
    assert finish_login(logins, "bruno", "proof-bruno", 40)


def test_what_is_over_goes_with_anybody_s_removal(logins: Database) -> None:
    remove_person(logins, "nobody", 60)
    assert left(logins, "anne", "bruno", "chloe") == ["anne", "bruno"]
