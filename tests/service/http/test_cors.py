"""Pages of other sites: which may ask, with which tokens, and what everybody else gets."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from reperage.index.encoder import Encoder
from reperage.service.access import registry as module
from reperage.service.access.signed_tokens import SESSION_SECONDS, PersonTokens, SessionTokens
from reperage.service.database.engine import Database
from reperage.service.database.sites import add_site, registered_sites, remove_site
from reperage.service.settings import Settings
from tests.service.events import STREAM, events
from tests.service.serving import REFERENCE, Served, assert_problem, build_course, serving

pytestmark = pytest.mark.model

SITE, OTHER = "https://cours.example", "https://autre.example"
KEY = "k" * 16
NOTES = "# Le port\n\n## Exposé\n\nUn port exposé est ouvert sur la machine. Il a un numéro.\n"


@pytest.fixture(scope="module")
def served(home: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with two courses and two sites: one has `docker`, the other `cours`."""
    own = Path(shutil.copytree(home, tmp_path_factory.mktemp("sites") / "home"))
    folder = tmp_path_factory.mktemp("cours") / "cours"
    folder.mkdir()
    (folder / "port.md").write_text(NOTES)
    build_course(own, folder, encoder)
    database = Database(f"sqlite:///{own / 'repere.sqlite3'}")
    database.migrate()
    add_site(database, SITE, ["docker", "nulle-part"])
    add_site(database, OTHER, ["cours"])
    for own_origin in ("https://public.example", "http://public.example"):
        add_site(database, own_origin, ["docker"])
    database.close()
    with serving(Settings(home=own, secret_key=SecretStr(KEY)), encoder) as opened:
        yield opened


@pytest.fixture
def page(served: Served) -> Iterator[httpx.Client]:
    """A page of the site, in a browser that was never here."""
    with httpx.Client(base_url=served.url, timeout=60, headers={"Origin": SITE}) as client:
        yield client


