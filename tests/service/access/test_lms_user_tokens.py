"""Users of an LMS: the tokens that its server signs for them, and everything that is none."""

import base64
import json
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from pydantic import SecretStr

from reperage.index.encoder import Encoder
from reperage.service.access.api_keys import for_users, new_key
from reperage.service.access.encryption import Encryption
from reperage.service.access.lms_user_tokens import PURPOSE
from reperage.service.access.pseudonyms import lms_person
from reperage.service.caller import Role
from reperage.service.database.engine import Database
from reperage.service.database.keys import all_keys, store_key
from reperage.service.settings import Settings
from tests.service.access.test_jwks import drip_body, public, set_of
from tests.service.loopback import Answerer, answering, with_body
from tests.service.serving import REFERENCE, Served, assert_problem, build_course, copy_home, serving

ISSUER = "https://moodle.example"
SECRET_KEY = "k" * 16
RSA, OTHER = (rsa.generate_private_key(65537, 2048) for _ in range(2))
ELLIPTIC, EDWARDS = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
ALL_KEYS = set_of(public("rsa", RSA), public("ec", ELLIPTIC), public("ed", EDWARDS))


@pytest.fixture(scope="module")
def lms() -> Iterator[Answerer]:
    """The LMS's public keys."""
    with answering(with_body(ALL_KEYS)) as opened:
        yield opened


