"""An LMS on another site than the service, and browsers that keep what the frames of other sites store, or do not."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, Page, Playwright
from playwright.sync_api import Error as PlaywrightError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Served

from reperage.index.encoder import Encoder
from reperage.service.access.api_keys import new_key
from reperage.service.database.engine import Database
from reperage.service.database.keys import store_key
from reperage.service.settings import Settings
from tests.service.lti.platform import LtiPlatform
from tests.service.lti.served import Lti, introduce
from tests.service.serving import listening, serving
from tests.web.conftest import ARGUMENTS, chromium
from tests.web.lti.pages import Preferring, School
from tests.web.visiting import visiting

PREFERENCES = {
    "allowed": {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}},
    "blocked": {"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": True}},
}
"""What a browser does with what the frames of other sites want to keep."""


@pytest.fixture(scope="module")
def _school(own_home_of_module: Path, encoder: Encoder) -> Iterator[School]:
    with closing(Database(f"sqlite:///{own_home_of_module / 'repere.sqlite3'}")) as database:
        database.migrate()
        # Nothing is open to whoever comes from this machine.
        store_key(database, new_key("", "student", None, None)[0])
    with ExitStack() as running:
        served = running.enter_context(serving(Settings(home=own_home_of_module), encoder))
        lti = Lti(served, own_home_of_module)
        platform = running.enter_context(LtiPlatform())
        url = served.url.replace("127.0.0.1", "localhost")
        introduce(lti, platform, url)
        lti.map(platform)
        yield School(lti, platform, url)


@pytest.fixture
def school(_school: School) -> Iterator[School]:
    """At the end no rule of LTI may be broken."""
    _school.platform.violations.clear()
    yield _school
    assert _school.platform.violations == []


@contextmanager
def with_preferences(playwright: Playwright, executable: str, preferences: dict[str, Any]) -> Iterator[Browser]:
    """A browser of somebody who has set these preferences, which its windows have too."""
    memory = Path("/dev/shm")
    # A new profile is written with hundreds of syncs, which a busy disk takes minutes for.
    with TemporaryDirectory(dir=memory if memory.is_dir() else None, ignore_cleanup_errors=True) as folder:
        (Path(folder) / "Default").mkdir()
        (Path(folder) / "Default" / "Preferences").write_text(json.dumps(preferences), encoding="utf-8")
        context = playwright.chromium.launch_persistent_context(folder, executable_path=executable, args=ARGUMENTS)
        browser = context.browser
        assert browser is not None
        try:
            yield browser
        finally:
            end(Path(folder))
            with suppress(PlaywrightError):
                context.close()


def end(folder: Path) -> None:
    """End the browser of a profile, which may take minutes to do so by itself."""
    for process in psutil.process_iter(["cmdline"]):
        if f"--user-data-dir={folder}" in (process.info["cmdline"] or ()):
            with suppress(psutil.NoSuchProcess):
                process.kill()


@pytest.fixture(scope="module")
def preferring(playwright: Playwright) -> Iterator[Preferring]:
    """A browser with these preferences, one for the tests of this file."""
    with ExitStack() as opened:

        @cache
        def browser(name: str) -> Browser:
            # A headless shell has no preferences, and blocks nothing.
            executable = chromium(whole=name == "blocked")
            return opened.enter_context(with_preferences(playwright, executable, PREFERENCES[name]))

        yield browser


@pytest.fixture
def desk(preferring: Preferring) -> Iterator[Page]:
    """A page of somebody whose browser lets the frames of other sites keep things."""
    with visiting(preferring("allowed")) as page:
        yield page


@contextmanager
def without_cookies(url: str) -> Iterator[str]:
    """The service at another address, whose cookies frames do not keep: as browsers do that know no partitions."""
    address = url.replace("localhost", "127.0.0.1")

    async def forward(request: Request) -> Response:
        kept = {**request.headers, "accept-encoding": "identity"}
        target = f"{address}{request.url.path}?{request.url.query}"
        async with httpx.AsyncClient(timeout=60) as client:
            answered = await client.request(request.method, target, headers=kept, content=await request.body())
        response = Response(answered.content, answered.status_code)
        left = {"content-length", "transfer-encoding", "connection"}
        left |= {"set-cookie"} if request.headers.get("sec-fetch-dest") == "iframe" else set()
        for name, value in answered.headers.multi_items():
            if name not in left:
                response.headers.append(name, value)
        return response

    methods = ["GET", "POST", "PUT", "DELETE"]
    with listening(Starlette(routes=[Served("/{path:path}", forward, methods=methods)])) as own:
        yield own.replace("127.0.0.1", "localhost")


@pytest.fixture(scope="module")
def _without_cookies(_school: School) -> Iterator[School]:
    with without_cookies(_school.url) as url, LtiPlatform() as platform:
        introduce(_school.lti, platform, url)
        _school.lti.map(platform)
        yield School(_school.lti, platform, url)


@pytest.fixture
def strict_school(_without_cookies: School) -> Iterator[School]:
    """A school whose browsers keep no cookie of ours from within a frame."""
    _without_cookies.platform.violations.clear()
    yield _without_cookies
    assert _without_cookies.platform.violations == []


@pytest.fixture(scope="module")
def _own_course(_school: School) -> Iterator[School]:
    with LtiPlatform() as platform:
        introduce(_school.lti, platform, _school.url)
        _school.lti.map(platform, "cours-de-dominique", "c-202")
        yield School(_school.lti, platform, _school.url)


@pytest.fixture
def own_course(_own_course: School) -> Iterator[School]:
    """A school whose course "c-202" has a course of its own, for the teacher to fill."""
    _own_course.platform.violations.clear()
    yield _own_course
    assert _own_course.platform.violations == []
