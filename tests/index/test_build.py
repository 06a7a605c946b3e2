import multiprocessing
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reperage.corpus import Chunking, read_course, source_digests
from reperage.index.build import build_index
from reperage.index.builds import current_build, find_build
from reperage.index.errors import BuildInProgress
from reperage.index.index import Index
from tests.conftest import MakeCourse
from tests.index import processes
from tests.index.building import RECIPE, CountingEncoder, build, vector_of

MATERIAL = {f"{name}.md": f"# {name}\n\nLe {name} est isolé. Un {name} suit.\n" for name in ("port", "image", "volume")}


@pytest.fixture
def folder(make_course: MakeCourse) -> Path:
    return make_course(MATERIAL)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "indexes"


def chunk_ids(build_folder: Path) -> list[str]:
    index = Index.open(build_folder, RECIPE)
    return [index._store.chunk(i).id for i in range(len(index._store))]


def leftovers(root: Path) -> list[str]:
    return [p.name for p in (root / "cours").iterdir() if "partial" in p.name]


def test_unchanged_material_is_found_as_built(folder: Path, root: Path) -> None:
    built = build(folder, root)
    assert find_build([root], "cours", RECIPE, source_digests(folder)) == built.folder
    (folder / "port.md").write_text("# port\n\nAutre.\n", encoding="utf-8")
    assert find_build([root], "cours", RECIPE, source_digests(folder)) is None


def test_building_again_encodes_nothing_and_gives_the_same_chunks(folder: Path, root: Path) -> None:
    first = build(folder, root)
    encoder = CountingEncoder()
    second = build(folder, root, encoder)
    assert (first.encoded, second.encoded, encoder.encoded) == (12, 0, [])
    assert second.folder != first.folder
    assert current_build(root, "cours") == second.folder
    assert chunk_ids(first.folder) == chunk_ids(second.folder)


def test_only_the_new_texts_of_a_changed_document_are_encoded(folder: Path, root: Path) -> None:
    before = build(folder, root).folder
    (folder / "port.md").write_text("# port\n\nLe port est isolé. Une phrase nouvelle.\n", encoding="utf-8")
    encoder = CountingEncoder()
    built = build(folder, root, encoder)
    assert encoder.encoded == ["port\nLe port est isolé. Une phrase nouvelle.", "port\nUne phrase nouvelle."]
    assert built.encoded == 2
    assert current_build(root, "cours") == built.folder
    assert len(set(chunk_ids(before)) & set(chunk_ids(built.folder))) == 2


def test_vectors_that_are_kept_belong_to_their_texts(folder: Path, root: Path) -> None:
    build(folder, root)
    (folder / "aaa.md").write_text("# avant\n\nTout se décale. Oui.\n", encoding="utf-8")
    for text, vector in Index.open(build(folder, root).folder, RECIPE).vectors_by_text().items():
        assert np.allclose(vector, vector_of(text), atol=1e-3)


def test_a_text_that_stands_twice_is_encoded_once(make_course: MakeCourse, root: Path) -> None:
    encoder = CountingEncoder()
    build(
        make_course({"a.md": "# A\n\nLe même. Le même.", "b.md": "# B\n\nLe même.", "c.md": "# A\n\nAutre."}),
        root,
        encoder,
    )
    assert sorted(encoder.encoded) == ["A", "A\nAutre.", "A\nLe même.", "A\nLe même. Le même.", "B", "B\nLe même."]


def test_another_model_or_a_damaged_index_before_is_encoded_anew(folder: Path, root: Path) -> None:
    built = build(folder, root)
    assert build(folder, root, recipe=replace(RECIPE, model_digest="sha256:autre")).encoded == built.encoded
    (build(folder, root).folder / "chunks.jsonl").unlink()
    assert build(folder, root).encoded == built.encoded


def test_another_prompt_is_encoded_anew(folder: Path, root: Path) -> None:
    built = build(folder, root)
    prompted = replace(RECIPE, document_prompt="texte : ")
    assert find_build([root], "cours", prompted, source_digests(folder)) is None
    assert build(folder, root, recipe=prompted).encoded == built.encoded
    assert build(folder, root, recipe=prompted).encoded == 0
    assert build(folder, root, recipe=RECIPE).encoded == built.encoded


def test_a_build_in_another_language_is_not_found(folder: Path, root: Path) -> None:
    built = build(folder, root)
    sources = source_digests(folder)
    assert find_build([root], "cours", RECIPE, sources, "fr") == built.folder
    assert find_build([root], "cours", RECIPE, sources, "en") is None


