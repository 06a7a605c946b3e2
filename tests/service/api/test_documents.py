"""Documents written and removed over the API: what is taken, what is refused, and that nothing is half done."""

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from reperage.index.encoder import Encoder
from reperage.service.access.api_keys import new_key
from reperage.service.caller import Caller
from reperage.service.courses import job_worker
from reperage.service.courses.library import CourseLibrary
from reperage.service.database.engine import Database
from reperage.service.database.keys import store_key
from reperage.service.errors import UnknownCourse
from reperage.service.settings import Settings
from tests.conftest import MakeCourse
from tests.service.conversations.test_conversations import until
from tests.service.serving import Served, assert_problem, build_course, copy_home, serving

pytestmark = pytest.mark.model

MARKDOWN = {"Content-Type": "text/markdown"}
PORTS = "# Ports\n\nUn port exposé est ouvert sur la machine locale.\n"
VOLUMES = "# Volumes\n\nUn volume garde les données d'un conteneur après son arrêt.\n"
QUESTION = "Qu'est-ce qu'un volume ?"


@pytest.fixture(scope="module")
def served(home: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service, open to this machine."""
    own = prepared(home, tmp_path_factory.mktemp("documents"))
    with serving(Settings(home=own), encoder) as opened:
        yield opened


@pytest.fixture
def course(request: pytest.FixtureRequest) -> str:
    """The name of a course of the test's own."""
    return request.node.name.split("[")[0].replace("_", "-").removeprefix("test-")[:80].strip("-")


def prepared(home: Path, folder: Path) -> Path:
    """A home in `folder` whose database has its tables, so that who may do what is known from the first request on."""
    own = copy_home(home, folder)
    database = Database(f"sqlite:///{own / 'repere.sqlite3'}")
    database.migrate()
    database.close()
    return own


def address(course: str, document_id: str = "volumes") -> str:
    return f"/v1/courses/{course}/documents/{document_id}"


def put(served: Served, course: str, document_id: str = "volumes", text: str | bytes = VOLUMES, **headers: str):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = text if isinstance(text, bytes) else text.encode()
    return served.client.put(address(course, document_id), content=content, headers=MARKDOWN | named)


def ended(served: Served, response: httpx.Response) -> dict:
    """The job that a response tells of, once it has ended."""
    assert response.status_code == 202, response.text
    deadline = time.monotonic() + 60
    while (job := served.client.get(response.headers["location"]).json())["status"] in ("queued", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return job


def done(served: Served, response: httpx.Response) -> dict:
    job = ended(served, response)
    assert job["status"] == "done", job
    return job


def files(served: Served, course: str) -> dict[str, str]:
    folder = material(served) / course
    return {p.relative_to(folder).as_posix(): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def material(served: Served) -> Path:
    return served.app.state.services.settings.home / "material"


def listed(served: Served, course: str) -> list[str]:
    return [d["id"] for d in served.client.get(f"/v1/courses/{course}/documents").json()["documents"]]


def test_a_document_is_written_searched_replaced_and_removed(served: Served, course: str) -> None:
    response = put(served, course)
    job = response.json()
    assert (job["course"], job["kind"], job["document_id"], job["status"]) == (course, "put", "volumes", "queued")
    assert response.headers["location"] == f"{served.url}/v1/jobs/{job['id']}"
    finished = done(served, response)
    assert finished["done"] == finished["total"] > 0
    times = [datetime.fromisoformat(finished[name]) for name in ("made_at", "started_at", "ended_at")]
    assert times == sorted(times)
    answer = served.ask(QUESTION, course=course)
    assert answer["status"] == "answered"
    assert "garde les données" in answer["answer"]

    done(served, put(served, course, text="# Volumes\n\nUn volume est un disque partagé.\n"))
    assert "disque partagé" in served.ask(QUESTION, course=course)["answer"]
    assert files(served, course) == {"volumes.md": "# Volumes\n\nUn volume est un disque partagé.\n"}

    done(served, put(served, course, "ports", PORTS))
    assert listed(served, course) == ["ports", "volumes"]
    removed = served.client.delete(address(course))
    assert removed.json()["kind"] == "delete"
    done(served, removed)
    assert listed(served, course) == ["ports"]
    assert_problem(served.client.get(address(course)), 404)
    assert_problem(served.client.delete(address(course)), 404)


def test_a_course_whose_last_document_is_removed_is_empty_until_one_is_written(served: Served, course: str) -> None:
    done(served, put(served, course))
    done(served, served.client.delete(address(course)))
    body = {"question": QUESTION, "course": course}
    said = assert_problem(served.client.post("/v1/ask", json=body), 503)
    assert "no document" in said["detail"]
    assert_problem(served.client.get("/v1/search", params={"q": "volume", "course": course}), 503)
    assert listed(served, course) == []
    assert_problem(served.client.get(address(course)), 404)
    [summary] = [c for c in served.client.get("/v1/courses").json()["courses"] if c["id"] == course]
    assert (summary["available"], summary["documents"]) == (False, 0)
    assert course not in served.client.get("/readyz").json()["problems"]
    done(served, put(served, course))
    assert served.ask(**body)["status"] == "answered"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(b"", 422, id="nothing"),
        pytest.param(b" \n\t\n", 422, id="blank"),
        pytest.param(b"\xef\xbb\xbf", 422, id="a byte order mark alone"),
        pytest.param(b"---\ntitle: Rien\n---\n", 422, id="front matter alone"),
        pytest.param("# Exposé".encode("latin-1"), 422, id="Latin-1"),
        pytest.param("# Ports".encode("utf-16"), 422, id="UTF-16"),
        pytest.param(b"# Ports\0\n", 422, id="NUL"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0", 422, id="a picture"),
        pytest.param(b"%PDF-1.7\n", 415, id="a PDF"),
        pytest.param(b"PK\x03\x04word", 415, id="a Word document"),
        pytest.param(b"a" * 5_000_001, 413, id="too large"),
    ],
)
def test_what_cannot_be_read_changes_nothing(served: Served, course: str, content: bytes, status: int) -> None:
    assert_problem(put(served, course, text=content), status)
    assert not (material(served) / course).exists()


def test_the_reader_says_where_a_document_is_damaged(served: Served, course: str) -> None:
    said = assert_problem(put(served, course, text="# Exposé".encode("latin-1")), 422)
    assert "'volumes.md' is not UTF-8 text: 0xe9 at byte 7" in said["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/pdf"},
        {"Content-Type": "application/json"},
        {"Content-Type": "text/html"},
        {"Content-Type": "text/markdown; charset=iso-8859-1"},
        {"Content-Type": "text/markdown", "Content-Encoding": "gzip"},
    ],
)
def test_other_formats_are_refused(served: Served, course: str, headers: dict[str, str]) -> None:
    said = assert_problem(served.client.put(address(course), content=VOLUMES.encode(), headers=headers), 415)
    assert len(said["detail"]) > 20
    assert not (material(served) / course).exists()


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Type": "text/plain; charset=UTF-8"}, {"Content-Type": "Application/Octet-Stream"}],
)
def test_markdown_may_be_named_in_other_words(served: Served, headers: dict[str, str]) -> None:
    response = served.client.put(address("mots"), content="\ufeff# É\r\n\r\nUn mot.\r\n".encode(), headers=headers)
    done(served, response)
    assert served.client.get(address("mots")).json()["text"] == "# É\n\nUn mot.\n"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/courses/cours/documents/Chapitre", 422),
        ("/v1/courses/cours/documents/.git", 422),
        ("/v1/courses/cours/documents/a_b", 422),
        ("/v1/courses/cours/documents/-", 422),
        ("/v1/courses/cours/documents/%ff", 422),
        ("/v1/courses/cours/documents/a%00", 422),
        ("/v1/courses/cours/documents/a%0a", 422),
        ("/v1/courses/cours/documents/c:a", 422),
        ("/v1/courses/cours/documents/" + "a" * 101, 422),
        ("/v1/courses/cours/documents/" + "a" * 5000, 422),
        ("/v1/courses/%2e%2e/documents/a", 422),
        ("/v1/courses/.staged/documents/a", 422),
        ("/v1/courses/cours/documents/%2e%2e", 422),
        ("/v1/courses/cours/documents/..%2f..%2fa", 404),
        ("/v1/courses/cours/documents/%2fetc%2fpasswd", 404),
        ("/v1/courses/..%2f..%2f/documents/a", 404),
    ],
)
def test_a_name_that_is_none_is_refused(served: Served, path: str, status: int) -> None:
    before = sorted(material(served).parent.rglob("*.md"))
    assert_problem(served.client.put(path, content=VOLUMES.encode(), headers=MARKDOWN), status)
    assert_problem(served.client.delete(path), status)
    assert sorted(material(served).parent.rglob("*.md")) == before


