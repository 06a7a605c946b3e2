"""Which file holds a document, folders without one, and text that makes no section."""

import pytest

from reperage.corpus import document_paths, has_section, read_course, source_digests
from reperage.corpus.errors import EmptyCourse
from tests.conftest import MakeCourse


def test_every_document_has_the_path_that_it_is_read_from(make_course: MakeCourse) -> None:
    folder = make_course(
        {"Chapitre 1.md": "# A", "a b.md": "# B", "A B.markdown": "# C", ".x.md": "# D", "b/é.md": "# E"}
    )
    paths = document_paths(folder)
    assert paths == {document.id: document.source.path for document in read_course(folder).documents}
    assert paths == {"a-b": "A B.markdown", "chapitre-1": "Chapitre 1.md", "a-b-2": "a b.md", "b-e": "b/é.md"}


def test_a_folder_without_documents_is_a_course_where_it_may_be(make_course: MakeCourse) -> None:
    folder = make_course({"image.png": "…"})
    read = read_course(folder, may_be_empty=True)
    assert (read.documents, read.passed_over) == ((), ("image.png",))
    nowhere = folder / "nowhere"
    assert read_course(nowhere, "cours", may_be_empty=True).documents == ()
    assert document_paths(nowhere) == source_digests(nowhere, may_be_empty=True) == {}
    for missing in (folder, nowhere):
        with pytest.raises(EmptyCourse):
            source_digests(missing)
    with pytest.raises(EmptyCourse):
        read_course(folder / "image.png", may_be_empty=True)


@pytest.mark.parametrize("text", ["", " \n\t", "---\na: b\n---\n", "[a]: https://a.example\n"])
def test_text_without_a_section(text: str) -> None:
    assert not has_section(text)


@pytest.mark.parametrize("text", ["#", "a", "- a", "```\na\n```", "\n" * 200_000 + "a", "---\na: b\n---\na"])
def test_text_with_a_section(text: str) -> None:
    assert has_section(text)
