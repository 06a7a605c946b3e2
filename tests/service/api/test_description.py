"""The description of the API put to the test: requests made from it, and whether what comes back is described."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
import requests
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from pydantic import SecretStr

from reperage.service.access.api_keys import for_users, new_key
from reperage.service.access.encryption import Encryption
from reperage.service.access.lms_user_tokens import PURPOSE
from reperage.service.database.engine import Database
from reperage.service.database.keys import store_key
from reperage.service.database.lti import add_platform, map_context
from reperage.service.settings import Settings
from tests.service.http.test_credentials import CONTEXT, PLATFORM, launched
from tests.service.serving import REFERENCE, Served, copy_home, serving

pytestmark = pytest.mark.model

MANAGED = "reseaux"
"""A course that the teacher's key may write."""
DOCUMENT = f"/v1/courses/{MANAGED}/documents/chapitre-1"
ISSUER = "https://lms.example"
SECRET_KEY = "k" * 16
CALLERS = ("nobody", "student", "teacher", "administrator", "user of an LMS", "teacher of a launch")
DONE = {
    "nobody": {"GET /healthz", "GET /readyz"},
    "student": {
        "DELETE /v1/conversations/{conversation_id}",
        "DELETE /v1/me",
        "GET /v1/conversations/{conversation_id}",
        "GET /v1/courses",
        "GET /v1/courses/{course}/documents",
        "GET /v1/courses/{course}/documents/{document_id}",
        "GET /v1/courses/{course}/documents/{document_id}/section",
        "GET /v1/me",
        "GET /v1/models",
        "GET /v1/models/{course}",
        "GET /v1/search",
        "POST /v1/answers/{answer_id}/feedback",
        "POST /v1/ask",
        "POST /v1/ask/batch",
        "POST /v1/chat/completions",
    },
}
DONE["user of an LMS"] = DONE["student"]
DONE["teacher"] = DONE["student"] | {
    "DELETE /v1/courses/{course}/documents/{document_id}",
    "GET /v1/courses/{course}/gaps",
    "GET /v1/jobs/{job_id}",
    "PUT /v1/courses/{course}/documents/{document_id}",
}
DONE["administrator"] = DONE["teacher"] | {"GET /metrics"}
DONE["teacher of a launch"] = {"GET /v1/lti/session", "PUT /v1/lti/context", "POST /v1/ask"}
"""What each caller may do, and has done at least once when all requests are made: it was not all refused."""

_REQUESTS = 10
"""For each operation and caller, of those that the description allows and of those that it does not."""


@pytest.fixture(scope="module")
def callers() -> dict[str, tuple]:
    """Keys, and what is stored of each."""
    both = frozenset({"docker", MANAGED})
    found = {
        "student": new_key("", "student", both, None),
        "teacher": new_key("", "teacher", both, None),
        # Confined as well, or it would make a course of every name that is made up.
        "administrator": new_key("", "administrator", both, None),
    }
    made, written = new_key("", "teacher", both, None)
    lms, signing_secret = for_users(made, ISSUER, None, False, Encryption([SECRET_KEY], PURPOSE))
    return found | {"user of an LMS": (lms, written, signing_secret)}


