"""What is wrong with a request is its sender's to know: the right 4xx, always in the same form, never a 500."""

import json
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reperage.service.assistant import Assistant, Searched
from reperage.service.settings import Settings
from tests.service.serving import PROBLEM_MEMBERS, REFERENCE, Page, Served, assert_problem, serving

pytestmark = pytest.mark.model

JSON = {"Content-Type": "application/json"}
DOCUMENT = "/v1/courses/docker/documents/introduction-docker"


def post(served: Served, content: bytes | Iterator[bytes], headers: dict[str, str] = JSON) -> httpx.Response:
    return served.client.post("/v1/ask", content=content, headers=headers)


def question(text: str) -> bytes:
    return json.dumps({"question": text}).encode()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(question(""), 422, id="empty"),
        pytest.param(question(" \t\n\u00a0\u2003 "), 422, id="blank"),
        pytest.param(question("a"), 422, id="one character"),
        pytest.param(question("?!…«»"), 422, id="punctuation"),
        pytest.param(question("a" * 100_000), 422, id="100,000 characters"),
        pytest.param(question("a" * 2001), 422, id="one character too many"),
        pytest.param(question("un port\0exposé"), 422, id="NUL"),
        pytest.param(question("un port \ud800 exposé"), 422, id="lone surrogate"),
        pytest.param(b'{"question": "un port"', 400, id="cut JSON"),
        pytest.param(b"question=un+port", 400, id="no JSON"),
        pytest.param('{"question": "exposé"}'.encode("latin-1"), 400, id="not UTF-8"),
        pytest.param(b"\xff\xfe\x00", 400, id="bytes"),
        pytest.param(b"[" * 100_000, 400, id="deeply nested"),
        pytest.param(b'{"question": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400, id="deeply nested and closed"),
        pytest.param(b'{"question": ' + b"9" * 10_000 + b"}", 400, id="a number of 10,000 digits"),
        pytest.param(b"", 422, id="no body"),
        pytest.param(b"[]", 422, id="array"),
        pytest.param(b"12", 422, id="number"),
        pytest.param(b"null", 422, id="null"),
        pytest.param(b'"un port"', 422, id="string"),
        pytest.param(b"{}", 422, id="no question"),
        pytest.param(b'{"question": null}', 422, id="null question"),
        pytest.param(b'{"question": 12}', 422, id="number as question"),
        pytest.param(b'{"question": NaN}', 422, id="NaN as question"),
        pytest.param(b'{"question": ["un port"]}', 422, id="array as question"),
        pytest.param(b'{"question": "un port", "course": 1}', 422, id="number as course"),
        pytest.param(b'{"question": "un port", "conversation_id": {}}', 422, id="object as conversation"),
        pytest.param(
            b'{"question": "un port", "conversation_id": "' + b"c" * 65 + b'"}', 422, id="a long conversation's id"
        ),
        pytest.param(b'{"question": "un port", "course": "nulle-part"}', 404, id="unknown course"),
        pytest.param(b'{"question": "un port", "course": ""}', 404, id="course without a name"),
        pytest.param(b'{"question": "un port", "course": "../docker"}', 404, id="path as course"),
        pytest.param(b'{"question": "un port", "course": "docker\\u0000"}', 404, id="NUL in a course"),
        pytest.param(b'{"question": "un port", "course": "' + b"c" * 10_000 + b'"}', 404, id="very long course"),
        pytest.param(b'{"question": "un port", "course": "\\ud800"}', 404, id="lone surrogate as course"),
    ],
)
def test_a_body_that_cannot_be_answered_is_refused(server: Served, content: bytes, status: int):
    assert_problem(post(server, content), status)


def test_a_question_of_the_most_characters_is_answered(server: Served):
    response = post(server, question("port " * 400))
    assert response.status_code == 200


def test_a_form_is_refused(server: Served):
    assert_problem(server.client.post("/v1/ask", data={"question": REFERENCE}), 422)


