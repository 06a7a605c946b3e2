import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from reperage.corpus import Chunking, SplitDocument, split
from reperage.index import store
from tests.conftest import at_most
from tests.corpus.generated import documents
from tests.corpus.reading import document_of, words


def written(folder: Path, *splits: SplitDocument) -> store.Store:
    folder.mkdir()
    store.write(folder, splits)
    return store.Store(folder)


@at_most(50)
@given(text=documents)
def test_what_is_read_is_what_was_written(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    first = split(replace(document_of(text), pages=((0, 3), (3, 9))), words, Chunking(24, 40, 10))
    second = split(replace(document_of("# Autre\n\nL'été 🐳.\u2028Fin.\n"), id="autre"), words, Chunking())
    opened = written(tmp_path_factory.mktemp("store") / "s", first, second)
    assert opened.document_ids == ["cours", "autre"]
    chunks = [*first.chunks, *second.chunks]
    assert len(opened) == len(chunks)
    assert [opened.chunk(i) for i in range(len(chunks))] == chunks
    for one in (first, second):
        assert opened.document(one.document.id) == one.document
        assert opened.sections(one.document.id) == one.sections
        assert opened.title(one.document.id) == one.document.title


@at_most(50)
@given(text=documents)
def test_a_section_has_its_chunks_and_holds_its_characters(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    first = split(document_of(text), words, Chunking(24, 40, 10))
    second = split(replace(document_of("# A\n\nun\n\n# B\n\n## C\n\ndeux\n"), id="autre"), words, Chunking())
    opened = written(tmp_path_factory.mktemp("store") / "s", first, second)
    for one in (first, second):
        for section in one.sections:
            own = [chunk for chunk in one.chunks if chunk.section == section]
            assert [opened.chunk(row) for row in opened.rows(section)] == own
            assert opened.section_at(one.document.id, section.start) == section
            assert opened.section_at(one.document.id, section.end - 1) == section
        assert opened.section_at(one.document.id, len(one.document.text)) is None


def test_a_course_without_a_chunk_can_be_written_and_read(tmp_path: Path) -> None:
    opened = written(tmp_path / "s", split(document_of(""), words, Chunking()))
    assert len(opened) == 0
    assert opened.document("cours").text == ""
    assert opened.sections("cours") == ()


def test_a_document_that_is_not_there_is_a_key_error(tmp_path: Path) -> None:
    opened = written(tmp_path / "s", split(document_of("a"), words, Chunking()))
    with pytest.raises(KeyError):
        opened.document("../autre")


def test_a_store_reads_on_after_its_folder_is_removed(tmp_path: Path) -> None:
    made = split(document_of("# Été\n\nUne phrase."), words, Chunking())
    opened = written(tmp_path / "s", made)
    shutil.rmtree(tmp_path / "s")
    assert opened.document("cours") == made.document
    assert opened.chunk(0) == made.chunks[0]