def test_a_document_of_five_million_bytes_is_taken(home: Path, encoder: Encoder, tmp_path: Path) -> None:
    text = b"# Journal\n\n```\n" + b"x" * (5_000_000 - 20) + b"\n```\n"
    with serving(Settings(home=prepared(home, tmp_path)), encoder) as own:
        assert put(own, "journal", text=text[:5_000_000]).status_code == 202
        assert (material(own) / "journal" / "volumes.md").read_bytes() == text[:5_000_000]
        # Other routes keep their own limit.
        large = json.dumps({"question": "a" * 1_000_001})
        assert_problem(own.client.post("/v1/ask", content=large, headers={"Content-Type": "application/json"}), 413)


def test_a_file_that_was_copied_by_hand_is_replaced_in_its_place(served: Served, course: str) -> None:
    folder = material(served) / course / "Partie A"
    folder.mkdir(parents=True)
    (folder / "Chapitre 1.markdown").write_text(VOLUMES)
    done(served, put(served, course, "partie-a-chapitre-1", PORTS))
    assert files(served, course) == {"Partie A/Chapitre 1.markdown": PORTS}
    assert listed(served, course) == ["partie-a-chapitre-1"]
    done(served, served.client.delete(address(course, "partie-a-chapitre-1")))
    assert files(served, course) == {}