@pytest.fixture(scope="module")
def served(home: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with the courses `docker` and `cours`."""
    own = copy_home(home, tmp_path_factory.mktemp("users"))
    folder = tmp_path_factory.mktemp("material") / "cours"
    folder.mkdir()
    (folder / "port.md").write_text("# Le port\n\n## Exposé\n\nUn port exposé est ouvert sur la machine.\n")
    build_course(own, folder, encoder)
    with serving(Settings(home=own, secret_key=SecretStr(SECRET_KEY), rate_per_session="5/hour"), encoder) as opened:
        opened.app.state.services.conversations.database.migrate()
        yield opened


def made(
    served: Served,
    *courses: str,
    jwks: str | None = None,
    role: Role = "student",
    issuer: str | None = ISSUER,
    users_only: bool = False,
) -> tuple[dict[str, str], str]:
    """The header of a new key that the server knows already, and its signing secret."""
    key, written = new_key("", role, frozenset(courses) if courses else None, None)
    secret = ""
    if issuer:
        key, secret = for_users(key, issuer, jwks, users_only, None if jwks else Encryption([SECRET_KEY], PURPOSE))
    store_key(served.app.state.services.conversations.database, key)
    served.app.state.services.registry._read_at = float("-inf")
    return {"Authorization": f"Bearer {written}"}, secret


def claims(**given: object) -> dict:
    """What a good token says; `None` leaves a claim out."""
    now = int(time.time())
    good = {"iss": ISSUER, "aud": "repere", "sub": "u1", "course": "docker", "iat": now, "exp": now + 300}
    return {name: value for name, value in (good | given).items() if value is not None}


def ask(served: Served, headers: dict[str, str], token: str | bytes, **fields: object) -> httpx.Response:
    body = {"question": REFERENCE, "course": "docker"} | fields
    return served.client.post("/v1/ask", json=body, headers=headers | {"Repere-User": token})


def me(served: Served, headers: dict[str, str], token: str | bytes) -> httpx.Response:
    return served.client.get("/v1/me", headers=headers | {"Repere-User": token})


def test_one_person_is_one_however_they_come_and_no_two_are() -> None:
    assert lms_person("a", "b") == lms_person("a", "b")
    assert len({lms_person(*pair) for pair in (("a/b", "c"), ("a", "b/c"), ("ab", "c"), ("a", "bc"))}) == 4
    assert len(lms_person("é" * 500, "x")) == len("lms-") + 32


@pytest.mark.model
@pytest.mark.parametrize(
    ("kid", "private", "algorithm"),
    [("rsa", RSA, "RS256"), ("rsa", RSA, "PS256"), ("ec", ELLIPTIC, "ES256"), ("ed", EDWARDS, "EdDSA")],
)
def test_a_user_of_a_set_of_keys_is_let_in(
    served: Served, lms: Answerer, kid: str, private: object, algorithm: str
) -> None:
    headers, _ = made(served, jwks=lms.url())
    token = jwt.encode(claims(), private, algorithm, headers={"kid": kid})
    response = me(served, headers, token)
    assert response.status_code == 200, response.text
    assert response.json()["person"] == lms_person(ISSUER, "u1")


@pytest.mark.model
def test_users_of_one_key_have_their_own_conversations_and_are_confined_to_their_course(served: Served) -> None:
    headers, secret = made(served)
    tokens = {name: jwt.encode(claims(sub=name), secret, "HS256") for name in ("anne", "bruno")}
    answer = ask(served, headers, tokens["anne"])
    assert answer.json()["status"] == "answered"
    assert "set-cookie" not in answer.headers
    place = f"/v1/conversations/{answer.json()['conversation_id']}"
    assert served.client.get(place, headers=headers | {"Repere-User": tokens["anne"]}).status_code == 200
    assert_problem(served.client.get(place, headers=headers | {"Repere-User": tokens["bruno"]}), 404)
    assert_problem(served.client.get(place, headers=headers), 404)  # The key itself is yet another.
    assert_problem(ask(served, headers, tokens["anne"], course="cours"), 404)
    mine = served.client.get("/v1/courses", headers=headers | {"Repere-User": tokens["anne"]}).json()["courses"]
    assert [course["id"] for course in mine] == ["docker"]
    # Without a course in the question, it is that of the page.
    body = {"question": "Qu'est-ce qu'un port exposé ?"}
    elsewhere = jwt.encode(claims(course="cours"), secret, "HS256")
    found = served.client.post("/v1/ask", json=body, headers=headers | {"Repere-User": elsewhere}).json()
    assert found["course"] == "cours"


@pytest.mark.model
def test_a_course_that_the_key_does_not_open_is_refused(served: Served) -> None:
    headers, secret = made(served, "docker")
    assert_problem(ask(served, headers, jwt.encode(claims(course="cours"), secret, "HS256"), course="cours"), 403)
    everywhere, other = made(served)
    assert_problem(ask(served, everywhere, jwt.encode(claims(course="nulle-part"), other, "HS256")), 404)
    nowhere = {"question": REFERENCE, "course": "nulle-part"}
    assert_problem(ask(served, everywhere, jwt.encode(claims(course="nulle-part"), other, "HS256"), **nowhere), 404)


@pytest.mark.model
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"exp": 1_000_000_000, "iat": 999_999_900}, "has ended"),
        ({"exp": 4_000_000_000}, "an hour"),
        ({"iat": 4_000_000_000, "exp": 4_000_000_300}, "not good yet"),
        ({"nbf": 4_000_000_000}, "not good yet"),
        ({"aud": "moodle"}, "`aud` is `repere`"),
        ({"aud": ["a", "b"]}, "`aud` is `repere`"),
        ({"iss": "https://evil.example"}, "`iss` is not"),
        *(({name: None}, f"lacks `{name}`") for name in ("iss", "aud", "sub", "iat", "exp")),
        ({"course": None}, "`course` is missing"),
        ({"course": ["docker"]}, "`course` is missing"),
        ({"course": ""}, "`course` is missing"),
        ({"sub": ""}, "`sub` is missing"),
        ({"sub": "x" * 256}, "`sub` is missing"),
        ({"sub": "a\0b"}, "`sub` is missing"),
        ({"sub": "\ud800"}, "`sub` is missing"),
        ({"sub": 5}, "no sense"),
        ({"exp": "soon"}, "no sense"),
        ({"exp": float("inf")}, "no sense"),
        ({"iat": float("nan")}, "no sense"),
        ({"exp": [5]}, "no sense"),
        ({"role": "administrator"}, "`role` is"),
        ({"role": "admin"}, "`role` is"),
        ({"role": ["student"]}, "`role` is"),
    ],
)
def test_a_token_that_says_something_else_is_refused_and_told_why(served: Served, given: dict, told: str) -> None:
    headers, secret = made(served)
    token = jwt.api_jws.encode(json.dumps(claims(**given)).encode(), secret, "HS256")
    problem = assert_problem(response := me(served, headers, token), 401)
    assert told in problem["detail"]
    assert response.headers["www-authenticate"] == "Bearer"
    assert token[:20] not in response.text


@pytest.mark.model
def test_clocks_may_differ_by_half_a_minute(served: Served) -> None:
    headers, secret = made(served)
    now = int(time.time())
    for given in ({"iat": now + 20, "exp": now + 320}, {"iat": now - 320, "exp": now - 20}):
        assert me(served, headers, jwt.encode(claims(**given), secret, "HS256")).status_code == 200
    assert me(served, headers, jwt.encode(claims(aud=["x", "repere"]), secret, "HS256")).status_code == 200


@pytest.mark.model
def test_a_forged_token_is_refused(served: Served, lms: Answerer) -> None:
    by_set, _ = made(served, jwks=lms.url())
    by_secret, secret = made(served)
    pem = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    unsigned = jwt.encode(claims(), None, "none", headers={"kid": "rsa"})
    good = jwt.encode(claims(), RSA, "RS256", headers={"kid": "rsa"})
    head, body, signature = good.split(".")
    forged = base64.urlsafe_b64encode(json.dumps(claims(sub="root")).encode()).decode().rstrip("=")
    # The library itself refuses to sign with a public key; whoever attacks does not.
    confused = _hs256({"alg": "HS256", "kid": "rsa"}, claims(), pem)
    for token in (
        unsigned,
        confused,
        jwt.encode(claims(), OTHER, "RS256", headers={"kid": "rsa"}),
        jwt.encode(claims(), RSA, "RS512", headers={"kid": "rsa"}),
        jwt.encode(claims(), RSA, "RS256", headers={"kid": "nobody's"}),
        jwt.encode(claims(), RSA, "RS256", headers={"kid": "ec"}),
        jwt.encode(claims(), RSA, "RS256"),
        f"{head}.{forged}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        "",
        ".",
        "..",
        "a.b.c",
        "é".encode(),
        "x" * 9000,
        _hs256({"alg": ["RS256"], "kid": "rsa"}, claims(), b"x"),
        _hs256({"alg": "RS256", "kid": {"a": 1}}, claims(), b"x"),
        _hs256({"alg": "RS256", "kid": "rsa", "crit": ["exp"]}, claims(), b"x"),
        _hs256([], claims(), b"x"),
    ):
        assert_problem(me(served, by_set, token), 401)
    for token in (
        good,
        unsigned,
        jwt.encode(claims(), secret[:-1] + "!", "HS256"),
        jwt.encode(claims(), secret * 2, "HS512"),
        _hs256({"alg": "HS256"}, claims(), b""),
        _hs256({"alg": "HS256"}, [], secret.encode()),
        _hs256({"alg": "HS256", "b64": False, "crit": ["b64"]}, claims(), secret.encode()),
    ):
        assert_problem(me(served, by_secret, token), 401)
    assert me(served, by_set, good).status_code == 200


def _hs256(header: object, payload: object, secret: bytes) -> str:
    import hashlib
    import hmac

    def written(part: bytes) -> str:
        return base64.urlsafe_b64encode(part).decode().rstrip("=")

    signed = f"{written(json.dumps(header).encode())}.{written(json.dumps(payload).encode())}"
    return f"{signed}.{written(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


@pytest.mark.model
def test_a_role_is_never_above_the_key_s(served: Served) -> None:
    path = "/metrics"
    for role, claimed in (("administrator", "teacher"), ("administrator", "student"), ("student", "teacher")):
        headers, secret = made(served, role=role)
        token = jwt.encode(claims(role=claimed), secret, "HS256")
        problem = assert_problem(served.client.get(path, headers=headers | {"Repere-User": token}), 403)
        assert ("The key is of the role 'student'" in problem["detail"]) == (role == "student")
        assert ask(served, headers, token).status_code in (200, 429)
    headers, _ = made(served, role="administrator")
    assert served.client.get(path, headers=headers).status_code == 200


@pytest.mark.model
def test_a_key_without_an_issuer_takes_no_user_and_nothing_else_does(served: Served) -> None:
    headers, _ = made(served, issuer=None)
    token = jwt.encode(claims(), "s" * 43, "HS256")
    assert "--issuer" in assert_problem(me(served, headers, token), 401)["detail"]
    assert "goes with the key" in assert_problem(me(served, {}, token), 401)["detail"]
    assert "goes with the key" in assert_problem(me(served, {"Authorization": "Bearer rs_x"}, token), 401)["detail"]


@pytest.mark.model
def test_a_key_for_users_only_opens_nothing_by_itself(served: Served) -> None:
    headers, secret = made(served, users_only=True)
    for path in ("/v1/me", "/v1/courses", "/v1/search?q=port&course=docker"):
        assert "Repere-User" in assert_problem(served.client.get(path, headers=headers), 401)["detail"]
    assert me(served, headers, jwt.encode(claims(), secret, "HS256")).status_code == 200
    headers, _ = made(served)
    assert served.client.get("/v1/courses", headers=headers).status_code == 200


@pytest.mark.model
def test_each_user_is_limited_as_a_person_and_the_key_goes_on(served: Served) -> None:
    headers, secret = made(served)
    tokens = [jwt.encode(claims(sub=name), secret, "HS256") for name in ("limited-1", "limited-2")]
    for _ in range(5):
        response = ask(served, headers, tokens[0])
        assert response.status_code == 200
    assert response.headers["ratelimit"].startswith('"session";r=0;')
    assert_problem(ask(served, headers, tokens[0]), 429)
    assert ask(served, headers, tokens[1]).status_code == 200


@pytest.mark.model
def test_new_keys_of_the_lms_are_taken_up_and_its_silence_is_told(served: Served) -> None:
    with answering(with_body(set_of(public("old", OTHER)))) as own:
        headers, _ = made(served, jwks=own.url("/keys"))
        assert me(served, headers, jwt.encode(claims(), OTHER, "RS256", headers={"kid": "old"})).status_code == 200
        own.answer = with_body(ALL_KEYS)
        assert me(served, headers, jwt.encode(claims(), RSA, "RS256", headers={"kid": "rsa"})).status_code == 200
        assert len(own.received) == 2
    headers, _ = made(served, jwks="http://127.0.0.1:9/keys")
    response = me(served, headers, jwt.encode(claims(), RSA, "RS256", headers={"kid": "rsa"}))
    assert_problem(response, 503)
    assert response.headers["retry-after"] == "30"
    with answering(with_body(b" " * 5_000_000)) as own:
        headers, _ = made(served, jwks=own.url())
        assert_problem(me(served, headers, jwt.encode(claims(), RSA, "RS256", headers={"kid": "rsa"})), 503)


@pytest.mark.model
def test_an_lms_that_dawdles_holds_up_nobody_else(
    served: Served, lms: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, _ = made(served, jwks=lms.url())
    token = jwt.encode(claims(), RSA, "RS256", headers={"kid": "rsa"})
    assert me(served, good, token).status_code == 200
    monkeypatch.setattr("reperage.service.access.jwks._WAIT_SECONDS", 1.5)
    with answering(drip_body) as slow:
        headers, _ = made(served, jwks=slow.url())
        begun, statuses, done = time.monotonic(), [], Event()

        def wait() -> None:
            with httpx.Client(base_url=served.url, timeout=30) as client:
                statuses.append(client.get("/v1/me", headers=headers | {"Repere-User": token}).status_code)
            done.set()

        waiting = [Thread(target=wait) for _ in range(12)]
        for thread in waiting:
            thread.start()
        time.sleep(0.3)
        assert me(served, good, token).status_code == 200
        assert time.monotonic() - begun < 1.2
        assert not done.is_set()
        for thread in waiting:
            thread.join()
        assert statuses == [503] * 12
        assert time.monotonic() - begun < 4


@pytest.mark.model
def test_a_secret_whose_key_was_replaced_is_told(served: Served) -> None:
    key, written = new_key("", "student", None, None)
    key, secret = for_users(key, ISSUER, None, False, Encryption(["another key of ours"], PURPOSE))
    store_key(served.app.state.services.conversations.database, key)
    served.app.state.services.registry._read_at = float("-inf")
    response = me(served, {"Authorization": f"Bearer {written}"}, jwt.encode(claims(), secret, "HS256"))
    assert "make another key" in assert_problem(response, 401)["detail"]


@pytest.mark.model
def test_the_description_names_the_credentials(served: Served) -> None:
    description = served.client.get("/openapi.json").json()
    schemes = description["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert (schemes["user"]["in"], schemes["user"]["name"]) == ("header", "Repere-User")
    assert {"bearer": [], "user": []} in description["security"]


def test_keys_for_users_are_kept(database: Database) -> None:
    database.migrate()
    encryption = Encryption([SECRET_KEY], PURPOSE)
    key, _ = new_key("", "student", None, None)
    by_set, _ = for_users(key, ISSUER, "https://moodle.example/keys", True, None)
    key, _ = new_key("", "student", None, None)
    by_secret, secret = for_users(key, ISSUER, None, False, encryption)
    plain, _ = new_key("", "student", None, None)
    for one in (by_set, by_secret, plain):
        store_key(database, one)
    kept = {one.id: one for one in all_keys(database)}
    assert kept == {one.id: one for one in (by_set, by_secret, plain)}
    assert encryption.decrypt(kept[by_secret.id].signing_secret) == secret
    assert secret not in repr(by_secret)


def test_keys_for_users_are_made_and_listed(repere, tmp_path: Path) -> None:
    done = repere("keys", "create", "--issuer", ISSUER, "--signing-secret", "--users-only")
    assert done.returncode == 0, done.stderr
    written, secret = done.stdout.splitlines()
    assert written.startswith("rk_")
    assert len(secret) >= 43
    assert secret.encode() not in (tmp_path / "home" / "repere.sqlite3").read_bytes()
    done = repere("keys", "create", "--issuer", "moodle", "--jwks", "https://moodle.example/keys")
    assert done.stdout.count("\n") == 1
    listed = repere("keys", "list", "--json").stdout
    assert secret not in listed
    first, second = json.loads(listed)["keys"]
    assert (first["issuer"], first["jwks"], first["users_only"]) == (ISSUER, None, True)
    assert (second["issuer"], second["jwks"], second["users_only"]) == ("moodle", "https://moodle.example/keys", False)
    shown: subprocess.CompletedProcess[str] = repere("keys", "list")
    assert "only for users of https://moodle.example (signed with a secret)" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--jwks", "https://moodle.example/keys"), "go with --issuer"),
        (("--users-only",), "go with --issuer"),
        (("--issuer", "moodle"), "one of them"),
        (("--issuer", "moodle", "--jwks", "https://m.example", "--signing-secret"), "one of them"),
        (("--issuer", "moodle", "--jwks", "http://moodle.example/keys"), "https://"),
        (("--issuer", "moodle", "--jwks", "keys"), "https://"),
        (("--issuer", " ", "--signing-secret"), "--issuer"),
        (("--issuer", "x" * 256, "--signing-secret"), "--issuer"),
    ],
)
def test_a_key_for_users_that_cannot_be_is_told(repere, arguments: tuple[str, ...], told: str) -> None:
    done = repere("keys", "create", *arguments)
    assert done.returncode == 1
    assert told in done.stderr
    assert done.stdout == ""


@pytest.mark.model
def test_the_page_of_the_docs_works_as_it_stands(served: Served, repere) -> None:
    page = (Path(__file__).parents[3] / "docs" / "user-tokens.md").read_text(encoding="utf-8")
    before, example = page.split("```python\n")
    command = shlex.split(before.split("```sh\n")[-1].split("```")[0])
    home = served.app.state.services.settings.home
    done = repere(*command[1:], REPERE_HOME=home, REPERE_SECRET_KEY=SECRET_KEY)
    assert done.returncode == 0, done.stderr
    served.app.state.services.registry._read_at = float("-inf")
    key, secret = done.stdout.split()
    names: dict[str, object] = {"KEY": key, "SECRET": secret, "REPERE": served.url}
    exec(example.split("```")[0], names)
    assert names["answer"]["status"] == "answered"  # type: ignore[index]
    teacher = jwt.encode(names["claims"] | {"role": "teacher"}, secret, "HS256")  # type: ignore[operator]
    headers = {"Authorization": f"Bearer {key}", "Repere-User": teacher}
    assert served.client.get("/v1/courses/docker/gaps", headers=headers).status_code == 200
