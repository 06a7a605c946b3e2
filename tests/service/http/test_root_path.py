"""Under a path of another's site, and behind proxies: addresses, cookies, who is believed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import ValidationError
from starlette.types import ASGIApp

from reperage.index.encoder import Encoder
from reperage.service.cli.server import new_server
from reperage.service.database.sites import add_site
from reperage.service.settings import Settings
from tests.service.events import STREAM, events
from tests.service.serving import REFERENCE, Page, Served, assert_problem, listening, serving

PREFIX = "/repere"


def proxy(target: str, strips: bool) -> ASGIApp:
    """A reverse proxy that serves `target` under `PREFIX`, and takes that away or not."""
    app = FastAPI(openapi_url=None)

    @app.api_route("/{path:path}", methods=["GET", "POST", "DELETE", "OPTIONS"])
    async def forward(request: Request, path: str):
        if not f"/{path}".startswith(f"{PREFIX}/"):
            return JSONResponse({}, 502)
        forwarded = {b"x-forwarded-for": b"192.0.2.7", b"x-forwarded-proto": b"https"}
        headers = [(k, v) for k, v in request.headers.raw if k not in forwarded] + list(forwarded.items())
        raw = request.scope["raw_path"].decode() + (f"?{request.url.query}" if request.url.query else "")
        client = httpx.AsyncClient(timeout=60)
        sent = client.build_request(
            request.method,
            target + (raw.removeprefix(PREFIX) if strips else raw),
            headers=headers,
            content=await request.body(),
        )
        response = await client.send(sent, stream=True)

        async def body():
            async for part in response.aiter_raw():
                yield part
            await response.aclose()
            await client.aclose()

        answered = StreamingResponse(body(), response.status_code)
        answered.raw_headers = response.headers.raw
        return answered

    return app


@contextmanager
def behind(served: Served, strips: bool) -> Iterator[httpx.Client]:
    """A browser on the other side of a proxy."""
    with listening(proxy(served.url, strips)) as url, httpx.Client(base_url=f"{url}{PREFIX}/", timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def served(home: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    database = f"sqlite:///{tmp_path_factory.mktemp('path') / 'state.sqlite3'}"
    settings = Settings(
        home=home, root_path=PREFIX, trusted_proxies="127.0.0.1", database_url=database, secret_key="k" * 16
    )
    with serving(settings, encoder) as opened:
        opened.app.state.services.conversations.database.migrate()
        yield opened


@pytest.mark.model
@pytest.mark.parametrize("strips", [True, False])
def test_everything_works_under_a_path(served: Served, strips: bool) -> None:
    with behind(served, strips) as browser:
        base = str(browser.base_url).rstrip("/")
        secure = base.replace("http://", "https://")
        assert_problem(browser.post("v1/ask", json={"question": REFERENCE}), 401)
        # Nobody who comes through a proxy is on this machine: our own pages ask as those of any registered site.
        add_site(served.app.state.services.conversations.database, secure.removesuffix(PREFIX), ["docker"])
        served.app.state.services.registry._read_at = float("-inf")
        response = browser.post("v1/ask", json={"question": REFERENCE, "course": "docker"})
        answer = response.json()
        assert re.search(r"; Path=/repere; HttpOnly; SameSite=Lax; Secure$", response.headers["set-cookie"])
        for citation in answer["citations"]:
            assert citation["url"].startswith(f"{secure}/courses/docker/documents/")
            page = browser.get(citation["url"].replace("https://", "http://"))
            assert page.status_code == 200
            for address in Page(page.text).values("link", "href"):
                assert browser.get(str(page.url.join(str(address)))).status_code == 200
        with browser.stream("POST", "v1/ask", json={"question": REFERENCE}, headers=STREAM) as response:
            assert [name for name, _ in events(response)][-1] == "done"
        for path in (
            "",
            "healthz",
            "readyz",
            "docs",
            "openapi.json",
            "v1/courses",
            "static/favicon.svg",
            "widget.js",
            "widget/api.js",
            "demo",
        ):
            assert browser.get(path, follow_redirects=True).status_code == 200, path
        assert_problem(browser.get("metrics"), 403)
        assert browser.get("openapi.json").json()["servers"] == [{"url": PREFIX}]
        assert browser.get("static/favicon.svg").headers["access-control-allow-origin"] == "*"
        for path in ("v1/nothing", "static/nothing.js", "v1/courses/x/documents"):
            assert assert_problem(browser.get(path), 404)["instance"] == f"/{path}"
        for path in ("courses/docker/documents/nothing", "nothing"):
            page = browser.get(path, headers={"Accept": "text/html"})
            assert page.status_code == 404
            for address in Page(page.text).values("link", "href") + Page(page.text).values("a", "href"):
                followed = browser.get(str(page.url.join(str(address))), follow_redirects=True)
                assert followed.status_code == 200
        origin = {"Origin": f"https://{browser.base_url.netloc.decode()}"}
        begun = browser.post("v1/session", json={"course": "docker"}, headers=origin)
        assert begun.status_code == 200
        assert_problem(browser.get("v1/courses", headers={"Origin": "https://nobody.example"}), 403)
        token = {"Authorization": f"Bearer {begun.json()['token']}"}
        assert browser.get("v1/courses", headers=token).status_code == 200


@pytest.mark.model
def test_without_the_proxy_both_addresses_work(served: Served) -> None:
    for path in ("/healthz", f"{PREFIX}/healthz", "/static/favicon.svg", f"{PREFIX}/static/favicon.svg", f"{PREFIX}/"):
        assert served.client.get(path, follow_redirects=True).status_code == 200
    moved = served.client.get(PREFIX)
    assert moved.status_code == 307
    assert moved.headers["location"].endswith(f"{PREFIX}/")
    for path in ("/reperex/healthz", f"{PREFIX}x", f"{PREFIX}{PREFIX}/healthz"):
        assert served.client.get(path).status_code == 404


@pytest.mark.model
def test_a_removed_person_s_cookie_is_removed_where_it_was_set(served: Served) -> None:
    with httpx.Client(base_url=f"{served.url}{PREFIX}/", timeout=60) as browser:
        browser.post("v1/ask", json={"question": REFERENCE, "course": "docker"})
        assert "repere_person" in browser.cookies
        assert browser.delete("v1/me").status_code == 204
        assert "repere_person" not in browser.cookies


def seen(trusted: str, headers: dict[str, str]) -> tuple[str, str]:
    """Client address and scheme as an application sees them behind `_server`."""
    app = FastAPI()

    @app.get("/")
    def tell(request: Request) -> list[Any]:
        return [request.client.host if request.client else "", request.url.scheme]

    with listening(app, new_server(app, Settings(trusted_proxies=trusted))) as url:
        host, scheme = httpx.get(url, headers=headers).json()
        return host, scheme


@pytest.mark.parametrize(
    ("trusted", "forwarded", "expected"),
    [
        ("", "192.0.2.7", ("127.0.0.1", "http")),
        ("192.0.2.1", "192.0.2.7", ("127.0.0.1", "http")),
        ("127.0.0.1", "192.0.2.7", ("192.0.2.7", "https")),
        ("10.0.0.0/8, 127.0.0.0/8", "1.2.3.4, 192.0.2.7, 10.1.2.3", ("192.0.2.7", "https")),
        ("*", "1.2.3.4, 192.0.2.7", ("1.2.3.4", "https")),
        ("127.0.0.1", "2001:db8::7", ("2001:db8::7", "https")),
    ],
)
def test_only_trusted_proxies_are_believed(trusted: str, forwarded: str, expected: tuple[str, str]) -> None:
    assert seen(trusted, {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}) == expected


def test_an_address_is_trusted_in_both_forms() -> None:
    assert Settings(trusted_proxies="10.0.0.0/8, ::1").proxies == ["10.0.0.0/8", "::1/128", "::ffff:10.0.0.0/104"]
    assert Settings().proxies == []


@pytest.mark.parametrize("trusted", ["x", "10.0.0.1/8", "1.2.3", "*, 10.0.0.1", "10.0.0.1 10.0.0.2", "proxy.example"])
def test_a_proxy_that_is_no_address_is_refused(trusted: str) -> None:
    with pytest.raises(ValidationError):
        Settings(trusted_proxies=trusted)


@pytest.mark.parametrize("path", ["repere", "//x", "/a//b", "/..", "/a/../b", "/a b", "/é", "/a?b", "/v1", "/static/x"])
def test_a_path_that_cannot_be_is_refused(path: str) -> None:
    with pytest.raises(ValidationError):
        Settings(root_path=path)


@pytest.mark.parametrize(("path", "kept"), [("", ""), ("/", ""), ("/repere/", "/repere"), ("/a/b.c", "/a/b.c")])
def test_a_path_ends_without_a_slash(path: str, kept: str) -> None:
    assert Settings(root_path=path).root_path == kept
    assert Settings(root_path=path).address() == f"http://localhost:8000{kept}"
