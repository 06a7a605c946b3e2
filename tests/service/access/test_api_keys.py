"""Keys of the API: made once, shown once, and what each opens."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from reperage.index.encoder import Encoder
from reperage.service.access import registry as module
from reperage.service.access.api_keys import check, expiry, new_key, split_key
from reperage.service.database.engine import Database
from reperage.service.database.keys import Key, all_keys, note_uses, revoke_key, store_key
from reperage.service.errors import InvalidKey, StartError
from reperage.service.settings import Settings
from tests.service.serving import REFERENCE, Served, assert_problem, build_course, copy_home, serving

NOTES = "# Le port\n\n## Exposé\n\nUn port exposé est ouvert sur la machine. Il a un numéro.\n"


def test_a_key_opens_what_it_says_and_is_kept_as_a_digest_alone() -> None:
    key, written = new_key("Moodle", "teacher", frozenset({"docker"}), None)
    key_id, secret = split_key(written)
    assert key_id == key.id
    assert secret not in repr(key)
    assert check(key, secret) is key
    for other in (secret[:-1] + ("a" if secret[-1] != "a" else "b"), "", "é" * 43):
        with pytest.raises(InvalidKey):
            check(key, other)
    with pytest.raises(InvalidKey):
        check(None, secret)


@pytest.mark.parametrize("text", ["", "rk_", "rk_x_y", "rk_0123456789_short", "rk_0123456789_" + "a" * 44, "sk-abc"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidKey):
        split_key(text)


def test_an_end_is_a_duration_or_a_day_that_counts() -> None:
    day = 86_400_000
    now = time.time() * 1000
    for text, days in (("30d", 30), ("12w", 84), ("6m", 180), ("1y", 365), (" 1 D ", 1)):
        assert abs(expiry(text) - now - days * day) < 5000
    assert expiry("2099-12-31") == 4_102_444_800_000  # The last instant of that day, in UTC.
    for text in (
        "",
        "30",
        "d",
        "2020-01-01",
        "31/12/2099",
        "0d",
        "-3d",
        "99999d",
        "9999y",
        "9999-12-31",
        "2099-07-31T10:00",
    ):
        with pytest.raises(StartError):
            expiry(text)


def test_keys_are_kept_used_and_revoked(database: Database) -> None:
    database.migrate()
    first, second = (new_key(name, "student", courses, None)[0] for name, courses in (("a", None), ("b", frozenset())))
    for key in (first, second):
        store_key(database, key)
    assert sorted(all_keys(database), key=lambda key: key.name) == [first, second]
    note_uses(database, {first.id: 5})
    assert revoke_key(database, second.id, 7)
    assert not revoke_key(database, second.id, 8)
    assert not revoke_key(database, "nothing", 8)
    kept = {key.id: key for key in all_keys(database)}
    assert kept[first.id].used_at == 5
    assert kept[second.id].revoked_at == 7
    assert kept[first.id].is_good(0)
    assert not kept[second.id].is_good(0)
    assert not Key("x", "", "", "student", None, 0, expires_at=10).is_good(10)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def used_at(database: Database, key: Key) -> int | None:
    [kept] = [one for one in all_keys(database) if one.id == key.id]
    return kept.used_at


@pytest.fixture(scope="module")
def served(home: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with the courses `docker` and `cours`; a key may ask five questions an hour."""
    own = copy_home(home, tmp_path_factory.mktemp("keys"))
    folder = tmp_path_factory.mktemp("cours") / "cours"
    folder.mkdir()
    (folder / "port.md").write_text(NOTES)
    build_course(own, folder, encoder)
    with serving(Settings(home=own, rate_per_key="5/hour", secret_key=SecretStr("k" * 16)), encoder) as opened:
        opened.app.state.services.conversations.database.migrate()
        yield opened


def made(served: Served, *courses: str, **more: object) -> tuple[Key, dict[str, str]]:
    """A new key that the server knows already, and the header that it is sent in."""
    key, written = new_key("", "student", frozenset(courses) if courses else None, None)
    key = Key(**{name: getattr(key, name) for name in Key.__slots__} | more)
    store_key(served.app.state.services.conversations.database, key)
    served.app.state.services.registry._read_at = float("-inf")
    return key, {"Authorization": f"Bearer {written}"}


@pytest.mark.model
def test_a_key_asks_its_courses_and_no_other(served: Served) -> None:
    _, headers = made(served, "docker")
    answer = served.client.post("/v1/ask", json={"question": REFERENCE}, headers=headers)
    assert answer.json()["course"] == "docker"
    assert "set-cookie" not in answer.headers
    assert answer.headers["ratelimit"].startswith('"key";r=4;')
    body = {"question": "Qu'est-ce qu'un port exposé ?", "course": "cours"}
    assert_problem(served.client.post("/v1/ask", json=body, headers=headers), 404)
    listed = served.client.get("/v1/courses", headers=headers).json()["courses"]
    assert [course["id"] for course in listed] == ["docker"]
    assert_problem(served.client.get("/v1/courses/cours/documents", headers=headers), 404)
    _, everywhere = made(served)
    assert served.client.post("/v1/ask", json=body, headers=everywhere).json()["status"] == "answered"


@pytest.mark.model
def test_what_opens_nothing_is_refused_everywhere(served: Served) -> None:
    _, good = made(served)
    _, ended = made(served, expires_at=1)
    key, revoked = made(served)
    revoke_key(served.app.state.services.conversations.database, key.id, 1)
    token = good["Authorization"]
    forged = {"Authorization": token[:-1] + ("a" if token[-1] != "a" else "b")}
    for headers in (ended, revoked, forged, {"Authorization": "Bearer rk_"}, {"Authorization": "bearer rk_é".encode()}):
        for response in (
            served.client.post("/v1/ask", json={"question": REFERENCE, "course": "docker"}, headers=headers),
            served.client.get("/v1/courses", headers=headers),
        ):
            assert_problem(response, 401)
            assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.model