def begin(page: httpx.Client, course: str = "docker", **headers: str) -> dict:
    response = page.post("/v1/session", json={"course": course}, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def ask(page: httpx.Client, token: str, **fields: object) -> httpx.Response:
    return page.post("/v1/ask", json={"question": REFERENCE, "course": "docker"} | fields, headers=bearer(token))


# Sessions


def test_a_session_shows_its_course_and_asks_without_a_cookie(page: httpx.Client) -> None:
    response = page.post("/v1/session", json={"course": "docker"})
    begun = response.json()
    assert begun["expires_in"] == SESSION_SECONDS
    assert begun["token"].startswith("rs_")
    assert begun["course"].keys() == {"id", "title", "language", "suggestions", "url"}
    assert (begun["course"]["id"], begun["course"]["language"]) == ("docker", "fr")
    assert response.headers["cache-control"] == "no-store"
    answer = ask(page, begun["token"])
    assert answer.json()["status"] == "answered"
    assert not page.cookies
    for given in (response, answer):
        assert given.headers["access-control-allow-origin"] == SITE
        assert "Origin" in given.headers["vary"]
        assert "access-control-allow-credentials" not in given.headers
        assert {"Retry-After", "RateLimit"} <= set(given.headers["access-control-expose-headers"].split(", "))
    assert answer.headers["ratelimit"].startswith('"session";r=19;')


def test_an_answer_is_streamed_to_a_page(page: httpx.Client) -> None:
    headers = bearer(begin(page)["token"]) | STREAM
    with page.stream("POST", "/v1/ask", json={"question": REFERENCE, "course": "docker"}, headers=headers) as response:
        assert response.headers["access-control-allow-origin"] == SITE
        names = [name for name, _ in events(response)]
    assert names[0] == "status"
    assert names[-1] == "done"


def test_a_conversation_is_the_token_s_person_s(served: Served, page: httpx.Client) -> None:
    token, stranger = begin(page)["token"], begin(page)["token"]
    name = ask(page, token).json()["conversation_id"]
    place = f"/v1/conversations/{name}"
    assert len(page.get(place, headers=bearer(token)).json()["turns"]) == 1
    assert_problem(page.get(place, headers=bearer(stranger)), 404)
    assert_problem(page.delete(place, headers=bearer(stranger)), 404)
    assert page.delete(place, headers=bearer(token)).status_code == 204
    name = ask(page, token).json()["conversation_id"]
    forgotten = page.delete("/v1/me", headers=bearer(token))
    assert forgotten.status_code == 204
    assert "set-cookie" not in forgotten.headers
    assert_problem(page.get(f"/v1/conversations/{name}", headers=bearer(token)), 404)


def test_a_page_tells_what_one_thinks_and_asks_once(page: httpx.Client) -> None:
    token, stranger = begin(page)["token"], begin(page)["token"]
    body = {"question": REFERENCE, "course": "docker"}
    asked = [page.post("/v1/ask", json=body, headers=bearer(token) | {"Idempotency-Key": "1"}) for _ in range(2)]
    assert asked[0].json() == asked[1].json()
    place = f"/v1/answers/{asked[0].json()['id']}/feedback"
    assert page.post(place, json={"rating": "up"}, headers=bearer(token)).status_code == 204
    assert_problem(page.post(place, json={"rating": "up"}, headers=bearer(stranger)), 404)
    assert_problem(page.post(place, json={"rating": "up"}), 401)
    assert not page.cookies


def test_a_token_is_renewed_for_the_same_person_even_some_days_after_its_end(
    page: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = begin(page)["token"]
    name = ask(page, token).json()["conversation_id"]
    place, now = f"/v1/conversations/{name}", time.time()

    def in_days(days: float) -> None:
        monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + days * 86_400)

    in_days(6.9)
    assert_problem(page.get(place, headers=bearer(token)), 401)
    renewed = begin(page, **bearer(token))["token"]
    assert page.get(place, headers=bearer(renewed)).status_code == 200
    in_days(7.1)
    assert_problem(page.get(place, headers=bearer(begin(page, **bearer(token))["token"])), 404)


def test_only_a_token_of_the_same_origin_is_renewed(served: Served, page: httpx.Client) -> None:
    token = begin(page)["token"]
    name = ask(page, token).json()["conversation_id"]
    place = f"/v1/conversations/{name}"
    own = begin(page, **bearer(token) | {"Origin": served.url})["token"]
    assert_problem(served.client.get(place, headers=bearer(own)), 404)
    for garbage in ("Bearer rs_x", "Bearer none", "Bearer", "Basic x", "Bearer rs_" + "x" * 5000):
        assert begin(page, Authorization=garbage)["token"] != token


def test_tokens_that_are_not_good_are_refused(served: Served, page: httpx.Client) -> None:
    token = begin(page)["token"]
    foreign_key = SessionTokens(["another key of some length"]).new("anne", SITE)
    other_site = SessionTokens([KEY]).new("anne", OTHER)
    own_page = SessionTokens([KEY]).new("anne", "")
    browser = "rs_" + PersonTokens([KEY]).new()[1]
    for bad in (token[:-1], token + "x", foreign_key, other_site, own_page, browser, "rs_", "rs_é\xff", "none"):
        headers = {b"Authorization": f"Bearer {bad}".encode()}
        for response in (
            page.post("/v1/ask", json={"question": REFERENCE, "course": "docker"}, headers=headers),
            page.get("/v1/courses", headers=headers),
        ):
            assert_problem(response, 401)
            assert response.headers["www-authenticate"] == "Bearer"
            assert response.headers["access-control-allow-origin"] == SITE
    for headers in ({}, bearer(token) | {"Origin": OTHER}):
        assert_problem(page.get("/v1/courses", headers=headers), 401)
    # Nor where no page asks, or one of ours.
    for headers in (bearer(token), bearer(token) | {"Origin": served.url}, bearer(foreign_key)):
        assert_problem(httpx.get(f"{served.url}/v1/courses", headers=headers), 401)


def test_a_cookie_gives_pages_of_other_sites_no_right(served: Served, page: httpx.Client) -> None:
    served.ask(REFERENCE, course="docker")
    page.cookies.update(served.client.cookies)
    assert_problem(page.post("/v1/ask", json={"question": REFERENCE, "course": "docker"}), 401)
    assert_problem(page.delete("/v1/me"), 401)


def test_keys_of_other_apis_are_left_aside(served: Served) -> None:
    for headers in (bearer("none"), bearer("sk-1234"), bearer("none") | {"Origin": served.url}):
        response = httpx.post(
            f"{served.url}/v1/ask", json={"question": REFERENCE, "course": "docker"}, headers=headers, timeout=60
        )
        assert response.status_code == 200
        assert "set-cookie" in response.headers


# Courses


def test_other_courses_are_as_if_there_were_none(page: httpx.Client) -> None:
    token = begin(page)["token"]
    headers = bearer(token)
    chat = {"model": "cours", "messages": [{"role": "user", "content": REFERENCE}]}
    for response in (
        ask(page, token, course="cours"),
        page.post("/v1/ask", json={"question": REFERENCE, "course": "cours"}, headers=headers | STREAM),
        page.get("/v1/search?q=port&course=cours", headers=headers),
        page.get("/v1/courses/cours/documents", headers=headers),
        page.get("/v1/courses/cours/documents/port", headers=headers),
        page.get("/v1/courses/cours/documents/port/section", headers=headers),
        page.get("/v1/models/cours", headers=headers),
        page.post("/v1/chat/completions", json=chat, headers=headers),
    ):
        body = response.json()
        assert response.status_code == 404, response.request.url
        assert body["detail"] == "There is no course 'cours'; there are: docker."
    assert [c["id"] for c in page.get("/v1/courses", headers=headers).json()["courses"]] == ["docker"]
    assert [m["id"] for m in page.get("/v1/models", headers=headers).json()["data"]] == ["docker"]
    assert ask(page, token, course=None).json()["course"] == "docker"
    assert page.get("/v1/search?q=port", headers=headers).json()["course"] == "docker"
    assert page.get("/v1/courses/docker/documents", headers=headers).status_code == 200


def test_a_session_is_for_a_course_of_the_site(page: httpx.Client, served: Served) -> None:
    for course, status in (("cours", 403), ("", 403), ("../x", 403), ("x\0", 403), ("nulle-part", 404)):
        told = assert_problem(page.post("/v1/session", json={"course": course}), status)
        assert "there are: cours" not in told["detail"]
    for body in ({}, {"course": None}, {"course": ["docker"]}, []):
        assert_problem(page.post("/v1/session", json=body), 422)
    assert_problem(page.post("/v1/session", json={"course": "ailleurs"}, headers={"Origin": served.url}), 404)


def test_our_own_pages_ask_every_course(served: Served) -> None:
    for headers in ({"Origin": served.url}, {"Sec-Fetch-Site": "same-origin"}):
        token = begin(served.client, **headers)["token"]
        for course in ("docker", "cours"):
            for given in (headers, {}):  # A browser leaves the origin out of what our own page reads.
                place = f"/v1/courses/{course}/documents"
                assert served.client.get(place, headers=bearer(token) | given).status_code == 200


def test_a_session_names_the_page_of_a_course_that_everybody_may_open(served: Served, page: httpx.Client) -> None:
    assert begin(page)["course"]["url"] is None
    assert begin(served.client, Origin=served.url)["course"]["url"] == f"{served.url}/courses/docker"
    public = {"Origin": "http://public.example", "Host": "public.example"}
    found = begin(served.client, **public)["course"]["url"]
    assert found == "http://public.example/courses/docker"
    assert served.client.get("/courses/docker", headers={"Host": "public.example"}).status_code == 200
    assert served.client.get("/courses/docker", headers={"Host": "elsewhere.example"}).status_code == 401


def test_our_own_page_is_known_behind_a_proxy_that_hides_the_scheme(served: Served) -> None:
    public = {"Origin": "https://public.example", "Host": "public.example"}
    body = {"question": REFERENCE, "course": "docker"}
    assert_problem(served.client.post("/v1/ask", json=body, headers=public), 401)
    same = public | {"Sec-Fetch-Site": "same-origin"}
    assert served.client.post("/v1/ask", json=body, headers=same).status_code == 200
    # As most proxies write the host.
    with_port = {"Origin": "http://public.example", "Host": "public.example:80"}
    assert served.client.post("/v1/ask", json=body, headers=with_port).status_code == 200


def test_our_own_page_is_known_by_the_public_address(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=served.app.state.services.settings.home, public_url="https://Public.example:443/repere")
    monkeypatch.setattr(served.app.state.services, "settings", settings)
    body = {"question": REFERENCE, "course": "docker"}
    for origin, status in (("https://public.example", 200), ("http://public.example:81", 403)):
        assert served.client.post("/v1/ask", json=body, headers={"Origin": origin}).status_code == status


# Other origins


@pytest.mark.parametrize(
    "origin",
    [
        *("https://nobody.example", "null", "", "*", "http://cours.example", "https://cours.example:8443"),
        *("https://cours.example.evil.example", "https://xcours.example", "https://cours.example/", "file://"),
        *("HTTPS://COURS.EXAMPLE", f"{SITE}, {SITE}", "x" * 5000, "\xff"),
    ],
)
def test_pages_of_other_sites_get_nothing(served: Served, page: httpx.Client, origin: str) -> None:
    token = begin(page)["token"]
    headers = {b"Origin": origin.encode(), b"Authorization": f"Bearer {token}".encode()}
    body = {"question": REFERENCE, "course": "docker"}
    with httpx.Client(base_url=served.url, timeout=60) as client:
        for response in (
            client.post("/v1/ask", json=body, headers=headers),
            client.post("/v1/ask", content=b"x" * 2_000_000, headers=headers),
            client.get("/v1/courses", headers=headers),
            client.delete("/v1/me", headers=headers),
            client.get("/v1/nothing", headers=headers),
            client.request("OPTIONS", "/v1/ask", headers=headers),
        ):
            assert_problem(response, 403)
            assert "access-control-allow-origin" not in response.headers
            assert "set-cookie" not in response.headers
        preflight = {b"Access-Control-Request-Method": b"POST"} | headers
        response = client.request("OPTIONS", "/v1/ask", headers=preflight)
        assert response.status_code == 400
        assert "access-control-allow-origin" not in response.headers
        # That there is no session for it may be read, so that the page can say it.
        assert client.request("OPTIONS", "/v1/session", headers=preflight).status_code == 200
        response = client.post("/v1/session", json=body, headers=headers)
        assert_problem(response, 403)
        assert "repere sites add" in response.json()["detail"]
        assert response.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in response.headers
        assert "set-cookie" not in response.headers


def test_a_sandboxed_frame_of_ours_is_foreign(served: Served) -> None:
    headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    assert_problem(served.client.post("/v1/session", json={"course": "docker"}, headers=headers), 403)
    assert_problem(served.client.post("/v1/session", json={"course": "docker"}), 403)


def test_pages_of_other_sites_may_see_that_we_live(served: Served, page: httpx.Client) -> None:
    for path in ("/healthz", "/openapi.json", "/demo"):
        response = page.get(path)
        assert response.status_code == 200
        assert "access-control-allow-origin" not in response.headers


def test_a_browser_may_ask_beforehand(page: httpx.Client) -> None:
    def preflight(method: str, headers: str) -> httpx.Response:
        asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
        return page.request("OPTIONS", "/v1/ask", headers=asked)

    for method in ("GET", "POST", "DELETE"):
        response = preflight(method, "authorization, content-type, idempotency-key, accept")
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == SITE
        assert response.headers["access-control-max-age"] == "600"
        assert "access-control-allow-credentials" not in response.headers
    assert preflight("PUT", "accept").status_code == 400
    assert preflight("POST", "x-other").status_code == 400


def test_what_fails_can_be_read_by_the_page(page: httpx.Client, served: Served, monkeypatch) -> None:
    token = begin(page)["token"]
    headers = bearer(token)
    large = page.post("/v1/ask", content=b"a" * 1_000_001, headers=headers | {"Content-Type": "application/json"})
    failing = [ask(page, token, question="?"), ask(page, token, course=1), page.get("/v1/x", headers=headers), large]
    assert [response.status_code for response in failing] == [422, 422, 404, 413]

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(served.app.state.services.assistant.conversations, "add", broken)
    failing.append(ask(page, token))
    assert failing[-1].status_code == 500
    for response in failing:
        assert_problem(response, response.status_code)
        assert response.headers["access-control-allow-origin"] == SITE


def test_static_files_may_be_loaded_by_any_page(served: Served) -> None:
    for origin in ("https://nobody.example", "null", served.url):
        response = served.client.get("/static/shared/tokens.css", headers={"Origin": origin})
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == "*"
        assert response.headers["cross-origin-resource-policy"] == "cross-origin"
        assert response.headers["cache-control"] == "no-cache"
        again = served.client.get("/static/shared/tokens.css", headers={"If-None-Match": response.headers["etag"]})
        assert again.status_code == 304
        assert again.headers["access-control-allow-origin"] == "*"


# The register


def test_a_running_server_sees_what_changes(served: Served, page: httpx.Client, monkeypatch) -> None:
    monkeypatch.setattr(module, "_FRESH_SECONDS", 0.05)
    new = {"Origin": "https://nouveau.example"}
    assert_problem(page.post("/v1/session", json={"course": "docker"}, headers=new), 403)
    database = served.app.state.services.conversations.database
    add_site(database, new["Origin"], ["docker"])
    time.sleep(0.1)
    token = begin(page, **new)["token"]
    assert page.get("/v1/courses", headers=new | bearer(token)).json()["courses"][0]["id"] == "docker"
    add_site(database, new["Origin"], ["cours"])
    time.sleep(0.1)
    assert len(page.get("/v1/courses", headers=new | bearer(token)).json()["courses"]) == 2
    assert remove_site(database, new["Origin"])
    time.sleep(0.1)
    assert_problem(page.get("/v1/courses", headers=new | bearer(token)), 403)


def test_without_the_database_the_last_known_sites_stay(served: Served, page: httpx.Client, monkeypatch) -> None:
    begin(page)
    monkeypatch.setattr(module, "_FRESH_SECONDS", 0.05)
    monkeypatch.setattr(module, "_WAIT_SECONDS", 0.2)
    register = served.app.state.services.registry
    for database in (Database("postgresql://nobody@127.0.0.1:9/none"), _Hanging()):
        monkeypatch.setattr(register, "_database", database)
        for _ in range(3):
            time.sleep(0.1)
            before = time.monotonic()
            begin(page)
            assert time.monotonic() - before < 5
        assert_problem(page.get("/v1/courses", headers={"Origin": "https://nobody.example"}), 403)
    time.sleep(1.1)


class _Hanging(Database):
    def __init__(self) -> None:
        super().__init__("sqlite://")

    def reading(self):
        time.sleep(1)
        return super().reading()


def test_where_no_site_was_ever_read_a_page_is_told_to_come_again(own_home: Path, encoder: Encoder) -> None:
    settings = Settings(home=own_home, database_url=SecretStr("postgresql://nobody:secret@127.0.0.1:9/none"))
    with serving(settings, encoder) as served:
        response = served.client.post("/v1/session", json={"course": "docker"}, headers={"Origin": SITE})
        assert_problem(response, 503)
        assert "retry-after" in response.headers
        assert "secret" not in response.text
        own = {"Origin": served.url}
        assert served.client.post("/v1/session", json={"course": "docker"}, headers=own).status_code == 200


def test_a_burst_is_answered_up_to_its_share(own_home: Path, encoder: Encoder) -> None:
    settings = Settings(home=own_home, rate_per_session="4/minute", rate_per_address="12/minute")
    with serving(settings, encoder) as served:
        own = {"Origin": served.url}

        def question(token: str) -> httpx.Response:
            return served.client.post("/v1/ask", json={"question": REFERENCE}, headers=own | bearer(token))

        anne, bruno = (begin(served.client, **own)["token"] for _ in range(2))
        renewed = begin(served.client, **own | bearer(anne))["token"]
        assert [question(anne).status_code for _ in range(4)] == [200] * 4
        for token in (anne, renewed):
            refused = question(token)
            assert_problem(refused, 429)
            assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert [question(bruno).status_code for _ in range(5)] == [200] * 4 + [429]
        # Two sessions, a renewal and eight questions.
        begin(served.client, **own)
        assert_problem(served.client.post("/v1/session", json={"course": "docker"}, headers=own), 429)
        chat = {"model": "docker", "messages": [{"role": "user", "content": REFERENCE}]}
        for response in (
            served.client.get("/v1/search?q=port", headers=bearer(anne)),
            served.client.post("/v1/chat/completions", json=chat, headers=bearer(anne)),
        ):
            assert response.status_code == 429
        # Whoever asks without a session is not counted.
        for _ in range(6):
            served.ask(REFERENCE)


# The command line


def test_sites_are_added_listed_and_removed(repere, own_home: Path) -> None:
    def run(*arguments: str) -> str:
        done = repere("sites", *arguments, REPERE_HOME=own_home)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert json.loads(run("list", "--json")) == {"sites": []}
    assert (own_home / "repere.sqlite3").stat().st_mode & 0o777 == 0o600
    run("add", "HTTPS://École.example:443/", "--course", "docker")
    run("add", "https://école.example", "-c", "docker", "--course", "docker")
    assert run("list") == "https://xn--cole-9oa.example: docker\n"
    assert json.loads(run("list", "--json")) == {
        "sites": [{"origin": "https://xn--cole-9oa.example", "courses": ["docker"]}]
    }
    run("remove", "https://école.example")
    assert run("list") == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "https://a.example", "--course", "nulle-part"), "there are: docker"),
        (("add", "https://a.example", "--course", ""), "there are: docker"),
        (("add", "https://a.example/moodle", "--course", "docker"), "is no origin"),
        (("add", "*", "--course", "docker"), "is no origin"),
        (("remove", "https://a.example"), "repere sites list"),
    ],
)
def test_what_cannot_be_registered_is_told(repere, own_home: Path, arguments: tuple[str, ...], told: str) -> None:
    done = repere("sites", *arguments, REPERE_HOME=own_home)
    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert json.loads(repere("sites", "list", "--json", REPERE_HOME=own_home).stdout) == {"sites": []}


def test_a_site_needs_a_course_and_a_database(repere, own_home: Path) -> None:
    assert repere("sites", "add", "https://a.example", REPERE_HOME=own_home).returncode == 2
    url = "postgresql://nobody:hunter2@127.0.0.1:9/none"
    done = repere("sites", "list", REPERE_HOME=own_home, REPERE_DATABASE_URL=url)
    assert done.returncode == 1
    assert "127.0.0.1" in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr


def test_the_register_is_the_same_in_both_databases(database: Database) -> None:
    database.migrate()
    add_site(database, SITE, ["docker"])
    add_site(database, SITE, ["docker", "nsi", "docker"])
    add_site(database, OTHER, ["nsi"])
    assert registered_sites(database) == {OTHER: {"nsi"}, SITE: {"docker", "nsi"}}
    assert remove_site(database, SITE)
    assert not remove_site(database, SITE)
    assert registered_sites(database) == {OTHER: {"nsi"}}
