"""The service and platforms that know it, on this machine."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest

from reperage.index.encoder import Encoder
from reperage.service.access.api_keys import new_key
from reperage.service.database.engine import Database
from reperage.service.database.keys import store_key
from reperage.service.settings import Settings
from tests.service.lti.launching import browser
from tests.service.lti.platform import LtiPlatform
from tests.service.lti.school import contexts
from tests.service.lti.served import Lti, introduce
from tests.service.serving import copy_home, serving


@pytest.fixture(scope="module")
def lti(home: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lti]:
    """The service on the shipped course, to which no platform is known."""
    own = copy_home(home, tmp_path_factory.mktemp("lti"))
    with closing(Database(f"sqlite:///{own / 'repere.sqlite3'}")) as database:
        database.migrate()
        # As long as there is no key, this machine may do everything.
        store_key(database, new_key("", "student", None, None)[0])
    with serving(Settings(home=own, rate_per_address="100000/minute"), encoder) as served:
        yield Lti(served, own)


@pytest.fixture(scope="module")
def _platform(lti: Lti) -> Iterator[LtiPlatform]:
    with LtiPlatform() as started:
        introduce(lti, started)
        yield started


@pytest.fixture
def platform(_platform: LtiPlatform) -> Iterator[LtiPlatform]:
    """A platform of the tests of a file, as if nothing had happened there; the tool may break no rule of LTI."""
    _platform.courses = contexts()
    _platform.violations.clear()
    yield _platform
    assert _platform.violations == []


@pytest.fixture
def another_platform(lti: Lti) -> Iterator[Callable[..., LtiPlatform]]:
    """Starts platforms of a test's own, whose keys the service has not seen."""
    with ExitStack() as running:
        started: list[LtiPlatform] = []

        def start(**more: object) -> LtiPlatform:
            started.append(running.enter_context(LtiPlatform(**more)))
            introduce(lti, started[-1])
            return started[-1]

        yield start
        for platform in started:
            assert platform.violations == []


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """A browser that speaks French."""
    with browser() as opened:
        yield opened
