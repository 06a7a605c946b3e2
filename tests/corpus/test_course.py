import os
import re
from pathlib import Path

import pytest
from hypothesis import example, given

from reperage.corpus import MATERIAL, Chunking, read_course, source_digests, split
from reperage.corpus.errors import EmptyCourse, UndecodableFile, UnreadableCourse, UnreadableFile
from tests.conftest import MakeCourse
from tests.corpus.generated import arbitrary, documents, plain_documents
from tests.corpus.reading import check_laws, is_subsequence, sentences_of, split_text, words


@pytest.mark.parametrize("chunking", [Chunking(), Chunking(24, 40, 10)])
@given(text=documents)
def test_spans_hold_in_any_document(chunking: Chunking, text: str) -> None:
    check_laws(split_text(text, chunking), chunking)


@example(text="> > 1. # \xa0! conteneur")
@given(text=plain_documents)
def test_what_a_sentence_shows_stands_in_its_span(text: str) -> None:
    for sentence in sentences_of(text):
        letters = "".join(c for c in sentence.shown if c.isalnum())
        assert is_subsequence(letters, text[sentence.start : sentence.end])


@given(text=arbitrary)
def test_any_text_can_be_read(text: str) -> None:
    check_laws(split_text(text), Chunking())


N = 50_000


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "Un conteneur est isolé. " * 40_000,
        "mot " * 250_000,
        "x" * 20_000,
        "[" * (N // 4),
        "a " + "*" * N,
        "*a " * (N // 4),
        "a " + "`" * N,
        "<" * N,
        "&" * N,
        "!" * N,
        "a!" + ")" * N,
        "# a" + " " * N + "b",
        "# a\n" * (N // 10),
        "".join(f"{'#' * (1 + i % 6)} Titre {i}\n" for i in range(N // 10)),
        "> " * N,
        "- " * 10_000 + "x",
        "".join("  " * (i % 10) + "- un point\n" for i in range(10_000)),
        "| a | b |\n|---|---|\n" + "| un | deux |\n" * 5_000,
        "---\ntitle: " + "[" * 10_000 + "\n---\na",
        "<script>" * 10_000,
        "<!-- " * 10_000,
    ],
    ids=lambda text: re.sub(r"\W", lambda c: f"{ord(c.group()):x}", text[:8]),
)
def test_the_worst_input_is_read_to_its_end(text: str) -> None:
    check_laws(split_text(text), Chunking())


def test_nothing_after_a_deeply_nested_list_is_lost() -> None:
    text = "".join("  " * i + f"- point {i}\n" for i in range(20)) + "\n# Fin\n\nLa fin.\n"
    shown = [s.shown for s in sentences_of(text)]
    assert shown == [*(f"point {i}" for i in range(20)), "La fin."]


def test_files_are_read_in_the_order_of_their_paths_and_others_are_named(make_course: MakeCourse) -> None:
    folder = make_course(
        {
            "b.md": "b",
            "a/Été.MD": "a",
            "plan.pdf": b"%PDF",
            ".git/c.md": "c",
            ".caché.md": "c",
        }
    )
    course = read_course(folder)
    assert course.id == "cours"
    assert [d.source.path for d in course.documents] == ["a/Été.MD", "b.md"]
    assert [d.id for d in course.documents] == ["a-ete", "b"]
    assert course.passed_over == ("plan.pdf",)
    assert source_digests(folder) == {d.source.path: d.source.digest for d in course.documents}


def test_two_paths_never_share_an_id(make_course: MakeCourse) -> None:
    folder = make_course({"a b.md": "1", "a-b.md": "2", "a/b.md": "3", "à b.md": "4"})
    ids = [d.id for d in read_course(folder).documents]
    assert sorted(ids) == ["a-b", "a-b-2", "a-b-3", "a-b-4"]


def test_all_damaged_files_are_named_at_once(make_course: MakeCourse) -> None:
    folder = make_course({"bon.md": "bon", "latin.md": "é".encode("latin-1"), "nul.md": b"ab\0c"})
    with pytest.raises(UnreadableCourse) as caught:
        read_course(folder)
    assert "latin.md" in str(caught.value)
    assert "nul.md" in str(caught.value)
    assert "bon.md" not in str(caught.value)
    assert [e.offset for e in caught.value.errors if isinstance(e, UndecodableFile)] == [0, 2]


def test_a_folder_without_documents_or_no_folder_is_no_course(make_course: MakeCourse) -> None:
    folder = make_course({"image.png": b"png"})
    for path in (folder, folder / "rien"):
        with pytest.raises(EmptyCourse, match=re.escape(str(path))):
            read_course(path)


def test_the_shipped_course_has_six_sections_of_which_volumes_are_empty() -> None:
    (document,) = read_course(MATERIAL / "docker", "docker").documents
    assert document.title == "Introduction Docker"
    sections = split(document, words, Chunking()).sections
    assert [(s.heading_path, s.anchor, s.is_empty) for s in sections] == [
        (("Introduction Docker",), "introduction-docker-documentation-officielle", False),
        (("Architecture Docker",), "architecture-docker", False),
        (("Concepts",), "concepts", False),
        (("Concepts", "Image Docker"), "image-docker", False),
        (("Concepts", "Conteneur Docker"), "conteneur-docker", False),
        (("Concepts", "Volume Docker"), "volume-docker", True),
    ]
    check_laws(split(document, words, Chunking()), Chunking())


def test_a_name_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("a")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/R\xe9seau.md")).write_text("b")
    with pytest.raises(UnreadableFile, match="rename"):
        read_course(tmp_path)
