"""Who may do what: every route declares it, and every kind of credential is tried on each."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from time import time

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import HttpUrl, SecretStr
from starlette.routing import BaseRoute, Mount, Route

from reperage.index.encoder import Encoder
from reperage.service import mcp
from reperage.service.access.api_keys import new_key
from reperage.service.access.lms_user_tokens import HEADER as USER_TOKEN
from reperage.service.access.signed_tokens import LaunchSession, LaunchTokens, SessionTokens
from reperage.service.caller import Role
from reperage.service.database.engine import Database
from reperage.service.database.keys import store_key
from reperage.service.database.lti import Context, Platform, add_platform, map_context
from reperage.service.database.sites import add_site
from reperage.service.http.requirements import Needs, open_to_all
from reperage.service.services import Services
from reperage.service.settings import Settings
from tests.service.serving import REFERENCE, Served, assert_problem, copy_home, listening, loading, serving
from tests.service.test_mcp import INITIALIZE

pytestmark = pytest.mark.model

SITE = "https://cours.example"
MOUNTS = {"/widget", "/static"}
"""Files that anybody may load."""
OWN_ROUTES = {"/openapi.json"}
"""FastAPI's own, which declare nothing: a description without anybody's data."""

OPEN = {
    *(("GET", path) for path in ("/healthz", "/readyz", "/demo", "/widget.js", "/docs")),
    ("POST", "/v1/session"),  # Looks at the origin itself.
    ("POST", "/slack/events"),  # Looks at Slack's signature itself.
    ("GET", "/slack/install"),
    ("GET", "/slack/oauth_redirect"),
    *(("GET", path) for path in ("/lti/jwks", "/lti/canvas.json")),  # What is public of us.
    ("GET", "/lti/{platform_id}/{view}"),  # A shell without anybody's data.
    ("GET", "/lti/login"),  # Begins what a signature ends.
    ("POST", "/lti/login"),
    ("GET", "/lti/cookie"),  # Says whether the cookie that it is sent has come.
    *(("POST", path) for path in ("/lti/launch", "/lti/finish")),  # Look at the platform's signature themselves.
    ("GET", "/lti/register"),  # Looks at the invitation itself.
    ("POST", "/lti/deep-link"),  # Looks at the session in its fields itself.
    ("GET", "/v1/lti/session"),  # Looks at the session itself, which may have ended.
    ("PUT", "/v1/lti/context"),  # Takes nothing but a teacher's launch.
}
"""Whoever adds a route here says why nobody need be asked."""

LAUNCHED: tuple[Role, ...] = ("student", "teacher")
UNLAUNCHED = (
    {"platform_id": "gone"},
    {"deployment_id": "2"},
    {"launched_at": int(time()) - 9 * 3600},
)
"""What makes a launch one that opens nothing: its platform or deployment is not registered, or it was long ago."""

EXAMPLES = {
    "platform_id": "nobody-s",
    "view": "gaps",
    "course": "docker",
    "document_id": "introduction-docker",
    "conversation_id": "nobody-s",
    "answer_id": "nobody-s",
    "job_id": "nobody-s",
}
BODIES = {
    "/v1/lti/context": {"course": "docker"},
    "/v1/ask": {"question": REFERENCE, "course": "docker"},
    "/v1/ask/batch": {"questions": [{"question": REFERENCE, "course": "docker"}]},
    "/v1/session": {"course": "docker"},
    "/v1/chat/completions": {"model": "docker", "messages": [{"role": "user", "content": REFERENCE}]},
    "/v1/answers/{answer_id}/feedback": {"rating": "up"},
}


PLATFORM = Platform(
    "platform",
    "https://lms.example",
    "repere",
    "",
    "https://lms.example/auth",
    "https://lms.example/keys",
    None,
    frozenset({"1"}),
    (),
    frozenset(),
    0,
)
CONTEXT = Context("platform", "1", "course")


def launched(role: Role, **changed: object) -> str:
    """The token of a launch in the course, signed as the service signs."""
    session = LaunchSession("lms-person", role, "platform", "1", "course", "", "", int(time()))
    return LaunchTokens(["k" * 16]).new(replace(session, **changed))


@pytest.fixture(scope="module")
def keys() -> dict[str, tuple]:
    """A key of each role for the course, and those that open nothing."""
    return {
        "student": new_key("", "student", frozenset({"docker"}), None),
        "teacher": new_key("", "teacher", frozenset({"docker"}), None),
        "administrator": new_key("", "administrator", None, None),
        "another course": new_key("", "teacher", frozenset({"other"}), None),
        "ended": new_key("", "administrator", None, 1),
        "unknown": new_key("", "administrator", None, None),
    }


@pytest.fixture(scope="module")
def served(home: Path, encoder: Encoder, keys: dict, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with keys, a site, and Slack; nobody is let in for being on this machine."""
    own = copy_home(home, tmp_path_factory.mktemp("access"))
    database = Database(f"sqlite:///{own / 'repere.sqlite3'}")
    database.migrate()
    for name, (key, _) in keys.items():
        if name != "unknown":
            store_key(database, key)
    add_site(database, SITE, ["docker"])
    add_platform(database, PLATFORM)
    map_context(database, CONTEXT, "docker", 0)
    database.close()
    settings = Settings(
        home=own,
        secret_key=SecretStr("k" * 16),
        slack_signing_secret=SecretStr("s" * 32),
        slack_client_id="1.2",
        slack_client_secret=SecretStr("s" * 32),
        rate_per_key="100000/hour",
    )
    with serving(settings, encoder) as opened:
        yield opened