def test_another_chunking_keeps_the_vectors_of_equal_texts(folder: Path, root: Path) -> None:
    build(folder, root)
    assert build(folder, root, recipe=replace(RECIPE, chunking=Chunking(target=200))).encoded == 0


def test_progress_counts_the_new_texts(folder: Path, root: Path) -> None:
    told: list[tuple[int, int]] = []
    build_index(read_course(folder), CountingEncoder(), RECIPE, root, "m", lambda *p: told.append(p))
    assert told == [(done, 12) for done in range(13)]
    told.clear()
    build_index(read_course(folder), CountingEncoder(), RECIPE, root, "m", lambda *p: told.append(p))
    assert told == []


def test_an_encoder_that_fails_leaves_the_index_before(folder: Path, root: Path) -> None:
    before = build(folder, root).folder
    (folder / "port.md").write_text("Nouveau. Autre.\n", encoding="utf-8")

    def fail(done: int) -> None:
        if done == 1:
            raise MemoryError

    with pytest.raises(MemoryError):
        build(folder, root, CountingEncoder(fail))
    assert current_build(root, "cours") == before
    assert leftovers(root) == []
    Index.open(before, RECIPE)


def in_a_process(target: Callable[..., None], *arguments: object) -> int | None:
    """The exit code of `target` run in a process of its own, forked from one that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.index.processes"])
    process = context.Process(target=target, args=arguments)
    process.start()
    process.join(timeout=120)
    return process.exitcode


@pytest.mark.parametrize("point", ["encoding", "manifest", "sync", "named", "replace", "remove"])
def test_a_build_that_is_killed_leaves_the_index_before_or_the_new_one(folder: Path, root: Path, point: str) -> None:
    before = build(folder, root).folder
    (folder / "port.md").write_text("Nouveau. Autre.\n", encoding="utf-8")
    assert in_a_process(processes.build_and_die, folder, root, point) == -signal.SIGKILL
    current = current_build(root, "cours")
    assert current
    assert (current == before) == (point != "remove")
    Index.open(current, RECIPE)

    built = build(folder, root)
    assert built.encoded == (0 if point == "remove" else 4)
    assert leftovers(root) == []
    kept = {p for p in (root / "cours").iterdir() if p.is_dir()}
    assert kept == {current, built.folder}


def test_two_processes_cannot_build_one_course(folder: Path, root: Path, tmp_path: Path) -> None:
    def build_beside(done: int) -> None:
        if done == 0:
            assert in_a_process(processes.build_and_tell, folder, root, tmp_path / "said") == 0

    built = build(folder, root, CountingEncoder(build_beside))
    assert (tmp_path / "said").read_text() == BuildInProgress.__name__
    assert current_build(root, "cours") == built.folder


@pytest.mark.parametrize("limit", [100, 1_000, 20_000])
def test_a_disk_that_refuses_leaves_the_index_before(folder: Path, root: Path, tmp_path: Path, limit: int) -> None:
    before = build(folder, root).folder
    text = "".join(f"# T{i}\n\nPhrase numéro {i}. Une autre {i}.\n\n" for i in range(400))
    (folder / "long.md").write_text(text, encoding="utf-8")
    assert in_a_process(processes.build_and_tell, folder, root, tmp_path / "said", limit) == 0
    assert (tmp_path / "said").read_text() == "OSError"
    assert current_build(root, "cours") == before
    assert leftovers(root) == []
    Index.open(before, RECIPE)


@pytest.mark.parametrize("files", [{"vide.md": ""}, {"vide.md": "", "titre.md": "#"}, {"avant.md": "---\na: b\n---\n"}])
def test_an_empty_course_is_built_and_finds_nothing(make_course: MakeCourse, root: Path, files: dict[str, str]) -> None:
    built = build(make_course(files), root)
    index = Index.open(built.folder, RECIPE)
    hits = index.search("Qu'est-ce qu'un port ?", vector_of("question"))
    assert [hit.chunk.sentences for hit in hits] == [()] * built.manifest.counts["empty_sections"]


@pytest.mark.model
def test_the_shipped_course_is_built(index: Index) -> None:
    assert index.manifest.counts["sections"] == 6
    assert index.manifest.counts["empty_sections"] == 1
    assert index.document_title("introduction-docker") == "Introduction Docker"
    empty = [s.heading_path for s in index.sections("introduction-docker") if s.is_empty]
    assert empty == [("Concepts", "Volume Docker")]
