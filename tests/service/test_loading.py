"""From a process that lives to one that answers, and what happens when an index is damaged or replaced."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import httpx
import pytest

from reperage.index.encoder import Encoder
from reperage.index.errors import UnusableModel
from reperage.index.manifest import FORMAT
from reperage.service.answering.calibration import WITHOUT_CALIBRATION
from reperage.service.answering.reading.reader import WITHOUT_READER
from reperage.service.app import create_app
from reperage.service.settings import Settings
from tests.index.building import small_model
from tests.service.serving import REFERENCE, Page, Served, assert_problem, build_course, listening, serving

pytestmark = pytest.mark.model

OCEAN = {"mer.md": "# La mer\n\nLes marées viennent de la Lune. Le plancton nourrit les baleines bleues.\n"}


@pytest.fixture
def held_back(home: Path, encoder, monkeypatch) -> Iterator[tuple[httpx.Client, Event]]:
    """A client of a service that loads its model only when the event is set."""
    go_on = Event()

    def load(*_: object, **__: object) -> Encoder:
        go_on.wait()
        return encoder

    monkeypatch.setattr(Encoder, "load", load)
    app = create_app(Settings(home=home))
    with listening(app) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client, go_on
        go_on.set()
        assert app.state.services.loading.wait(60)


def test_a_service_that_still_loads_lives_but_is_not_ready(held_back):
    client, go_on = held_back

    assert client.get("/healthz").json()["status"] == "alive"
    assert client.get("/", follow_redirects=True).status_code == 200
    assert client.get("/openapi.json").status_code == 200
    for response in (
        client.get("/readyz"),
        client.post("/v1/ask", json={"question": REFERENCE}),
        client.get("/v1/search", params={"q": REFERENCE}),
    ):
        assert_problem(response, 503)
        assert int(response.headers["retry-after"]) > 0

    go_on.set()
    _wait_until_ready(client)
    assert client.post("/v1/ask", json={"question": REFERENCE}).json()["status"] == "answered"


def test_what_is_wrong_with_a_request_is_said_before_the_service_is_ready(held_back):
    client, _ = held_back
    assert_problem(client.post("/v1/ask", json={}), 422)
    assert_problem(client.get("/nothing"), 404)


def test_a_model_that_cannot_be_loaded_is_named_and_the_process_goes_on_living(home, monkeypatch):
    def load(*_: object, **__: object) -> Encoder:
        raise UnusableModel("the embedding model 'x' cannot be loaded")

    monkeypatch.setattr(Encoder, "load", load)
    finished = []
    app = create_app(Settings(home=home), on_loaded=finished.append)
    with listening(app) as url, httpx.Client(base_url=url) as client:
        assert app.state.services.loading.wait(60)
        assert client.get("/healthz").status_code == 200
        assert "'x'" in assert_problem(client.get("/readyz"), 503)["detail"]
        assert_problem(client.post("/v1/ask", json={"question": REFERENCE}), 503)
    assert finished == [app.state.services.loading]
    assert "'x'" in str(app.state.services.loading.error)


def test_a_model_without_a_calibration_is_noticed_and_answers(tmp_path):
    small_model().save(str(tmp_path / "petit"))
    settings = Settings(home=tmp_path / "new", embedding_model=str(tmp_path / "petit"), reader="on")
    with serving(settings, Encoder.load(settings.embedding_model)) as served:
        ready = served.client.get("/readyz").json()
        assert ready == {"status": "ready", "problems": {}, "notices": [WITHOUT_CALIBRATION, WITHOUT_READER]}
        assert served.ask("Qu'est-ce qu'une image Docker ?")["status"] == "answered"


def test_the_index_of_the_shipped_course_is_built_where_it_is_missing(tmp_path, encoder):
    with serving(Settings(home=tmp_path / "new"), encoder) as served:
        assert served.ask(REFERENCE)["status"] == "answered"
    assert (tmp_path / "new" / "indexes" / "docker" / "current").is_file()


def test_an_index_made_beforehand_is_used_and_nothing_is_written(home, tmp_path, encoder):
    with serving(Settings(home=tmp_path / "new", shipped_indexes=home / "indexes"), encoder) as served:
        assert served.ask(REFERENCE)["status"] == "answered"
    assert not (tmp_path / "new" / "indexes" / "docker").exists()


@pytest.fixture
def two_courses(own_home, make_course, encoder) -> Iterator[Served]:
    build_course(own_home, make_course(OCEAN, "ocean"), encoder)
    with serving(Settings(home=own_home), encoder) as served:
        yield served


def test_with_several_courses_one_must_be_named(two_courses: Served):
    detail = assert_problem(two_courses.client.post("/v1/ask", json={"question": REFERENCE}), 422)["detail"]
    assert "docker" in detail
    assert "ocean" in detail
    assert two_courses.ask("D'où viennent les marées ?", course="ocean")["citations"][0]["quote"] == (
        "Les marées viennent de la Lune."
    )
    assert two_courses.ask(REFERENCE, course="docker")["status"] == "answered"
    assert [course["id"] for course in two_courses.client.get("/v1/courses").json()["courses"]] == ["docker", "ocean"]


def test_courses_do_not_answer_for_each_other(two_courses: Served):
    assert two_courses.ask(REFERENCE, course="ocean")["status"] == "not_in_material"
    assert two_courses.ask("D'où viennent les marées ?", course="docker")["status"] == "not_in_material"


@pytest.mark.parametrize("how", ["changed", "missing", "another format"])
def test_a_damaged_index_silences_its_own_course_only(own_home, make_course, encoder, how: str):
    built = build_course(own_home, make_course(OCEAN, "ocean"), encoder)
    if how == "changed":
        path = built.folder / "chunks.jsonl"
        path.write_bytes(path.read_bytes().replace(b"Lune", b"Dune"))
    elif how == "missing":
        (built.folder / "vectors.faiss").unlink()
    else:
        path = built.folder / "manifest.json"
        path.write_text(
            path.read_text(encoding="utf-8").replace(f'"format": {FORMAT}', '"format": 999'), encoding="utf-8"
        )

    with serving(Settings(home=own_home), encoder) as served:
        detail = assert_problem(served.client.post("/v1/ask", json={"question": "marées", "course": "ocean"}), 503)[
            "detail"
        ]
        assert "repere build" in detail
        assert served.ask(REFERENCE, course="docker")["status"] == "answered"
        ready = served.client.get("/readyz")
        assert ready.status_code == 200
        assert ready.json()["notices"] == []
        assert list(ready.json()["problems"]) == ["ocean"]
        [ocean] = [c for c in served.client.get("/v1/courses").json()["courses"] if c["id"] == "ocean"]
        assert ocean["available"] is False
        assert ocean["detail"]
        for path in ("/v1/courses/ocean/documents", "/v1/courses/ocean/documents/mer", "/courses/ocean/documents/mer"):
            assert_problem(served.client.get(path), 503)


def test_a_damaged_course_that_is_built_again_answers_without_a_restart(own_home, make_course, encoder):
    folder = make_course(OCEAN, "ocean")
    built = build_course(own_home, folder, encoder)
    (built.folder / "vectors.faiss").unlink()
    with serving(Settings(home=own_home), encoder) as served:
        assert_problem(served.client.post("/v1/ask", json={"question": "marées", "course": "ocean"}), 503)
        build_course(own_home, folder, encoder)
        assert served.ask("D'où viennent les marées ?", course="ocean")["status"] == "answered"
        assert served.client.get("/readyz").json()["problems"] == {}


def test_a_course_that_is_built_again_is_answered_from_anew(two_courses: Served, own_home, make_course, encoder):
    question = "Que mangent les requins citron ?"
    assert two_courses.ask(question, course="ocean")["status"] == "not_in_material"
    old = two_courses.ask("D'où viennent les marées ?", course="ocean")["citations"][0]

    changed = OCEAN["mer.md"] + "\nLes requins citron mangent des poissons.\n"
    build_course(own_home, make_course({"mer.md": changed}, "ocean"), encoder)

    new = two_courses.ask(question, course="ocean")
    assert [c["quote"] for c in new["citations"]] == ["Les requins citron mangent des poissons."]
    assert new["citations"][0]["document_version"] != old["document_version"]
    page = two_courses.client.get(old["url"])
    assert page.status_code == 200
    assert "notice" in [attributes.get("class") for _, attributes in Page(page.text).tags]
    assert "mark" not in Page(page.text).names()


def test_a_course_that_is_built_for_the_first_time_is_found(own_home, make_course, encoder):
    with serving(Settings(home=own_home), encoder) as served:
        body = {"question": "D'où viennent les marées ?", "course": "ocean"}
        assert_problem(served.client.post("/v1/ask", json=body), 404)
        build_course(own_home, make_course(OCEAN, "ocean"), encoder)
        assert served.client.post("/v1/ask", json=body).json()["status"] == "answered"


def test_a_folder_that_is_no_course_is_passed_over(own_home, encoder):
    for name in ("Pas un nom", "vide", ".git"):
        (own_home / "indexes" / name).mkdir()
    (own_home / "indexes" / "Pas un nom" / "build").mkdir()
    (own_home / "indexes" / "Pas un nom" / "current").write_text("build\n")
    (own_home / "indexes" / "un-fichier").write_text("rien")

    with serving(Settings(home=own_home), encoder) as served:
        assert [course["id"] for course in served.client.get("/v1/courses").json()["courses"]] == ["docker"]
        assert served.client.get("/readyz").json()["problems"] == {}
        assert served.ask(REFERENCE)["status"] == "answered"


def _wait_until_ready(client: httpx.Client) -> None:
    for _ in range(1000):
        if client.get("/readyz").status_code == 200:
            return
    pytest.fail("the service did not become ready")
