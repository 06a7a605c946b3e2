"""Public keys of others: fetched from a server that is slow, down, wrong or has new keys, and never too often."""

import base64
import gzip
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from threading import Event

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from reperage.service.access import jwks as module
from reperage.service.access.jwks import JwksCache, JwksUnavailable, UnknownKey, check_address
from tests.service.loopback import Answerer, answering, with_body


def public(kid: str | None, private: object, **more: object) -> dict:
    """A public key as it stands in a set."""
    kind = {
        rsa.RSAPrivateKey: jwt.algorithms.RSAAlgorithm,
        ec.EllipticCurvePrivateKey: jwt.algorithms.ECAlgorithm,
        ed25519.Ed25519PrivateKey: jwt.algorithms.OKPAlgorithm,
    }
    [algorithm] = [found for of, found in kind.items() if isinstance(private, of)]
    written = json.loads(algorithm.to_jwk(private.public_key()))
    written.pop("key_ops", None)
    return written | ({} if kid is None else {"kid": kid}) | more


def set_of(*keys: object) -> bytes:
    return json.dumps({"keys": keys}).encode()


ELLIPTIC, EDWARDS = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()


@pytest.fixture
def server() -> Iterator[Answerer]:
    with answering(with_body(set_of(public("a", ELLIPTIC)))) as opened:
        yield opened


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WAIT_SECONDS", 0.5)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_key_is_fetched_once_and_kept(server: Answerer) -> None:
    sets = JwksCache()
    for _ in range(5):
        key = sets.key(server.url(), "a")
    assert key.key.public_numbers() == ELLIPTIC.public_key().public_numbers()
    assert [request.method for request in server.received] == ["GET"]


def test_threads_share_one_fetch(server: Answerer) -> None:
    go = Event()

    def wait(handler: BaseHTTPRequestHandler) -> None:
        go.wait(5)
        with_body(set_of(public("a", ELLIPTIC)))(handler)

    server.answer = wait
    sets = JwksCache()
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(sets.key, server.url(), "a") for _ in range(16)]
        time.sleep(0.2)
        go.set()
        assert all(one.result().key_id == "a" for one in asked)
    assert len(server.received) == 1


def test_a_new_key_is_found_at_once_and_made_up_names_do_not_hammer_the_server(server: Answerer) -> None:
    sets = JwksCache()
    assert sets.key(server.url(), "a")
    server.answer = with_body(set_of(public("b", EDWARDS)))
    assert sets.key(server.url(), "b").algorithm_name == "EdDSA"
    with pytest.raises(UnknownKey):  # The old one is withdrawn.
        sets.key(server.url(), "a")
    for i in range(50):
        with pytest.raises(UnknownKey, match="no key named"):
            sets.key(server.url(), f"made up {i}")
    assert len(server.received) == 2


def test_a_key_that_came_later_is_found_after_the_pause(server: Answerer, monkeypatch: pytest.MonkeyPatch) -> None:
    sets = JwksCache()
    for name in ("x", "y"):
        with pytest.raises(UnknownKey):
            sets.key(server.url(), name)
    server.answer = with_body(set_of(public("b", EDWARDS)))
    with pytest.raises(UnknownKey):
        sets.key(server.url(), "b")
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.0)
    assert sets.key(server.url(), "b")
    assert len(server.received) == 3