def test_courses_whose_material_stands_elsewhere_are_not_changed(
    home: Path, encoder: Encoder, tmp_path: Path, make_course: MakeCourse
) -> None:
    own = prepared(home, tmp_path)
    folder = make_course({"volumes.md": VOLUMES})
    build_course(own, folder, encoder, "cours")
    with serving(Settings(home=own), encoder) as served:
        for name, document_id in (("cours", "volumes"), ("docker", "introduction-docker")):
            for response in (put(served, name, document_id), served.client.delete(address(name, document_id))):
                said = assert_problem(response, 409)
                assert name in said["detail"]
        assert (folder / "volumes.md").read_text() == VOLUMES
        assert not (own / "material").exists()


def test_what_somebody_else_changed_is_not_changed_unseen(served: Served, course: str) -> None:
    assert_problem(put(served, course, If_Match="*"), 412)
    assert_problem(put(served, course, If_Match='"abc"'), 412)
    done(served, put(served, course, If_None_Match="*"))
    assert_problem(put(served, course, If_None_Match="*"), 412)
    etag = served.client.get(address(course)).headers["etag"]
    done(served, put(served, course, text=PORTS, If_Match=f'"abc", {etag}'))
    assert_problem(put(served, course, If_Match=etag), 412)
    assert_problem(served.client.delete(address(course), headers={"If-Match": etag}), 412)
    assert files(served, course) == {"volumes.md": PORTS}
    etag = served.client.get(address(course)).headers["etag"]
    assert_problem(put(served, course, If_Match=f"W/{etag}"), 412)
    done(served, served.client.delete(address(course), headers={"If-Match": etag}))
    assert_problem(served.client.delete(address(course), headers={"If-Match": "*"}), 412)


def test_a_change_that_is_not_searched_yet_is_somebody_else_s_too(served: Served, course: str) -> None:
    done(served, put(served, course))
    etag = served.client.get(address(course)).headers["etag"]
    response = put(served, course, text=PORTS)
    assert_problem(put(served, course, If_Match=etag), 412)
    assert files(served, course) == {"volumes.md": PORTS}
    done(served, response)


