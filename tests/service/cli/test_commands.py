"""The command line, as a process: what it prints, how it ends, and that no mistake shows a traceback."""

import json
import re
import signal
import socket
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from reperage.index.builds import current_build
from reperage.index.encoder import Encoder
from reperage.index.index import Index
from reperage.index.manifest import Manifest
from reperage.index.pair_model import PairModel
from reperage.service.answering.calibration import WITHOUT_CALIBRATION, Calibration, calibration_path
from reperage.service.answering.reading.reader import WITHOUT_READER
from reperage.service.cli.checks import Check, examine
from reperage.service.database.engine import Database
from reperage.service.database.lti import Context, Platform, add_platform
from reperage.service.database.lti import make_course as make_course_of_lms
from reperage.service.settings import Settings
from tests.service.serving import REFERENCE, build_course

COURSE = {
    "un.md": "# Un\n\nUn conteneur est isolé de la machine.\n\n## Ports\n\nUn port exposé est ouvert au monde.\n",
    "deux.md": "# Deux\n\nUne image est faite de couches.\n\n## Vide\n\nTODO\n",
    "notes.txt": "Pas lu.",
    "schéma.PDF": b"%PDF",
}


def assert_told_plainly(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """It failed with the status 1 and a message with these words, and without a traceback."""
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("repere: ")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.model
def test_a_build_tells_what_it_read_and_encodes_only_what_is_new(repere, make_course):
    folder = make_course(COURSE, "Réseau")

    first = repere("build", folder)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("reseau: 2 document(s), 4 sections (1 empty), 4 chunks, 3 sentences")
    assert "passed over 2 file(s)" in first.stdout
    assert "1 × .txt" in first.stdout
    assert "encoded 7 new texts" in first.stdout

    second = repere("build", folder)
    assert second.returncode == 0, second.stderr
    assert "nothing has changed" in second.stdout
    assert "encoded" not in second.stdout

    make_course({"deux.md": COURSE["deux.md"].replace("TODO", "Un volume garde des données.")}, "Réseau")
    third = json.loads(repere("build", folder, "--json").stdout)
    [report] = third["courses"]
    assert report["course"] == "reseau"
    assert report["changed"] is True
    assert report["encoded"] == 1  # the only sentence under its heading is the section too
    assert report["counts"]["empty_sections"] == 0


@pytest.mark.model
def test_another_language_is_built_again_without_encoding_anew(repere, make_course, tmp_path):
    folder = make_course(COURSE, "reseau")
    assert repere("build", folder).returncode == 0
    [report] = json.loads(repere("build", folder, "--language", "en", "--json").stdout)["courses"]
    assert (report["changed"], report["encoded"]) == (True, 0)
    assert Manifest.read(Path(report["folder"])).language == "en"
    assert "nothing has changed" in repere("build", folder, "--language", "en").stdout


@pytest.mark.model
def test_a_file_that_is_no_text_is_named_and_the_index_before_still_answers(
    repere, make_course, tmp_path, encoder, recipe
):
    folder = make_course(COURSE, "reseau")
    home = tmp_path / "home"
    before = build_course(home, folder, encoder)
    make_course(
        {"faux.md": b"# Titre\n\nabc\xff", "nul.md": b"a\0b", "un.md": "# Autre\n\nTout autre chose.\n"}, "reseau"
    )

    done = repere("build", folder)

    assert_told_plainly(done, "faux.md", "byte 12", "nul.md", "byte 1", "UTF-8")
    assert current_build(home / "indexes", "reseau") == before.folder
    question = "Qu'est-ce qu'un port exposé ?"
    best = Index.open(before.folder, recipe).search(question, encoder.encode_query([question])[0])[0]
    assert best.chunk.text == "Un port exposé est ouvert au monde."


def test_a_missing_folder_is_named(repere, tmp_path):
    assert_told_plainly(repere("build", tmp_path / "nulle part"), "nulle part")


def test_a_folder_without_documents_is_named(repere, make_course):
    assert_told_plainly(repere("build", make_course({"a.txt": "x"}, "vide")), "vide", ".md")


def test_the_name_of_a_shipped_course_is_refused(repere, make_course):
    assert_told_plainly(repere("build", make_course(COURSE, "docker")), "'docker'", "--course")
    assert_told_plainly(repere("build", make_course(COURSE), "--course", "Docker"), "'docker'", "--course")


def test_another_folder_does_not_take_over_a_course(encoder, repere, make_course, tmp_path):
    before = build_course(tmp_path / "home", make_course({"a.md": "# A\n\nUne phrase."}, "un"), encoder, "algo")
    other = make_course({"b.md": "# B\n\nUne autre."}, "deux")
    assert_told_plainly(repere("build", other, "--course", "algo"), "algo", "--course")
    assert current_build(tmp_path / "home" / "indexes", "algo") == before.folder


def test_no_folder_takes_the_name_of_a_course_that_a_teacher_has_begun(repere, make_course, tmp_path):
    (tmp_path / "home").mkdir()
    with closing(Database(f"sqlite:///{tmp_path / 'home' / 'repere.sqlite3'}")) as database:
        database.migrate()
        lms = "https://lms.example"
        known = frozenset({"1"}), (), frozenset(), 0
        add_platform(database, Platform("platform", lms, "repere", "", f"{lms}/auth", f"{lms}/keys", None, *known))
        assert make_course_of_lms(database, Context("platform", "1", "course"), ["examens"], 0) == "examens"
    assert_told_plainly(repere("build", make_course(COURSE, "examens")), "'examens'", "LMS", "--course")
    assert current_build(tmp_path / "home" / "indexes", "examens") is None


def test_a_folder_and_the_shipped_courses_are_not_built_together(repere, make_course):
    assert_told_plainly(repere("build", make_course(COURSE), "--shipped"), "--shipped")


def test_a_course_that_does_not_ship_cannot_be_built_without_a_folder(repere):
    assert_told_plainly(repere("build", "--course", "reseau"), "reseau")


@pytest.mark.model
def test_a_home_that_cannot_be_written_is_named(repere, tmp_path, make_course):
    (tmp_path / "fichier").write_text("x")
    below = tmp_path / "fichier" / "home"
    assert_told_plainly(repere("build", make_course(COURSE), REPERE_HOME=below), str(tmp_path / "fichier"))


@pytest.mark.model
def test_courses_are_listed(repere, home):
    listed = repere("courses", REPERE_HOME=home)
    assert listed.returncode == 0
    assert listed.stdout.startswith("docker: 1 document(s), ")

    [course] = json.loads(repere("courses", "--json", REPERE_HOME=home).stdout)["courses"]
    assert (course["id"], course["available"]) == ("docker", True)


def test_a_shipped_course_that_was_never_built_is_listed_as_such(repere):
    [course] = json.loads(repere("courses", "--json").stdout)["courses"]
    assert (course["id"], course["available"]) == ("docker", False)
    assert "repere build" in course["detail"]


@pytest.mark.model
def test_an_answer_is_printed_with_its_sources(repere, home):
    done = repere("ask", REFERENCE, REPERE_HOME=home, REPERE_PUBLIC_URL="https://cours.example")
    assert done.returncode == 0, done.stderr
    assert "C'est ce que l'on appelle un port exposé. [2]" in done.stdout
    assert "[2] Introduction Docker › Concepts › Conteneur Docker, ligne 41" in done.stdout
    assert "« C'est ce que l'on appelle un **`port exposé`**. »" in done.stdout


@pytest.mark.model
def test_a_corrected_question_is_printed_before_its_answer(repere, home):
    done = repere("ask", "diference port expossé", REPERE_HOME=home)
    assert done.returncode == 0, done.stderr
    first, empty, answer, *_ = done.stdout.splitlines()
    assert (first, empty) == ("Résultats pour « différence port exposé »", "")
    assert "[1]" in answer
    assert "Résultats pour" not in repere("ask", "différence port exposé", REPERE_HOME=home).stdout


@pytest.mark.model
@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_links_can_be_opened_wherever_the_server_listens(repere, home, host: str):
    done = repere("ask", REFERENCE, "--json", REPERE_HOME=home, REPERE_HOST=host)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["citations"][0]["url"].startswith("http://localhost:8000/courses/docker/")


@pytest.mark.model
def test_a_search_prints_json(repere, home):
    done = repere("search", REFERENCE, "-k", "2", "--json", REPERE_HOME=home)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [hit["rank"] for hit in found["hits"]] == [1, 2]
    assert found["hits"][0]["heading_path"] == ["Concepts", "Conteneur Docker"]


@pytest.mark.model
def test_what_cannot_be_asked_is_told(repere, home):
    assert_told_plainly(repere("ask", REFERENCE, "--course", "nulle-part", REPERE_HOME=home), "nulle-part", "docker")


def test_doctor_migrates_the_database_and_says_what_it_is(repere, tmp_path):
    def database(*options: str, **variables: str) -> dict:
        done = repere("doctor", "--json", *options, REPERE_EMBEDDING_MODEL="/nowhere", **variables)
        return next(c for c in json.loads(done.stdout)["checks"] if c["name"] == "database")

    assert "next start" in database()["detail"]
    assert not (tmp_path / "home" / "repere.sqlite3").exists()
    assert "up to date" in database("--migrate")["detail"]
    assert (tmp_path / "home" / "repere.sqlite3").exists()
    wrong = database(REPERE_DATABASE_URL="postgresql://u:geheim@127.0.0.1:9/none")
    assert not wrong["ok"]
    assert "geheim" not in wrong["detail"]


@pytest.mark.model
def test_doctor_looks_at_the_chat_model_where_one_is_set(repere, home):
    def chat_model(name: str) -> dict:
        done = repere("doctor", "--json", REPERE_HOME=home, REPERE_CHAT_MODEL=name)
        return next(c for c in json.loads(done.stdout)["checks"] if c["name"] == "chat model")

    assert chat_model("ollama:qwen3:4b")["ok"]
    assert "REPERE_CHAT_API_KEY" in chat_model("openai:m")["detail"]


@pytest.mark.model
def test_doctor_finds_nothing_where_all_is_well(repere, home):
    done = repere("doctor", "--json", REPERE_HOME=home)
    assert done.returncode == 0, done.stderr
    checks = json.loads(done.stdout)["checks"]
    assert [check["name"] for check in checks] == [
        "program",
        "REPERE_HOME",
        "database",
        "embedding model",
        "calibration",
        "reader",
        "course docker",
    ]
    assert all(check["ok"] for check in checks)
    assert re.match(r"shipped with Repère, .* 0\.\d+$", checks[4]["detail"])


@pytest.mark.model
def test_doctor_tells_whether_the_reader_is_in_use(tmp_path, encoder, monkeypatch):
    monkeypatch.setattr(Encoder, "load", lambda *_, **__: encoder)

    def reader(**settings: Any) -> Check:
        return next(check for check in examine(Settings(home=tmp_path, **settings)) if check.name == "reader")

    assert reader(reader="off") == Check("reader", True, WITHOUT_READER)
    assert reader(reader="on", embedding_model="some/model") == Check("reader", True, WITHOUT_READER)
    assert reader(reader="on", reader_windows=4).detail == "reads 4 runs of sentences for a question"
    damaged = tmp_path / "reader.onnx"
    damaged.write_bytes(b"no model")
    load = PairModel.load
    monkeypatch.setattr(PairModel, "load", lambda **options: load(damaged, **options))
    found = reader(reader="on")
    assert not found.ok
    assert repr(str(damaged)) in found.detail


@pytest.mark.model
def test_doctor_tells_which_calibration_is_used(tmp_path, encoder, monkeypatch):
    monkeypatch.setattr(Encoder, "load", lambda *_, **__: encoder)

    def calibration(settings: Settings) -> Check:
        return next(check for check in examine(settings) if check.name == "calibration")

    other = Settings(home=tmp_path, embedding_model="some/model")
    assert calibration(other) == Check("calibration", True, WITHOUT_CALIBRATION)

    digest = other.recipe.model_digest
    path = calibration_path(tmp_path, digest)
    Calibration("some/model", digest, {}, intercept=0.0, threshold=0.375, checked={}).write(path)
    assert calibration(other).ok
    assert repr(str(path)) in calibration(other).detail
    assert "0.375" in calibration(other).detail

    path.write_text("{")
    assert not calibration(other).ok
    assert str(path) in calibration(other).detail


@pytest.mark.model
def test_doctor_names_everything_that_is_wrong(repere, tmp_path, own_home, make_course, encoder):
    build = build_course(own_home, make_course(COURSE, "reseau"), encoder)
    (build.folder / "vectors.faiss").unlink()

    done = repere("doctor", REPERE_HOME=own_home, REPERE_EMBEDDING_MODEL=tmp_path)

    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert [re.split(r"[ :]{2,}|: ", line)[1] for line in failed] == [
        "embedding model",
        "course docker",
        "course reseau",
    ]


@pytest.mark.model
def test_doctor_names_a_home_that_cannot_be_written(tmp_path, encoder, monkeypatch):
    monkeypatch.setattr(Encoder, "load", lambda *_, **__: encoder)
    (tmp_path / "fichier").write_text("x")
    checks = {check.name: check for check in examine(Settings(home=tmp_path / "fichier" / "home"))}
    assert checks["program"].ok
    assert not checks["REPERE_HOME"].ok


@pytest.mark.parametrize("arguments", [["ask"], ["nothing"], ["serve", "--port", "x"], ["search", "a", "-k", "0"]])
def test_a_wrong_command_shows_how_it_is_used(repere, arguments: list[str]):
    done = repere(*arguments)
    assert done.returncode == 2
    assert "Usage" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_named(repere):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert_told_plainly(repere("serve", "--port", str(port)), str(port), "REPERE_PORT")


def test_an_address_of_another_machine_is_named(repere):
    assert_told_plainly(repere("serve", "--host", "192.0.2.1", "--port", "0"), "192.0.2.1", "REPERE_HOST")


@pytest.mark.model
def test_a_model_that_is_not_there_ends_the_server_with_a_sentence(repere, tmp_path):
    done = repere("serve", "--port", "0", REPERE_EMBEDDING_MODEL=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("repere: ")
    assert str(tmp_path) in done.stderr


@pytest.mark.model
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_served_course_answers_until_it_is_told_to_end(
    request: pytest.FixtureRequest, environment: dict[str, str], tmp_path: Path, home: Path, sent: signal.Signals
):
    program = request.getfixturevalue("program" if sent == signal.SIGTERM else "forked_program")
    with subprocess.Popen(
        [program, "serve", "--port", "0"],
        env=environment | {"REPERE_HOME": str(home)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            lines = []
            for line in process.stderr:
                lines.append(line)
                if address := re.search(r"http://\S+", line):
                    break
            url = address.group().rstrip("/")
            answer = httpx.post(f"{url}/v1/ask", json={"question": REFERENCE}).json()
            assert answer["status"] == "answered"
            assert answer["citations"][0]["url"].startswith(url)
            process.send_signal(sent)
            out, rest = process.communicate(timeout=60)
        finally:
            process.kill()

    assert process.returncode in (0, -sent, 128 + sent)
    assert out == ""
    assert "Traceback" not in rest
    assert "rror" not in "".join(lines) + rest
    assert REFERENCE not in "".join(lines) + rest