def test_what_was_sent_is_not_repeated(server: Served):
    body = json.dumps({"question": {"password": "hunter2-hunter2"}, "course": ["hunter2-hunter2"]}).encode()
    response = post(server, body, JSON | {"Authorization": "Bearer hunter2-hunter2"})

    assert_problem(response, 422)
    assert "hunter2" not in response.text


LARGE = 1_000_001


def test_a_body_of_more_than_a_million_bytes_is_refused(server: Served):
    response = post(server, b'{"question": "' + b"a" * LARGE + b'"}')
    assert_problem(response, 413)


def test_a_body_of_more_than_a_million_bytes_in_chunks_is_refused(server: Served):
    response = post(server, (b"a" * 100_000 for _ in range(15)), JSON)
    assert "content-length" not in response.request.headers
    assert_problem(response, 413)


def test_a_body_in_chunks_is_read(server: Served):
    body = question(REFERENCE)
    response = post(server, (body[i : i + 7] for i in range(0, len(body), 7)))
    assert response.json()["status"] == "answered"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/ask", 405),
        ("PUT", "/v1/ask", 405),
        ("POST", DOCUMENT, 405),
        ("POST", "/", 405),
        ("POST", "/static/favicon.svg", 405),
        ("GET", "/v1", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/nothing", 404),
        ("GET", "/%00", 404),
        ("GET", "/%ff%fe", 404),
        ("GET", "/static/nothing.js", 404),
        ("GET", "/static/../service/settings.py", 404),
        ("GET", "/static/%2e%2e/pyproject.toml", 404),
        ("GET", "/static/%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404),
        ("GET", "/v1/search", 422),
        ("GET", "/v1/search?q=", 422),
        ("GET", "/v1/search?q=%00%00ab", 422),
        ("GET", "/v1/search?q=%ff", 422),
        ("GET", "/v1/search?q=port&k=0", 422),
        ("GET", "/v1/search?q=port&k=-1", 422),
        ("GET", "/v1/search?q=port&k=101", 422),
        ("GET", "/v1/search?q=port&k=2.5", 422),
        ("GET", "/v1/search?q=port&k=dix", 422),
        ("GET", "/v1/search?q=port&k=", 422),
        ("GET", "/v1/search?q=port&k=" + "9" * 5000, 422),
        ("GET", "/v1/search?q=port&course=nulle-part", 404),
        ("GET", "/v1/search?q=port&course=%ff", 404),
        ("GET", "/v1/search?q=" + "a" * 3000, 422),
        ("GET", "/v1/courses/nulle-part/documents", 404),
        ("GET", "/v1/courses/%2e%2e/documents", 404),
        ("GET", "/v1/courses/..%2fx/documents", 404),
        ("GET", "/v1/courses/%00/documents", 404),
        ("GET", f"/v1/courses/{'c' * 5000}/documents", 404),
        ("GET", "/v1/courses/docker/documents/nothing", 404),
        ("GET", "/v1/courses/docker/documents/%2e%2e", 404),
        ("GET", "/v1/courses/docker/documents/%ff", 404),
        ("GET", "/v1/courses/nulle-part/documents/introduction-docker", 404),
        ("GET", "/courses/nulle-part/documents/introduction-docker", 404),
        ("GET", "/courses/docker/documents/nothing", 404),
        ("GET", "/courses/docker/documents/introduction-docker?start=x&end=1", 422),
    ],
)
def test_every_failing_address_answers_with_problem_details(server: Served, method: str, path: str, status: int):
    response = server.client.request(method, path)
    assert_problem(response, status)
    if status == 405:
        assert response.headers["allow"]