def test_of_many_at_once_one_is_first(served: Served, course: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        texts = [f"# Volumes\n\nUn volume porte le numéro {n}.\n" for n in range(8)]
        created = list(pool.map(lambda text: put(served, course, text=text, If_None_Match="*"), texts))
        assert sorted(response.status_code for response in created) == [202, *[412] * 7]
        [first] = [response for response in created if response.status_code == 202]
        done(served, first)
        assert files(served, course) == {"volumes.md": texts[created.index(first)]}
        replaced = list(pool.map(lambda text: put(served, course, text=text), texts))
    jobs = [done(served, response) for response in replaced]
    assert len({job["id"] for job in jobs}) == 8
    [(_, kept)] = files(served, course).items()
    assert kept in texts
    assert served.client.get(address(course)).json()["text"] == kept
    assert not (material(served) / ".staged" / course).exists()


def test_the_same_request_is_one_job(served: Served, course: str) -> None:
    first = put(served, course, Idempotency_Key="a-1", If_None_Match="*")
    done(served, first)
    again = put(served, course, Idempotency_Key="a-1", If_None_Match="*")
    assert (again.status_code, again.json(), again.headers["location"]) == (
        202,
        first.json(),
        first.headers["location"],
    )
    assert_problem(put(served, course, text=PORTS, Idempotency_Key="a-1"), 422)
    assert_problem(put(served, course, Idempotency_Key="a-1"), 422)
    assert_problem(put(served, course, "autre", Idempotency_Key="a-1", If_None_Match="*"), 422)
    assert_problem(served.client.delete(address(course), headers={"Idempotency-Key": "a-1"}), 422)
    assert files(served, course) == {"volumes.md": VOLUMES}
    removed = [served.client.delete(address(course), headers={"Idempotency-Key": "a-2"}) for _ in range(2)]
    assert removed[0].json() == removed[1].json()
    assert [response.status_code for response in removed] == [202, 202]


def test_a_request_sent_many_times_at_once_is_one_job(served: Served, course: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda _: put(served, course, Idempotency_Key="b-1"), range(8)))
    assert {response.status_code for response in responses} == {202}
    assert len({response.text for response in responses}) == 1


def test_a_database_that_cannot_be_written_keeps_files_as_they_are(served: Served, course: str) -> None:
    done(served, put(served, course))
    database: Database = served.app.state.services.conversations.database
    with database.writing():
        for response in (put(served, course, text=PORTS), served.client.delete(address(course))):
            assert_problem(response, 503)
            assert int(response.headers["retry-after"]) > 0
        assert files(served, course) == {"volumes.md": VOLUMES}
    done(served, put(served, course, "ports", PORTS))
    assert files(served, course) == {"volumes.md": VOLUMES, "ports.md": PORTS}


def test_a_folder_that_refuses_is_told_and_nothing_is_kept(served: Served, course: str) -> None:
    blocked = material(served) / course
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_text("no folder")
    refused = put(served, course)
    said = assert_problem(refused, 503)
    assert str(material(served)) not in said["detail"]
    assert "retry-after" not in refused.headers  # Somebody has to mend it first.
    blocked.unlink()
    done(served, put(served, course))
    assert files(served, course) == {"volumes.md": VOLUMES}


def test_a_file_that_somebody_has_to_mend_is_named(served: Served, course: str) -> None:
    folder = material(served) / course
    folder.mkdir(parents=True)
    damaged = os.fsencode(folder) + b"/\xff.md"
    Path(os.fsdecode(damaged)).write_text(VOLUMES)
    refused = put(served, course)
    said = assert_problem(refused, 503)
    assert r"'\udcff.md'" in said["detail"]
    assert "rename the file" in said["detail"]
    assert str(material(served)) not in said["detail"]
    assert "retry-after" not in refused.headers
    Path(os.fsdecode(damaged)).unlink()
    (folder / "volumes.md").mkdir()
    assert "'volumes.md'" in assert_problem(put(served, course), 503)["detail"]


@pytest.mark.parametrize("setting", [r"title: Réseaux \ud83d\ude00", r"lang: f\ud83dr", r"title: a\0b"])
def test_escapes_in_front_matter_do_no_harm_to_the_course(served: Served, course: str, setting: str) -> None:
    name, _, value = setting.partition(": ")
    done(served, put(served, course, "escapes", f'---\n{name}: "{value}"\n---\n{VOLUMES}'))
    done(served, put(served, course))
    read = served.client.get(address(course, "escapes")).json()
    assert "\0" not in read["title"]
    assert read["title"] != r"Réseaux \ud83d\ude00"