def test_a_running_server_sees_a_key_revoked_and_tells_when_it_was_used(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FRESH_SECONDS", 0.05)
    key, headers = made(served)
    assert served.client.get("/v1/courses", headers=headers).status_code == 200
    database = served.app.state.services.conversations.database
    revoke_key(database, key.id, 1)
    time.sleep(0.1)
    assert_problem(served.client.get("/v1/courses", headers=headers), 401)
    until(lambda: used_at(database, key) is not None)
    assert abs((used_at(database, key) or 0) - time.time() * 1000) < 60_000


@pytest.mark.model
def test_a_key_is_limited_whatever_address_it_is_used_from(served: Served) -> None:
    _, headers = made(served)
    batch = {"questions": [{"question": REFERENCE, "course": "docker"}] * 3}
    assert served.client.post("/v1/ask/batch", json=batch, headers=headers).status_code == 200
    refused = served.client.post("/v1/ask/batch", json=batch, headers=headers)
    assert_problem(refused, 429)
    assert int(refused.headers["retry-after"]) > 3000
    # Refused whole: two are left.
    assert served.client.get("/v1/search", params={"q": "port", "course": "docker"}, headers=headers).status_code == 200
    _, other = made(served)
    assert served.client.get("/v1/search", params={"q": "port", "course": "docker"}, headers=other).status_code == 200


@pytest.mark.model
def test_a_page_of_another_site_may_not_use_a_key(served: Served) -> None:
    _, headers = made(served)
    response = served.client.get("/v1/courses", headers=headers | {"Origin": "https://nobody.example"})
    assert_problem(response, 403)


@pytest.mark.model
def test_a_batch_answers_each_question_by_itself(served: Served) -> None:
    _, headers = made(served)
    questions = [
        {"question": REFERENCE, "course": "docker"},
        {"question": "?", "course": "docker"},
        {"question": "Qu'est-ce qu'un port exposé ?", "course": "cours"},
        {"question": REFERENCE, "course": "nulle-part"},
    ]
    results = served.client.post("/v1/ask/batch", json={"questions": questions}, headers=headers).json()["results"]
    assert [result["answer"] and result["answer"]["course"] for result in results] == ["docker", None, "cours", None]
    assert [result["problem"] and result["problem"]["status"] for result in results] == [None, 422, None, 404]
    assert results[0]["answer"]["citations"][0]["quote"]
    for wrong in ({"questions": []}, {"questions": questions * 26}, {}, []):
        assert_problem(served.client.post("/v1/ask/batch", json=wrong, headers=headers), 422)


@pytest.mark.model
def test_a_document_that_one_has_is_not_sent_again(served: Served) -> None:
    _, headers = made(served)
    for path in ("", "/introduction-docker", "/introduction-docker/section"):
        place = f"/v1/courses/docker/documents{path}"
        first = served.client.get(place, headers=headers)
        etag = first.headers["etag"]
        for condition in (etag, f"W/{etag}", f'"x", {etag}', "*"):
            same = served.client.get(place, headers=headers | {"If-None-Match": condition})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
        other = served.client.get(place, headers=headers | {"If-None-Match": '"x"'})
        # The right to read that an address holds says when it was given out.
        one, same = (re.sub(rb"grant=[^\"&]+", b"", response.content) for response in (first, other))
        assert (other.status_code, one) == (200, same)


def test_keys_are_made_listed_and_revoked(repere, tmp_path: Path) -> None:
    done = repere("keys", "create", "--role", "teacher", "--course", "docker", "--expires", "30d", "--name", "Moodle")
    assert done.returncode == 0, done.stderr
    written = done.stdout.strip()
    assert "\n" not in written
    key_id, secret = split_key(written)
    assert "It is not shown again" in done.stderr
    assert secret.encode() not in (tmp_path / "home" / "repere.sqlite3").read_bytes()

    [listed] = json.loads(repere("keys", "list", "--json").stdout)["keys"]
    assert listed.items() >= {"id": key_id, "name": "Moodle", "role": "teacher", "courses": ["docker"]}.items()
    assert listed["revoked_at"] is None
    assert f"{key_id}: teacher of docker, until 20" in repere("keys", "list").stdout

    assert repere("keys", "revoke", written).returncode == 0
    again = repere("keys", "revoke", key_id)
    assert again.returncode == 1
    assert "keys list" in again.stderr
    assert ", revoked 20" in repere("keys", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--role", "pupil"), "student, teacher, administrator"),
        (("--course", "Nulle part"), "'nulle-part' would do"),
        (("--course", ""), "there can be no course"),
        (("--expires", "9999y"), "write 30d"),
        (("--expires", "soon"), "write 30d"),
        (("--expires", "2020-01-01"), "in the past"),
    ],
)
def test_what_cannot_be_made_is_told(repere, arguments: tuple[str, ...], told: str) -> None:
    done = repere("keys", "create", *arguments)
    assert done.returncode == 1
    assert told in done.stderr
    assert done.stdout == ""


def test_a_key_for_a_course_that_it_is_to_make_is_made_and_warned_of(repere) -> None:
    done = repere("keys", "create", "--role", "teacher", "--course", "reseaux", "--course", "docker")
    assert done.returncode == 0, done.stderr
    assert "there is no course 'reseaux' yet; there are: docker" in done.stderr
    assert "no course 'docker'" not in done.stderr
    [listed] = json.loads(repere("keys", "list", "--json").stdout)["keys"]
    assert listed["courses"] == ["docker", "reseaux"]