def needs(route: APIRoute) -> list[object]:
    return [
        dependency.call
        for dependency in route.dependant.dependencies
        if isinstance(dependency.call, Needs) or dependency.call is open_to_all
    ]


def all_routes(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """Those of included routers too, which stand as one in the application's list."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from all_routes(included.routes)


def routes(served: Served) -> list[tuple[str, APIRoute]]:
    found = [route for route in all_routes(served.app.routes) if isinstance(route, APIRoute)]
    assert len(found) > 20
    return [(method, route) for route in found for method in sorted(route.methods)]


def test_every_route_declares_what_it_needs(served: Served) -> None:
    for route in all_routes(served.app.routes):
        if isinstance(route, Mount):
            assert route.path in MOUNTS
        elif isinstance(route, APIRoute):
            assert len(needs(route)) == 1, f"{route.path} declares nothing, or more than one thing"
        else:
            assert isinstance(route, Route)
            assert route.path in OWN_ROUTES
    declared = {(method, route.path) for method, route in routes(served) if needs(route) == [open_to_all]}
    assert declared == OPEN


def call(client: httpx.Client, method: str, route: APIRoute, **headers: str) -> httpx.Response:
    path = re.sub(r"\{(\w+)\}", lambda name: EXAMPLES[name.group(1)], route.path)
    params = {"q": "port", "course": "docker"} if route.path == "/v1/search" else None
    return client.request(method, path, params=params, json=BODIES.get(route.path), headers=headers)


def bearer(keys: dict, name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {keys[name][1]}"}


def test_every_route_with_every_kind_of_credential(served: Served, keys: dict) -> None:
    ranks = ["student", "teacher", "administrator"]
    with httpx.Client(base_url=served.url, timeout=60) as page:
        session = page.post("/v1/session", json={"course": "docker"}, headers={"Origin": SITE}).json()["token"]
    for method, route in routes(served):
        declared = needs(route)[0]
        with httpx.Client(base_url=served.url, timeout=60) as client:
            nothing = call(client, method, route)
            wrong = [call(client, method, route, **bearer(keys, name)) for name in ("ended", "unknown")]
            wrong.append(call(client, method, route, Authorization="Bearer rs_forged"))
            # A key that stands for no LMS.
            wrong.append(call(client, method, route, **bearer(keys, "administrator"), **{USER_TOKEN: "x.y.z"}))
            wrong.append(call(client, method, route, Authorization=f"Bearer {session}"))  # Not from its page.
            elsewhere = call(client, method, route, **bearer(keys, "another course"))
            let_in = {name: call(client, method, route, **bearer(keys, name)) for name in ranks}
            launches = {
                role: call(client, method, route, Authorization=f"Bearer {launched(role)}") for role in LAUNCHED
            }
            for changed in UNLAUNCHED:
                token = launched("teacher", **changed)
                wrong.append(call(client, method, route, Authorization=f"Bearer {token}"))
            site = call(client, method, route, Origin=SITE, Authorization=f"Bearer {session}")
        where = f"{method} {route.path}"
        if not isinstance(declared, Needs):
            # It looks for itself, and has found nothing that lets it do anything.
            harmless = {401} if route.path.startswith("/v1/lti/") else {200, 302, 400, 401, 403}
            assert {response.status_code for response in (nothing, *wrong)} <= harmless, where
            continue
        for response in (nothing, *wrong):
            assert response.status_code == 401, where
            assert response.json()["status"] == 401, where
            assert response.headers["www-authenticate"] == "Bearer", where
        if "{course}" in route.path:
            assert elsewhere.status_code == 404, where
        least = ranks.index(declared.least)
        for rank, name in enumerate(ranks):
            assert (let_in[name].status_code == 403) is (rank < least), f"{where} {name}"
            assert let_in[name].status_code not in (401, 500), f"{where} {name}"
        for role, response in launches.items():
            assert (response.status_code == 403) is (ranks.index(role) < least), f"{where} {role} of an LMS"
            assert response.status_code not in (401, 500), f"{where} {role} of an LMS"
        assert (site.status_code == 403) is (least > 0), where
        assert site.status_code != 401, where


def test_mcp_with_every_kind_of_credential(served: Served, keys: dict, encoder: Encoder) -> None:
    settings = served.app.state.services.settings
    with httpx.Client(base_url=served.url, timeout=60) as page:
        session = page.post("/v1/session", json={"course": "docker"}, headers={"Origin": SITE}).json()["token"]
    forged = (
        "rk_forged",
        "rs_forged",
        "rl_forged",
        session,
        *(launched("teacher", **changed) for changed in UNLAUNCHED),
    )
    wrong = [{}, *(bearer(keys, name) for name in ("ended", "unknown"))]
    wrong += [{"Authorization": f"Bearer {token}"} for token in forged]
    wrong.append({**bearer(keys, "student"), USER_TOKEN: "x.y.z"})
    right = [bearer(keys, name) for name in ("student", "teacher", "administrator", "another course")]
    right += [{"Authorization": f"Bearer {launched(role)}"} for role in LAUNCHED]
    accept = {"Accept": "application/json, text/event-stream"}
    with loading(encoder), listening(mcp.http_app(Services(settings, keeps_turns=False), settings.address())) as url:
        for headers, status in [*((w, 401) for w in wrong), *((r, 200) for r in right)]:
            answered = httpx.post(f"{url}{mcp.PATH}", json=INITIALIZE, headers=accept | headers, timeout=60)
            assert answered.status_code == status, headers


def test_without_a_key_this_machine_alone_may_ask(home: Path, encoder: Encoder, tmp_path: Path) -> None:
    with serving(Settings(home=copy_home(home, tmp_path)), encoder) as open_here:
        client, body = open_here.client, {"question": REFERENCE, "course": "docker"}
        assert client.post("/v1/ask", json=body).status_code == 200
        assert client.get("/metrics").status_code == 200
        for headers in (
            {"Host": "repere.example"},
            {"X-Forwarded-For": "127.0.0.1"},
            {"Forwarded": "for=127.0.0.1"},
            {"Via": "1.1 proxy"},
            {"Host": "127.0.0.1.evil.example"},
            {"Host": "[::1"},
        ):
            assert_problem(client.post("/v1/ask", json=body, headers=headers), 401)
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
            assert_problem(client.post("/v1/ask", json=body, headers=headers), 403)
        page = client.get("/", headers={"Host": "repere.example", "Accept": "text/html"})
        assert page.status_code == 401
        assert "Il faut une autorisation" in page.text
        # The first key closes it.
        store_key(open_here.app.state.services.conversations.database, new_key("", "student", None, None)[0])
        open_here.app.state.services.registry._read_at = float("-inf")
        assert_problem(client.post("/v1/ask", json=body), 401)


def test_our_own_pages_ask_as_a_registered_site(home: Path, encoder: Encoder, tmp_path: Path, keys: dict) -> None:
    own = copy_home(home, tmp_path)
    database = Database(f"sqlite:///{own / 'repere.sqlite3'}")
    database.migrate()
    store_key(database, keys["administrator"][0])
    add_site(database, "https://repere.example", ["docker"])
    database.close()
    settings = Settings(home=own, public_url=HttpUrl("https://repere.example"), trusted_proxies="127.0.0.1")
    with serving(settings, encoder) as public:
        forwarded = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "Host": "repere.example"}
        with httpx.Client(base_url=public.url, timeout=60, headers=forwarded) as client:
            assert client.get("/courses/docker").status_code == 200
            begun = client.post("/v1/session", json={"course": "docker"}, headers={"Origin": "https://repere.example"})
            headers = {"Origin": "https://repere.example", "Authorization": f"Bearer {begun.json()['token']}"}
            answer = client.post("/v1/ask", json={"question": REFERENCE, "course": "docker"}, headers=headers).json()
            assert answer["status"] == "answered"
            # What everybody may read needs no right in its address.
            [place] = {citation["url"].partition("?")[0] for citation in answer["citations"]}
            assert place == "https://repere.example/courses/docker/documents/introduction-docker"
            assert not any("grant=" in citation["url"] for citation in answer["citations"])
            assert client.get("/courses/docker/documents/introduction-docker").status_code == 200
            assert_problem(client.get("/metrics"), 403)


def test_a_citation_opens_for_whoever_has_it_and_nothing_else_does(served: Served, keys: dict) -> None:
    body = {"question": REFERENCE, "course": "docker"}
    answer = served.client.post("/v1/ask", json=body, headers=bearer(keys, "student")).json()
    urls = [citation["url"] for citation in answer["citations"]]
    with httpx.Client(timeout=60) as browser:
        for url in urls:
            page = browser.get(url)
            assert page.status_code == 200
            assert '<mark class="quote">' in page.text
        address = httpx.URL(urls[0])
        without = address.copy_remove_param("grant")
        assert browser.get(without).status_code == 401
        token = address.params["grant"]
        for wrong in (token[:-9] + ("a" if token[-9] != "a" else "b") + token[-8:], "", token[::-1], "x" * 5000):
            assert browser.get(without.copy_set_param("grant", wrong)).status_code == 401
        # Of another version, another document, or for anything but reading it.
        assert browser.get(address.copy_set_param("version", "sha256:" + "0" * 64)).status_code == 401
        assert browser.get(f"{served.url}/v1/courses/docker/documents?grant={token}").status_code == 401
        assert browser.get(f"{served.url}/courses/docker?grant={token}").status_code == 401


@pytest.mark.usefixtures("short_end")
def test_a_machine_whose_database_is_gone_may_ask_itself(home: Path, encoder: Encoder, tmp_path: Path) -> None:
    settings = Settings(
        home=copy_home(home, tmp_path), database_url=SecretStr("postgresql://nobody:secret@127.0.0.1:9/none")
    )
    with serving(settings, encoder) as alone:
        assert alone.ask(REFERENCE)["status"] == "answered"
        assert_problem(alone.client.get("/metrics"), 403)
        assert_problem(alone.client.get("/v1/courses", headers={"Host": "repere.example"}), 503)
        assert "grant=" not in alone.client.get("/v1/courses/docker/documents").text
        own = alone.client.post("/v1/session", json={"course": "docker"}, headers={"Origin": alone.url}).json()
        assert own["course"]["url"] == f"{alone.url}/courses/docker"
        assert alone.client.get("/docs", headers={"Host": "repere.example"}).status_code == 200


def test_where_no_site_was_ever_read_none_is_taken_for_registered_or_not(
    home: Path, encoder: Encoder, tmp_path: Path
) -> None:
    settings = Settings(
        home=copy_home(home, tmp_path),
        secret_key=SecretStr("k" * 16),
        database_url=SecretStr("postgresql://nobody:secret@127.0.0.1:9/none"),
    )
    token = SessionTokens(["k" * 16]).new("anne", SITE)
    headers = {"Origin": SITE, "Authorization": f"Bearer {token}"}
    with serving(settings, encoder) as alone:
        # The pages of documents are no part of the API, whose sites are looked up before anything else.
        for path in ("/v1/courses", "/courses/docker"):
            response = alone.client.get(path, headers=headers)
            assert_problem(response, 503)
            assert "access-control-allow-origin" not in response.headers


def test_the_first_start_on_another_address_makes_a_key_and_shows_it_once(
    repere, environment: dict[str, str], forked_program: str, tmp_path: Path
) -> None:
    import subprocess

    for first in (True, False):
        with subprocess.Popen(
            [forked_program, "serve", "--host", "0.0.0.0", "--port", "0"],
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            said = []
            for line in process.stderr:
                said.append(line)
                if "is ready" in line:
                    break
            url = re.search(r"http://\S+", said[-1]).group()
            found = re.search(r"^rk_\S+$", "".join(said), re.M)
            assert bool(found) is first
            if found:
                written = found.group()
            headers = {"Authorization": f"Bearer {written}"}
            assert httpx.get(f"{url}v1/courses").status_code == 401
            assert httpx.get(f"{url}v1/courses", headers=headers).status_code == 200
            process.terminate()
            process.communicate(timeout=60)
    assert "administrator of all courses (made at the first start)" in repere("keys", "list").stdout