def test_every_documented_error_has_the_form_of_problem_details(server: Served):
    document = server.client.get("/openapi.json").json()

    assert set(document["components"]["schemas"]["Problem"]["required"]) <= PROBLEM_MEMBERS
    errors = {
        (path, status): response["content"]
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for status, response in operation["responses"].items()
        if status >= "400"
    }
    assert {path for path, _ in errors} >= {"/v1/ask", "/v1/search", "/v1/courses/{course}/documents", "/readyz"}
    for content in errors.values():
        assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def test_a_person_who_opens_a_bad_link_gets_a_page(server: Served):
    headers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path in (
        "/courses/nulle-part/documents/introduction-docker",
        "/courses/docker/documents/nothing",
        "/courses/docker/documents/introduction-docker?start=x&end=1",
        "/nothing",
    ):
        response = server.client.get(path, headers=headers)
        assert response.status_code in (404, 422)
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        page = Page(response.text)
        for address in page.values("link", "href") + page.values("a", "href"):
            followed = server.client.get(str(response.url.join(str(address))), follow_redirects=True)
            assert followed.status_code == 200


def test_markup_in_a_bad_link_does_not_run(server: Served):
    response = server.client.get("/courses/docker/documents/<script>alert(1)<script>", headers={"Accept": "text/html"})
    assert response.status_code == 404
    assert "script" not in Page(response.text).names()


def test_the_api_never_answers_with_a_page(server: Served):
    assert_problem(server.client.get("/v1/nothing", headers={"Accept": "text/html"}), 404)


@pytest.mark.parametrize("host", ["[", "a b", "<x>", "cours.example:port", "[::1", "a" * 5000, "\u00e9"])
def test_a_strange_host_harms_nothing(server: Served, host: str):
    headers = {"Host": host.encode("utf-8")}
    for response in (
        server.client.get("/healthz", headers=headers),
        server.client.get("/nothing", headers=headers),
        server.client.get("/courses/docker/documents/introduction-docker", headers=headers),
        server.client.post("/v1/ask", json={"question": REFERENCE}, headers=headers),
    ):
        assert response.status_code < 500


def test_a_fault_of_the_program_is_told_without_what_was_asked(home, encoder, monkeypatch):
    def searched(*_: object, **__: object) -> Searched:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(Assistant, "searched", searched)
    with serving(Settings(home=home), encoder) as served:
        response = post(served, question("Une question personnelle ?"))
        assert_problem(response, 500)
        assert "hunter2" not in response.text
        assert "personnelle" not in response.text
        # The server drops the connection of a request that raised.
        assert httpx.get(f"{served.url}/healthz").status_code == 200
        assert 'route="/v1/ask",status="500"' in httpx.get(f"{served.url}/metrics").text


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
any_question = st.fixed_dictionaries(
    {}, optional={"question": any_json, "course": any_json, "conversation_id": any_json, "other": any_json}
)


def assert_never_a_fault(response: httpx.Response) -> None:
    if response.status_code != 200:
        assert 400 <= response.status_code < 500, response.text
        assert_problem(response, response.status_code)


@given(body=any_question | any_json)
def test_no_json_is_a_fault(server: Served, body: object):
    assert_never_a_fault(post(server, json.dumps(body).encode()))


@given(text=st.text(min_size=1, max_size=300))
def test_no_question_is_a_fault(server: Served, text: str):
    response = post(server, question(text))
    assert_never_a_fault(response)
    if response.status_code == 200:
        assert response.json()["question"] == text.strip()


@given(content=st.binary(max_size=200))
def test_no_bytes_are_a_fault(server: Served, content: bytes):
    assert_never_a_fault(post(server, content))


@given(q=st.binary(max_size=40), k=st.binary(max_size=5) | st.integers().map(lambda n: str(n).encode()))
def test_no_search_is_a_fault(server: Served, q: bytes, k: bytes):
    def encoded(value: bytes) -> str:
        return "".join(f"%{byte:02x}" for byte in value)

    assert_never_a_fault(server.client.get(f"/v1/search?q={encoded(q)}&k={encoded(k)}"))
