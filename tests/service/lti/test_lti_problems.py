"""Whatever goes wrong within the frame of an LMS, a page shows there that its reader understands."""

import sqlite3
from contextlib import closing
from html import unescape

import httpx
import pytest

from reperage.service.messages import messages
from reperage.service.settings import parse_limits
from tests.service.lti.launching import browser, log_in
from tests.service.lti.platform import LtiPlatform
from tests.service.lti.school import CAMILLE
from tests.service.lti.served import Lti
from tests.service.serving import Page, assert_problem

pytestmark = pytest.mark.model

LANGUAGES = pytest.mark.parametrize("language", ["fr", "en"])


def assert_framed(response: httpx.Response, status: int, language: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert f"{policy};".endswith("frame-ancestors *;")
    assert "default-src 'none'" in policy
    assert "x-frame-options" not in response.headers
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["vary"] == "Accept-Language"
    page, text = Page(response.text), messages(language)
    assert page.values("html", "lang") == [language]
    assert text[f"frame_{status}_title"] in unescape(response.text)
    assert text[f"frame_{status}_detail"] in unescape(response.text)
    # Our other pages would not show there.
    assert "a" not in page.names()
    for address in page.values("link", "href"):
        assert httpx.get(response.url.join(str(address))).status_code == 200


@LANGUAGES
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/lti/launch", 405),
        ("GET", "/lti/nothing", 404),
        ("GET", "/lti/a/b/c/d", 404),
        ("GET", "/lti/x/nothing", 422),
        ("GET", f"/lti/x/course?lang={'a' * 30}", 422),
        ("POST", "/lti/login", 413),
    ],
)
def test_a_request_that_is_not_understood(lti: Lti, method: str, path: str, status: int, language: str) -> None:
    body = {"iss": "x" * 1_100_000} if status == 413 else None
    with browser(f"{language}-XX,de;q=0.5") as client:
        assert_framed(client.request(method, lti.url + path, data=body), status, language)


@LANGUAGES
def test_too_many_launches(lti: Lti, platform: LtiPlatform, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    monkeypatch.setattr(lti.served.app.state.services.rate_limiter, "_per_address", parse_limits("1/minute"))
    with browser(language) as client:
        answered = [log_in(client, platform, platform.begin(CAMILLE)) for _ in range(2)][-1]
    assert_framed(answered, 429, language)
    assert int(answered.headers["retry-after"]) > 0


@LANGUAGES
def test_a_database_that_cannot_be_written(lti: Lti, platform: LtiPlatform, language: str) -> None:
    with browser(language) as client, closing(sqlite3.connect(lti.home / "repere.sqlite3", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        answered = log_in(client, platform, platform.begin(CAMILLE))
        db.execute("ROLLBACK")
    assert_framed(answered, 503, language)


def test_a_fault_of_the_program(lti: Lti, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lti.served.app.state.services, "database", None)
    with browser("en") as client:
        assert_framed(client.get(f"{lti.url}/lti/login?iss=x&client_id=y"), 500, "en")


def test_a_program_gets_no_page(lti: Lti) -> None:
    assert_problem(httpx.get(f"{lti.url}/lti/nothing"), 404)


@LANGUAGES
def test_the_same_elsewhere_shows_in_no_frame(lti: Lti, language: str) -> None:
    with browser(language) as client:
        response = client.get(f"{lti.url}/nothing")
    assert response.status_code == 404
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert response.headers["vary"] == "Accept-Language"
    assert Page(response.text).values("html", "lang") == [language]
    assert messages(language)["page_404_detail"] in unescape(response.text)