def test_what_cannot_be_built_is_not_taken(served: Served, course: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise TypeError("a fault of the program")

    monkeypatch.setattr("reperage.service.courses.material.split", broken)
    said = assert_problem(put(served, course), 422)
    assert "a fault of the program" in said["detail"]
    assert not (material(served) / course).exists()


def test_a_course_may_have_any_name_that_is_one(served: Served) -> None:
    done(served, put(served, "id"))
    assert listed(served, "id") == ["volumes"]
    # Neither what is refused nor what is done leaves anything behind.
    assert_problem(put(served, "refuse", If_Match="*"), 412)
    assert not [path for path in (material(served) / ".staged").iterdir() if path.is_dir()]


def test_who_names_a_course_does_not_wait_for_a_look_at_all_others(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Path] = []
    monkeypatch.setattr(
        "reperage.service.courses.library.courses_on", lambda root: looks.append(root) or ["docker", "secret"]
    )
    courses: CourseLibrary = served.app.state.services.courses
    limited = Caller("anne", frozenset({"docker", "nulle-part"}))
    assert courses.readable("docker", limited).manifest.course == "docker"
    assert looks == []
    for name in ("secret", "nulle-part"):
        with pytest.raises(UnknownCourse) as unknown:
            courses.readable(name, limited)
        assert str(unknown.value) == f"There is no course {name!r}; there are: docker."


def test_a_build_that_failed_is_made_up_for_once_it_can_be(
    served: Served, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_worker, "_LOOK_SECONDS", 0.1)
    monkeypatch.setattr(job_worker._NextTry, "later", lambda next_try: next_try)
    done(served, put(served, course))
    etag = served.client.get(address(course)).headers["etag"]
    damaged = material(served) / course / "abîmé.md"
    damaged.write_bytes(b"# \xff\n")
    job = ended(served, put(served, course, text=PORTS, If_Match=etag))
    assert job["status"] == "failed"
    assert "The change is written all the same" in job["detail"]
    damaged.unlink()
    until(lambda: served.client.get(address(course)).json()["text"] == PORTS, 20)
    etag = served.client.get(address(course)).headers["etag"]
    done(served, put(served, course, If_Match=etag))


def test_who_may_change_which_course(home: Path, encoder: Encoder, tmp_path: Path) -> None:
    own = copy_home(home, tmp_path)
    database = Database(f"sqlite:///{own / 'repere.sqlite3'}")
    database.migrate()
    made = {
        "student": new_key("", "student", None, None),
        "one": new_key("", "teacher", frozenset({"un"}), None),
        "other": new_key("", "teacher", frozenset({"autre"}), None),
        "all": new_key("", "teacher", None, None),
    }
    for key, _ in made.values():
        store_key(database, key)
    database.close()
    headers = {name: {"Authorization": f"Bearer {written}"} for name, (_, written) in made.items()}
    with serving(Settings(home=own), encoder) as served:
        assert_problem(put(served, "un"), 401)
        assert_problem(put(served, "un", **headers["student"]), 403)
        assert_problem(put(served, "un", **headers["other"]), 404)
        assert not (own / "material" / "un").exists()
        response = put(served, "un", **headers["one"])
        job = response.headers["location"]
        assert response.status_code == 202
        assert "key-" not in response.text
        assert_problem(served.client.get(job, headers=headers["other"]), 404)
        assert_problem(served.client.get(job, headers=headers["student"]), 403)
        assert served.client.get(job, headers=headers["all"]).json()["id"] == response.json()["id"]
        assert_problem(served.client.get("/v1/jobs/nobody-s", headers=headers["all"]), 404)
        assert_problem(served.client.delete(address("un"), headers=headers["other"]), 404)
        assert put(served, "nouveau", **headers["all"]).status_code == 202
        # A key is one person's: another person's is another.
        assert put(served, "deux", Idempotency_Key="k", **headers["all"]).status_code == 202
        assert put(served, "un", Idempotency_Key="k", **headers["one"]).status_code == 202


def test_the_description_shows_the_body_and_the_job(served: Served) -> None:
    described = served.client.get("/openapi.json").json()
    operation = described["paths"]["/v1/courses/{course}/documents/{document_id}"]["put"]
    assert set(operation["requestBody"]["content"]) == {"text/markdown", "text/plain", "application/octet-stream"}
    assert "202" in operation["responses"]
    assert described["components"]["schemas"]["DocumentJob"]["example"]["status"] == "running"