@pytest.fixture(scope="module")
def served(home, encoder, callers: dict[str, tuple], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    own = copy_home(home, tmp_path_factory.mktemp("schema"))
    database = Database(f"sqlite:///{own / 'repere.sqlite3'}")
    database.migrate()
    for key, *_ in callers.values():
        store_key(database, key)
    add_platform(database, PLATFORM)
    map_context(database, CONTEXT, "docker", 0)
    database.close()
    many = dict.fromkeys(("rate_per_session", "rate_per_address", "rate_per_key"), "100000/minute")
    settings = Settings(home=own, secret_key=SecretStr(SECRET_KEY), **many)
    with serving(settings, encoder) as opened:
        written = opened.client.put(DOCUMENT, content="# Ports\n\nUn port.\n", headers=headers_of(callers, "teacher"))
        assert written.status_code == 202
        yield opened


@dataclass
class Asker:
    """Somebody who makes requests, what names something of theirs, and what came back by operation."""

    served: Served
    session: requests.Session
    headers: dict[str, str]
    failures: list[str] = field(default_factory=list)
    done: set[str] = field(default_factory=set)

    def names(self) -> dict[str, str]:
        """What there is: an answer that the caller just got, and a job."""
        asked = self.session.post(
            f"{self.served.url}/v1/ask", json={"question": REFERENCE, "course": "docker"}, headers=self.headers
        ).json()
        written = self.session.put(
            self.served.url + DOCUMENT, data=f"# Ports\n\nUn port {uuid4().hex}.\n", headers=self.headers
        ).json()
        self.session.cookies.clear()
        return {
            "answer_id": asked.get("id", "none"),
            "conversation_id": asked.get("conversation_id", "none"),
            "job_id": written.get("id", "none"),
        }


def headers_of(callers: dict[str, tuple], name: str) -> dict[str, str]:
    if name == "nobody":
        return {}
    if name == "teacher of a launch":
        return {"Authorization": f"Bearer {launched('teacher')}"}
    _, written, *secret = callers[name]
    sent = {"Authorization": f"Bearer {written}"}
    if secret:
        now = int(time())
        claims = {"iss": ISSUER, "aud": "repere", "sub": "u1", "course": "docker", "iat": now, "exp": now + 3000}
        sent["Repere-User"] = jwt.encode(claims, secret[0], "HS256")
    return sent


@cache
def _checks() -> list[Callable[..., Any]]:
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    return [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
    ]


@dataclass(frozen=True)
class Draft:
    """A request that was made from the description, before it is somebody's."""

    case: Any
    is_real: bool
    is_managed: bool
    parts: dict[str, Any]

    @classmethod
    def of(cls, case: Any, is_real: bool, is_managed: bool) -> "Draft":
        parts = {name: getattr(case, name) for name in ("path_parameters", "query", "headers", "cookies", "body")}
        return cls(case, is_real, is_managed, {name: _copied(part) for name, part in parts.items()})

    def request(self, names: dict[str, str]) -> Any:
        """The request as it was made; with what there is in the place of names where it is to be real."""
        for name, part in self.parts.items():
            setattr(self.case, name, _copied(part))
        if self.is_real:
            _make_real(self.case, names, self.is_managed)
        return self.case


def _copied(part: Any) -> Any:
    """A copy, but for what stands for a part that is not there."""
    return deepcopy(part) if isinstance(part, dict | list) else part


@pytest.fixture(scope="module")
def made(served: Served) -> dict[Any, list[Draft]]:
    """Requests by their operations: the same for everybody who makes them, as making them takes longest."""
    import schemathesis.openapi
    from schemathesis import GenerationMode

    description = schemathesis.openapi.from_dict(served.client.get("/openapi.json").json())
    operations = [found.ok() for found in description.get_all_operations()]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    return {operation: [draft for mode in modes for draft in _made(operation, mode)] for operation in operations}


def _made(operation: Any, mode: Any) -> list[Draft]:
    found: list[Draft] = []

    @hypothesis_settings(
        max_examples=_REQUESTS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans(), managed=st.booleans())
    def make(case: Any, real: bool, managed: bool) -> None:
        found.append(Draft.of(case, real, managed))

    with suppress(Unsatisfiable):  # Nothing in it can be wrong.
        make()
    return found


@pytest.mark.parametrize("name", CALLERS)
def test_nothing_comes_back_that_is_not_described(
    served: Served, callers: dict[str, tuple], made: dict[Any, list[Draft]], name: str
) -> None:
    with requests.Session() as session:
        asker = Asker(served, session, headers_of(callers, name))
        for operation, drafts in made.items():
            _try(asker, operation, drafts)
    assert not asker.failures, "\n\n".join(dict.fromkeys(asker.failures))
    assert asker.done >= DONE[name]


def _try(asker: Asker, operation: Any, drafts: list[Draft]) -> None:
    """Make the requests of one operation."""
    from schemathesis.core.failures import FailureGroup

    names = asker.names() if "{" in operation.path else {}
    for draft in drafts:
        case = draft.request(names)
        response = case.call(asker.served.url, asker.session, asker.headers)
        asker.session.cookies.clear()
        if response.status_code < 300:
            asker.done.add(operation.label)
        try:
            case.validate_response(response, _checks(), headers=asker.headers)
        except FailureGroup as group:
            asker.failures += [f"{operation.label}: {failure}" for failure in group.exceptions]


def _make_real(case: Any, names: dict[str, str], managed: bool) -> None:
    """Put what there is in the place of names that are made up."""
    there_is = names | {
        "course": MANAGED if managed else "docker",
        "document_id": "chapitre-1" if managed else "introduction-docker",
    }
    case.path_parameters.update({name: there_is[name] for name in case.path_parameters})
    for name in ("start", "end", "anchor", "If-Match", "If-None-Match"):
        case.query.pop(name, None)
        case.headers.pop(name, None)
    case.query.update({name: value for name, value in (("course", "docker"), ("q", REFERENCE)) if name in case.query})
    if isinstance(case.body, dict):
        if "question" in case.body:
            case.body.update(question=REFERENCE, course="docker", conversation_id=None)
        elif "messages" in case.body:
            case.body.update(model="docker", messages=[{"role": "user", "content": REFERENCE}])
        elif "course" in case.body:
            case.body["course"] = "docker"
    elif case.method == "PUT":
        case.body = b"# Ports\n\nUn port.\n"


def test_every_path_refuses_other_methods_as_problems(served: Served) -> None:
    for path, operations in served.client.get("/openapi.json").json()["paths"].items():
        address = path.replace("{course}", "docker").replace("{document_id}", "introduction-docker")
        for method in {"get", "post", "put", "patch", "delete"} - operations.keys():
            response = served.client.request(method, address.replace("{", "").replace("}", ""))
            # `GET` of an address may be somebody else's pattern: `/v1/models/{course}`.
            assert_problem_of(response, 405, path)
            assert response.headers["allow"]


def assert_problem_of(response: httpx.Response, status: int, path: str) -> None:
    assert response.status_code == status, f"{response.request.method} {path}"
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status


def test_what_takes_a_body_describes_how_large_and_of_what_kind_it_may_be(
    served: Served, callers: dict[str, tuple]
) -> None:
    headers = headers_of(callers, "teacher")
    taking = [
        (method, path, operation)
        for path, operations in served.client.get("/openapi.json").json()["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation
    ]
    assert len(taking) >= 6
    for method, path, operation in taking:
        assert {"413", "422"} <= operation["responses"].keys(), path
        address = path.replace("{course}", MANAGED).replace("{document_id}", "chapitre-1").replace("{answer_id}", "a")
        media_type = next(iter(operation["requestBody"]["content"]))
        sent = headers | {"Content-Type": media_type}
        if path.startswith("/v1/lti"):
            continue  # Takes the token of a launch.
        response = served.client.request(method, address, content=b" " * 5_000_001, headers=sent)
        assert_problem_of(response, 413, path)
        if "415" in operation["responses"]:
            sent["Content-Type"] = "application/pdf"
            assert_problem_of(served.client.request(method, address, content=b"x", headers=sent), 415, path)


def test_events_are_described_and_sent(served: Served, callers: dict[str, tuple]) -> None:
    headers = headers_of(callers, "student")
    paths = served.client.get("/openapi.json").json()["paths"]
    for path, body in {
        "/v1/ask": {"question": REFERENCE, "course": "docker"},
        "/v1/chat/completions": {
            "model": "docker",
            "messages": [{"role": "user", "content": REFERENCE}],
            "stream": True,
        },
    }.items():
        assert "text/event-stream" in paths[path]["post"]["responses"]["200"]["content"]
        response = served.client.post(path, json=body, headers=headers | {"Accept": "text/event-stream"})
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        refused = served.client.post(
            path, json=body | {"course": "none", "model": "none"}, headers=headers | {"Accept": "text/event-stream"}
        )
        assert_problem_of(refused, 404, path)


def test_headers_are_described_wherever_they_are_sent(served: Served) -> None:
    conditional = counted = 0
    for path, operations in served.client.get("/openapi.json").json()["paths"].items():
        for method, operation in operations.items():
            place, responses = f"{method} {path}", operation["responses"]
            for status in {"429", "503"} & responses.keys():
                assert "Retry-After" in responses[status]["headers"], place
            if "304" in responses:
                conditional += 1
                assert all("ETag" in responses[status]["headers"] for status in ("200", "304")), place
                assert "if-none-match" in {parameter["name"].lower() for parameter in operation["parameters"]}, place
            if "429" in responses and path != "/v1/session":
                counted += 1
                assert {"RateLimit", "RateLimit-Policy"} <= responses["200"]["headers"].keys(), place
    assert (conditional, counted) == (3, 4)


@pytest.mark.parametrize("stream", [False, True])
def test_whatever_counts_questions_tells_what_is_left(served: Served, callers: dict[str, tuple], stream: bool) -> None:
    headers = headers_of(callers, "student") | ({"Accept": "text/event-stream"} if stream else {})
    question = {"question": REFERENCE, "course": "docker"}
    messages = [{"role": "user", "content": REFERENCE}]
    responses = [
        served.client.get("/v1/search", params={"q": REFERENCE, "course": "docker"}, headers=headers),
        served.client.post("/v1/ask", json=question, headers=headers),
        served.client.post("/v1/ask/batch", json={"questions": [question]}, headers=headers),
        served.client.post(
            "/v1/chat/completions", json={"model": "docker", "messages": messages, "stream": stream}, headers=headers
        ),
    ]
    for response in responses:
        assert response.status_code == 200
        assert response.headers["RateLimit-Policy"].startswith('"key";q=100000;w=60')
        assert response.headers["RateLimit"].startswith('"key";r=')


def test_every_operation_says_how_one_is_let_in(served: Served) -> None:
    description = served.client.get("/openapi.json").json()
    schemes = description["components"]["securitySchemes"].keys()
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            needed = operation.get("security", description.get("security"))
            assert needed is not None, f"{method} {path}"
            assert {name for way in needed for name in way} <= schemes
            assert operation["summary"], f"{method} {path}"
            assert operation["description"], f"{method} {path}"
            for parameter in operation.get("parameters", []):
                assert parameter.get("description"), f"{method} {path}: {parameter['name']}"
            if any(way for way in needed if way) and {} not in needed:
                assert {"401"} <= operation["responses"].keys(), f"{method} {path}"


def test_the_page_of_the_docs_says_what_each_operation_takes_and_gives(served: Served) -> None:
    page = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
    sections = {part.split("\n", 1)[0]: part for part in page.split("\n## ")}
    for path, operations in served.client.get("/openapi.json").json()["paths"].items():
        for method, operation in operations.items():
            section = sections[f"{method.upper()} {path}"]
            for media_type in operation.get("requestBody", {"content": {}})["content"]:
                assert f"`{media_type}`" in section.split("Takes ")[1].split("\n")[0]
            failures = section.split("Fails with ")[1] if "Fails with " in section else ""
            for status, response in operation["responses"].items():
                if status[0] in "23":
                    assert f"{status} (" not in failures
                    assert f"Gives {status}: " in section
                    assert all(f"`{media_type}`" in section for media_type in response.get("content", {}))
                else:
                    assert f"{status} (" in failures
            for parameter in operation.get("parameters", []):
                [line] = [line for line in section.splitlines() if line.startswith(f"- `{parameter['name']}` (in the ")]
                schema = parameter["schema"]
                assert not schema.get("default") or f"default `{schema['default']}`" in line
                assert all(str(schema[limit]) in line for limit in ("minimum", "maximum") if limit in schema)