def test_while_the_server_is_down_the_keys_of_the_last_day_are_good(
    server: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = JwksCache()
    assert sets.key(server.url(), "a")
    server.answer = with_body(b"down", 500)
    monkeypatch.setattr(module, "_FRESH_SECONDS", 0.0)
    for _ in range(5):
        assert sets.key(server.url(), "a")
    until(lambda: len(server.received) == 2)
    until(lambda: sets._sets[server.url()].fetching is None)
    for _ in range(5):
        assert sets.key(server.url(), "a")
    assert len(server.received) == 2  # It is not asked again with every token.
    with pytest.raises(JwksUnavailable, match="answers 500"):  # It may be a new one.
        sets.key(server.url(), "b")
    monkeypatch.setattr(module, "_KEPT_SECONDS", 0.0)
    with pytest.raises(JwksUnavailable, match="answers 500"):
        sets.key(server.url(), "a")
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(module, "_KEPT_SECONDS", 10.0)
    server.answer = with_body(set_of(public("a", ELLIPTIC)))
    assert sets.key(server.url(), "a")


@pytest.mark.usefixtures("quick")
def test_a_server_that_hangs_holds_up_no_name_that_is_known(server: Answerer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(module, "_FRESH_SECONDS", 0.0)
    sets = JwksCache()
    assert sets.key(server.url(), "a")
    server.answer = say_nothing
    for overlap in (600.0, 0.0):
        begun = time.monotonic()
        for _ in range(20):
            assert sets.cached_key(server.url(), "a")
            assert sets.key(server.url(), "a")
        assert time.monotonic() - begun < 0.2
        # However old it is from here on, as that failed.
        monkeypatch.setattr(module, "_OVERLAP_SECONDS", overlap)
        with pytest.raises(JwksUnavailable):
            sets.key(server.url(), "new")
    assert sets.cached_key(server.url(), "a")
    monkeypatch.setattr(module, "_KEPT_SECONDS", 0.0)
    assert sets.cached_key(server.url(), "a") is None


def test_a_set_that_is_due_is_fetched_beside_and_an_old_one_is_waited_for(
    server: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FRESH_SECONDS", 0.0)
    sets = JwksCache()
    assert sets.key(server.url(), "a")
    server.answer = with_body(set_of(public("b", EDWARDS)))
    assert sets.cached_key(server.url(), "a")
    until(lambda: sets.cached_key(server.url(), "a") is None)
    assert sets.cached_key(server.url(), "b")
    until(lambda: sets._sets[server.url()].fetching is None)
    server.answer = with_body(set_of(public("c", ELLIPTIC)))
    monkeypatch.setattr(module, "_OVERLAP_SECONDS", 0.0)
    with pytest.raises(UnknownKey):  # Withdrawn while nobody asked.
        sets.key(server.url(), "b")


def test_what_never_could_be_fetched_is_unavailable_and_not_tried_with_every_token(server: Answerer) -> None:
    sets = JwksCache()
    server.answer = with_body(b"", 503)
    for _ in range(5):
        with pytest.raises(JwksUnavailable, match="answers 503"):
            sets.key(server.url(), "a")
    assert len(server.received) == 1
    with pytest.raises(JwksUnavailable, match="cannot be reached"):
        sets.key("http://127.0.0.1:9/keys", "a")


def drip_body(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while True:
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


def say_nothing(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(1.5)


def chunks(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n")
    while True:
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("slow", [drip_body, drip_headers, say_nothing, chunks])
def test_a_server_that_dawdles_holds_nobody(server: Answerer, slow: object) -> None:
    server.answer = slow
    sets, begun = JwksCache(), time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        for one in [pool.submit(sets.key, server.url(), "a") for _ in range(4)]:
            with pytest.raises(JwksUnavailable, match="more than"):
                one.result()
    assert time.monotonic() - begun < 1.5
    begun = time.monotonic()
    with pytest.raises(JwksUnavailable):
        sets.key(server.url(), "a")
    assert time.monotonic() - begun < 0.1
    assert len(server.received) == 1


def test_a_server_that_sends_megabytes_is_cut_off(server: Answerer) -> None:
    sent = 0

    def flood(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.end_headers()
        for _ in range(500):
            handler.wfile.write(b" " * 100_000)
            sent += 100_000

    server.answer = flood
    with pytest.raises(JwksUnavailable, match="more than 256,000 bytes"):
        JwksCache().key(server.url(), "a")
    time.sleep(0.3)
    assert sent < 20_000_000  # What the system's buffers took.
    server.answer = with_body(gzip.compress(b" " * 5_000_000), Content_Encoding="gzip")
    with pytest.raises(JwksUnavailable, match="more than 256,000 bytes"):
        JwksCache().key(server.url(), "a")


def test_nobody_is_followed_elsewhere(server: Answerer) -> None:
    with answering(with_body(set_of(public("a", ELLIPTIC)))) as other:
        for status in (301, 302, 307, 308):
            server.answer = with_body(b"", status, Location=other.url())
            with pytest.raises(JwksUnavailable, match=f"answers {status}"):
                JwksCache().key(server.url(), "a")
    assert not other.received


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"keys": {}}', b"\xff", b"[" * 200_000, b"<html>", b'{"keys": null}'],
)
def test_what_is_no_set_of_keys_is_told(server: Answerer, body: bytes) -> None:
    server.answer = with_body(body)
    with pytest.raises(JwksUnavailable, match=r"no JSON|no set of keys"):
        JwksCache().key(server.url(), "a")


def test_a_key_that_proves_nothing_is_not_given_out(server: Answerer) -> None:
    secret = base64.urlsafe_b64encode(b"s" * 32).decode().rstrip("=")
    short = rsa.generate_private_key(65537, 1024)
    open_to_all = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(ELLIPTIC)) | {"kid": "private"}
    server.answer = with_body(
        set_of(
            {"kty": "oct", "k": secret, "kid": "oct"},
            {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "tiny", "alg": "HS256"},
            public("enc", ELLIPTIC, use="enc"),
            public("short", short),
            open_to_all,
            {"kty": "EC", "crv": "P-256", "x": "!", "y": 3, "kid": "broken"},
            {"kty": ["EC"], "kid": "odd"},
            {"kty": "EC", "kid": 5},
            {"kty": "OKP", "crv": "X25519", "x": "AA", "kid": "agreement"},
            public(None, ELLIPTIC),
            public("odd alg", ELLIPTIC, alg=["ES256"]),
            public("no alg", ELLIPTIC, alg="none"),
            None,
            "a",
            7,
            public("good", ELLIPTIC, use="sig"),
        )
    )
    sets = JwksCache()
    for kid in (
        "oct",
        "tiny",
        "enc",
        "short",
        "private",
        "broken",
        "odd",
        "agreement",
        "odd alg",
        "no alg",
        "",
        "None",
    ):
        with pytest.raises(UnknownKey):
            sets.key(server.url(), kid)
    assert sets.key(server.url(), "good")


@pytest.mark.parametrize(
    "url",
    [
        "http://lms.example/keys",
        "http://10.0.0.1/keys",
        "ftp://lms.example/keys",
        "file:///etc/passwd",
        "https:///keys",
        "https://user:pass@lms.example/keys",
        "http://lms.example\\@127.0.0.1/keys",
        "https://lms.example:0/keys",
        "https://lms.example:99999/keys",
        "https://lms.example/ke ys",
        "https://[::1/keys",
        "",
    ],
)
def test_keys_come_by_https_or_from_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        check_address(url)
    with pytest.raises(JwksUnavailable) as told:
        JwksCache().key(url, "a")
    assert str(error.value) in str(told.value)
    for good in ("https://lms.example/keys?x=1", "http://127.0.0.1:80/keys", "http://localhost/k", "http://[::1]:8/k"):
        check_address(good)


def test_the_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(with_body(set_of(public("a", ELLIPTIC)))) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url())
        monkeypatch.setenv("no_proxy", "")
        assert JwksCache().key("http://localhost:1/keys", "a")
        assert proxy.received[0].path == "http://localhost:1/keys"
