"""Jobs: who works on them, that a program that is killed loses none, and what is told of them."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from filelock import FileLock

from reperage.corpus import Document
from reperage.index.build import build_index
from reperage.index.builds import current_build
from reperage.index.encoder import Encoder
from reperage.index.index import Index
from reperage.service.clock import now
from reperage.service.courses import job_worker
from reperage.service.courses.job_worker import JobWorker
from reperage.service.courses.jobs import Change, Jobs
from reperage.service.courses.material import is_managed, material_folder, material_id
from reperage.service.courses.staging import Staging
from reperage.service.database.engine import Database
from reperage.service.database.jobs import (
    Job,
    claim_jobs,
    count_attempts,
    end_jobs,
    job_of,
    last_failed,
    purge_jobs,
    renew_jobs,
    store_job,
    waiting_courses,
)
from reperage.service.errors import KeyReused, MaterialUnavailable, StateUnavailable, UnknownDocument
from reperage.service.settings import Settings
from tests.service.api.test_documents import PORTS, VOLUMES, address, prepared, put
from tests.service.conversations.test_conversations import until
from tests.service.serving import copy_home, serving

_READY = re.compile(r"ready: open (http://\S+?)/ ")


def job(name: str = "j", course: str = "cours", material: str = "m", document_id: str = "volumes") -> Job:
    return Job(name, material, course, "put", document_id, "key-a", "f", made_at=now())


def long_text(sentences: int) -> str:
    lines = (f"Le conteneur numéro {n} garde ses données dans le volume numéro {n * 7}." for n in range(sentences))
    return "# Volumes\n\n" + "\n\n".join(lines) + "\n"


def no_etag(path: str, digest: str) -> str | None:
    return None


@contextmanager
def served_apart(
    command: str, environment: dict[str, str], folder: Path
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`repere serve` in a process of its own, ready."""
    with subprocess.Popen(
        [command, "serve", "--port", "0"], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        [url] = [found.group(1) for line in iter_until_ready(process.stderr) if (found := _READY.search(line))]
        try:
            yield process, url
        finally:
            process.terminate()
            process.communicate(timeout=60)


def iter_until_ready(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line
        if _READY.search(line):
            return


def die_at(monkeypatch: pytest.MonkeyPatch, kind: str, change: Callable[[], object]) -> None:
    """Make a change, and end as it is about to be written what a job of that kind says."""
    apply = Staging.apply

    def die(staging: Staging, made: Job) -> None:
        if made.kind == kind:
            raise KeyboardInterrupt
        apply(staging, made)

    with monkeypatch.context() as dying:
        dying.setattr(Staging, "apply", die)
        with pytest.raises(KeyboardInterrupt):
            change()


def wait_for(location: str, status: str) -> None:
    until(lambda: httpx.get(location).json()["status"] == status, 120)


class Program:
    """The parts of a service that change documents, without HTTP."""

    def __init__(self, settings: Settings, database: Database, encoder: Encoder) -> None:
        self.settings, self.database = settings, database
        self.jobs = Jobs(settings, database)
        self.worker = JobWorker(settings, self.jobs, database)
        self._encoder = encoder

    def put(self, text: str = VOLUMES, document_id: str = "volumes", key: str | None = None) -> Job:
        return self.jobs.submit(Change("cours", document_id, text.encode(), "key-a", key), no_etag)

    def delete(self, document_id: str = "volumes") -> Job:
        return self.jobs.submit(Change("cours", document_id, None, "key-a"), no_etag)

    def start(self) -> None:
        self.worker.start(self._encoder)

    def status(self, made: Job) -> str:
        found = job_of(self.database, made.id)
        assert found is not None
        return found.status

    def until(self, status: str, *made: Job) -> None:
        until(lambda: all(self.status(each) == status for each in made), 60)

    def documents(self) -> list[str]:
        folder = current_build(self.settings.index_roots[0], "cours")
        assert folder is not None
        return list(Index.open(folder, self.settings.recipe).document_ids)


@pytest.fixture
def program(home: Path, tmp_path: Path, encoder: Encoder, database: Database) -> Iterator[Program]:
    database.migrate()
    made = Program(Settings(home=copy_home(home, tmp_path)), database, encoder)
    yield made
    made.worker.close()


def test_a_job_is_kept_once(database: Database) -> None:
    database.migrate()
    assert store_job(database, job())
    assert not store_job(database, replace(job(), course="autre"))
    kept = job_of(database, "j")
    assert kept is not None
    assert (kept.course, kept.status, kept.number > 0) == ("cours", "queued", True)
    assert job_of(database, "autre") is None


def test_one_worker_has_a_course_until_its_lease_ends(database: Database) -> None:
    database.migrate()
    for made in (job("a"), job("b"), job("c", "nsi"), job("d", material="elsewhere")):
        store_job(database, made)
    assert waiting_courses(database, "m", 1000) == ["cours", "nsi"]
    assert [each.id for each in claim_jobs(database, "m", "cours", "anne", 1000, 2000)] == ["a", "b"]
    assert claim_jobs(database, "m", "cours", "bruno", 1500, 2500) == []
    store_job(database, job("e"))
    # Whoever has it is going to look again when it is done.
    assert waiting_courses(database, "m", 1500) == ["nsi"]
    renew_jobs(database, "anne", 3000, 5, 9)
    assert waiting_courses(database, "m", 2500) == ["nsi"]
    assert [each.id for each in claim_jobs(database, "m", "cours", "bruno", 3001, 4000)] == ["a", "b", "e"]
    # Who has lost the lease changes nothing any more.
    end_jobs(database, "anne", ["a", "b"], "failed", 3500, detail="?")
    renew_jobs(database, "anne", 9000, 1, 1)
    taken = job_of(database, "a")
    assert taken is not None
    assert (taken.status, taken.attempts, taken.done) == ("running", 2, 5)
    end_jobs(database, "bruno", ["a", "b", "e"], "done", 3600)
    assert waiting_courses(database, "m", 9000) == ["nsi"]
    purge_jobs(database, 3601)
    assert job_of(database, "a") is None
    assert job_of(database, "c") is not None


@pytest.mark.model
def test_several_changes_are_one_build(program: Program) -> None:
    made = [program.put(), program.put(PORTS, "ports"), program.put(PORTS), program.delete("ports")]
    program.start()
    program.until("done", *made)
    assert program.documents() == ["volumes"]
    builds = [p for p in (program.settings.index_roots[0] / "cours").iterdir() if p.is_dir()]
    assert len(builds) == 1
    finished = job_of(program.database, made[0].id)
    assert finished is not None
    assert finished.done == finished.total > 0


@pytest.mark.model
def test_a_program_that_ended_between_keeping_and_writing_is_made_up_for(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.put(PORTS, "ports")
    folder = material_folder(program.settings) / "cours"
    die_at(monkeypatch, "put", program.put)
    assert [p.name for p in folder.iterdir()] == ["ports.md"]
    die_at(monkeypatch, "delete", lambda: program.delete("ports"))
    # Whoever came next has made up for the first; the second waits.
    assert sorted(p.name for p in folder.iterdir()) == ["ports.md", "volumes.md"]
    program.start()
    until(lambda: [p.name for p in folder.iterdir()] == ["volumes.md"])
    until(lambda: current_build(program.settings.index_roots[0], "cours") is not None, 60)
    until(lambda: program.documents() == ["volumes"], 60)


@pytest.mark.model
def test_a_change_that_is_not_kept_never_happened(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> bool:
        raise StateUnavailable("the disk is full")

    with monkeypatch.context() as failing:
        failing.setattr("reperage.service.courses.jobs.store_job", full)
        with pytest.raises(StateUnavailable):
            program.put()
    folder = material_folder(program.settings) / "cours"
    assert list(folder.iterdir()) == []
    # Neither with the next change nor with the next start.
    program.put(PORTS, "ports")
    assert [p.name for p in folder.iterdir()] == ["ports.md"]
    assert not Staging(material_folder(program.settings), "cours").waits()


@pytest.mark.model
def test_a_key_outlives_a_program_that_ended_between_keeping_and_writing(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_at(monkeypatch, "put", lambda: program.put(key="k"))
    first, again = program.put(key="k"), program.put(key="k")
    assert first == again
    with pytest.raises(KeyReused):
        program.put(PORTS, key="k")
    program.start()
    program.until("done", first)
    assert program.documents() == ["volumes"]


@pytest.mark.model
def test_another_folder_s_jobs_are_left_to_whoever_has_it(
    program: Program, home: Path, tmp_path: Path, encoder: Encoder
) -> None:
    there = Program(Settings(home=copy_home(home, tmp_path / "there")), program.database, encoder)
    assert material_id(there.settings) != material_id(program.settings)
    elsewhere, here = there.put(), program.put(PORTS, "ports")
    program.start()
    program.until("done", here)
    assert program.status(elsewhere) == "queued"
    there.start()
    program.until("done", elsewhere)
    assert (program.documents(), there.documents()) == (["ports"], ["volumes"])
    there.worker.close()


@pytest.mark.model
def test_of_two_services_on_one_folder_one_builds_at_a_time(program: Program, encoder: Encoder) -> None:
    beside = Program(program.settings, program.database, encoder)
    program.start()
    beside.start()
    made = [each.put(f"# Volumes\n\nUn volume numéro {n}.\n", f"v-{n}") for n in range(6) for each in (program, beside)]
    program.until("done", *made)
    assert program.documents() == [f"v-{n}" for n in range(6)]
    beside.worker.close()


@pytest.mark.model
def test_while_another_process_builds_a_job_waits(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_worker, "_LOOK_SECONDS", 0.1)
    made = program.put()
    shelf = program.settings.index_roots[0] / "cours"
    shelf.mkdir(parents=True)
    with FileLock(shelf / ".lock"):
        program.start()
        time.sleep(1)
        assert program.status(made) in ("queued", "running")
    program.until("done", made)


@pytest.mark.model
def test_a_file_that_is_damaged_by_hand_fails_the_job_and_says_which(program: Program) -> None:
    folder = material_folder(program.settings) / "cours"
    folder.mkdir(parents=True)
    (folder / "abîmé.md").write_bytes(b"# \xff\n")
    made = program.put()
    program.start()
    program.until("failed", made)
    told = job_of(program.database, made.id)
    assert told is not None
    assert "'abîmé.md' is not UTF-8 text" in told.detail
    assert str(program.settings.home) not in told.detail
    (folder / "abîmé.md").unlink()
    again = program.put(PORTS, "ports")
    program.until("done", again)
    assert program.documents() == ["ports", "volumes"]


@pytest.mark.model
def test_a_file_that_is_gone_fails_its_job(program: Program) -> None:
    made, other = program.put(), program.put(PORTS, "ports")
    (material_folder(program.settings) / "cours" / "volumes.md").unlink()
    program.start()
    program.until("failed", made)
    program.until("done", other)
    with pytest.raises(UnknownDocument):
        program.delete()


@pytest.mark.model
def test_a_document_that_is_removed_while_the_build_begins_fails_nothing(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, built = [program.put()], JobWorker._build

    def remove_first(worker: JobWorker, course: str, lease: object):
        if len(made) == 1:
            made.append(program.delete())
        return built(worker, course, lease)

    monkeypatch.setattr(JobWorker, "_build", remove_first)
    program.start()
    until(lambda: len(made) == 2, 60)
    program.until("done", *made)
    assert program.documents() == []


@pytest.mark.model
def test_a_build_that_ends_the_program_each_time_is_not_begun_for_ever(program: Program) -> None:
    made = program.put()
    for at in (1, 2, 3):
        assert claim_jobs(program.database, made.material, "cours", "killed", at * 10, at * 10 + 5)
    program.start()
    program.until("failed", made)
    told = job_of(program.database, made.id)
    assert told is not None
    assert "begun 3 times" in told.detail


@pytest.mark.model
def test_a_disk_that_refuses_fails_the_job(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "/secret/place")

    monkeypatch.setattr("reperage.index.build.build_index", full)
    made = program.put()
    program.start()
    program.until("failed", made)
    told = job_of(program.database, made.id)
    assert told is not None
    assert told.detail.startswith("The disk is full.")
    monkeypatch.setattr("reperage.index.build.build_index", build_index)
    again = program.put()
    program.until("done", again)


@pytest.mark.model
def test_a_change_that_ends_as_done_was_made(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def unreachable(*_: object) -> None:
        raise StateUnavailable("it went away in between")

    before = program.put()
    with monkeypatch.context() as failing:
        failing.setattr(Staging, "apply", refuse)
        with pytest.raises(MaterialUnavailable):
            program.put(PORTS, "ports")
        failing.setattr("reperage.service.courses.jobs.fail_job", unreachable)
        with pytest.raises(StateUnavailable):
            program.put("# Volumes\n\nUn volume est partagé.\n", key="k")
    program.start()
    program.until("done", before)
    made = program.put("# Volumes\n\nUn volume est partagé.\n", key="k")
    program.until("done", made)
    folder = material_folder(program.settings) / "cours"
    assert [(p.name, "partagé" in p.read_text()) for p in folder.iterdir()] == [("volumes.md", True)]


@pytest.mark.model
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="tells open files by /proc")
def test_what_is_staged_is_on_the_disk_before_its_job_is_kept(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    sync, keep = os.fsync, store_job

    def fsync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        sync(descriptor)

    def store(database: Database, made: Job) -> bool:
        synced.append("kept")
        return keep(database, made)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr("reperage.service.courses.jobs.store_job", store)
    made = program.put()
    before, after = synced[: synced.index("kept")], synced[synced.index("kept") :]
    # The document, then the folder that it is staged in; the folders that were made for both; then its own place.
    assert before[-2:] == [f"{made.id}.put", "cours"]
    assert {"material", ".staged"} <= set(before)
    assert after[-1] == "cours"


@pytest.mark.model
def test_an_unexpected_error_tells_from_which_document_it_comes(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(document: Document, *_: object) -> list[object]:
        if document.id == "ports":
            raise TypeError("secret")
        return []

    program.put()
    made = program.put(PORTS, "ports")
    monkeypatch.setattr("reperage.corpus.course.chunks_of", broken)
    program.start()
    program.until("failed", made)
    told = job_of(program.database, made.id)
    assert told is not None
    assert "It came from the document 'ports.md'." in told.detail
    assert "secret" not in told.detail


@pytest.mark.model
def test_a_build_that_failed_is_tried_again_at_the_next_start_but_not_for_ever(
    program: Program, encoder: Encoder
) -> None:
    damaged = material_folder(program.settings) / "cours" / "abîmé.md"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"# \xff\n")
    made = program.put()
    program.start()
    program.until("failed", made)
    program.worker.close()
    damaged.unlink()
    [failed] = last_failed(program.database, made.material, 3)
    assert failed.id == made.id
    # As if the program had ended while it tried, three times.
    count_attempts(program.database, made.id, 3)
    assert last_failed(program.database, made.material, 3) == []
    count_attempts(program.database, made.id, -1)
    following = Program(program.settings, program.database, encoder)
    following.start()
    until(lambda: current_build(program.settings.index_roots[0], "cours") is not None, 60)
    assert following.documents() == ["volumes"]
    following.worker.close()


@pytest.mark.model
def test_a_course_that_is_being_changed_elsewhere_is_waited_for(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reperage.service.courses.staging._WAIT_SECONDS", 0.2)
    with Staging(material_folder(program.settings), "cours").lock(), pytest.raises(MaterialUnavailable):
        program.put()
    assert program.status(program.put()) == "queued"


@pytest.mark.model
def test_closing_leaves_the_build_to_the_next_start(program: Program, home: Path, encoder: Encoder) -> None:
    made = program.put(long_text(120))
    program.start()
    until(lambda: (job_of(program.database, made.id) or made).done > 0, 60)
    began = time.monotonic()
    program.worker.close()
    assert time.monotonic() - began < 5
    assert program.status(made) == "queued"
    assert current_build(program.settings.index_roots[0], "cours") is None
    following = Program(program.settings, program.database, encoder)
    following.start()
    following.until("done", made)
    assert following.documents() == ["volumes"]
    following.worker.close()


@pytest.mark.model
def test_a_worker_that_is_closed_before_there_is_an_encoder_builds_nothing(program: Program) -> None:
    made = program.put()
    program.worker.end()
    program.worker.close()
    program.start()
    time.sleep(0.5)
    assert program.status(made) == "queued"
    assert current_build(program.settings.index_roots[0], "cours") is None


@pytest.mark.model
def test_progress_is_seen_to_increase_while_questions_are_answered(
    home: Path, encoder: Encoder, tmp_path: Path
) -> None:
    with serving(Settings(home=prepared(home, tmp_path)), encoder) as served:
        response = put(served, "cours", text=long_text(400))
        seen: list[int] = []
        slowest = 0.0
        while (told := served.client.get(response.headers["location"]).json())["status"] in ("queued", "running"):
            seen.append(told["done"])
            assert told["done"] <= told["total"] or not told["total"]
            began = time.perf_counter()
            assert served.ask("Qu'est-ce qu'une image Docker ?", course="docker")["status"] == "answered"
            slowest = max(slowest, time.perf_counter() - began)
            time.sleep(0.1)
        assert told["status"] == "done"
        assert seen == sorted(seen)
        assert len(set(seen)) > 3
        assert slowest < 2
        assert served.ask("Que garde le conteneur numéro 12 ?", course="cours")["status"] == "answered"


@pytest.mark.model
def test_a_service_that_is_killed_while_it_builds_goes_on_at_its_next_start(
    forked_program: str, environment: dict[str, str], tmp_path: Path, home: Path
) -> None:
    home = copy_home(home, tmp_path)
    assert str(home) == environment["REPERE_HOME"]
    with served_apart(forked_program, environment, tmp_path) as (process, url):
        first = httpx.put(f"{url}{address('cours')}", content=VOLUMES.encode(), timeout=30)
        wait_for(first.headers["location"], "done")
        second = httpx.put(f"{url}{address('cours', 'long')}", content=long_text(200).encode(), timeout=30)
        location = second.headers["location"]
        until(lambda: httpx.get(location).json()["done"] > 0, 60)
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = current_build(home / "indexes", "cours")
    assert before is not None
    assert list(Index.open(before, None).document_ids) == ["volumes"]
    with served_apart(forked_program, environment, tmp_path) as (_, url):
        said = httpx.get(f"{url}/v1/jobs/{second.json()['id']}").json()
        assert said["status"] in ("queued", "running")
        assert httpx.get(f"{url}{address('cours')}").status_code == 200
        wait_for(f"{url}/v1/jobs/{second.json()['id']}", "done")
        assert httpx.get(f"{url}{address('cours', 'long')}").json()["text"] == long_text(200)
    after = current_build(home / "indexes", "cours")
    assert after is not None
    assert not [p for p in (home / "indexes" / "cours").iterdir() if "partial" in p.name]
    assert is_managed(Settings(home=home), "cours")
