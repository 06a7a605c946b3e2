from pathlib import Path

import pytest

from reperage.index.builds import courses_on, current_build, find_build, new_build
from reperage.index.errors import BuildInProgress
from tests.conftest import MakeCourse
from tests.index.building import RECIPE, build


def publish(root: Path, text: str, course: str = "cours") -> Path:
    with new_build(root, course) as folder:
        (folder / "file").write_text(text)
    published = current_build(root, course)
    assert published is not None
    return published


def test_a_build_becomes_current_when_it_is_whole(tmp_path: Path) -> None:
    with new_build(tmp_path, "cours") as folder:
        (folder / "file").write_text("un")
        assert current_build(tmp_path, "cours") is None
    published = current_build(tmp_path, "cours")
    assert published
    assert (published / "file").read_text() == "un"
    assert (tmp_path / "cours" / "current").read_text() == published.name + "\n"


def test_an_error_leaves_the_build_before_and_nothing_else(tmp_path: Path) -> None:
    before = publish(tmp_path, "un")
    with pytest.raises(ZeroDivisionError), new_build(tmp_path, "cours") as folder:
        (folder / "file").write_text(f"{1 // 0}")
    assert current_build(tmp_path, "cours") == before
    assert [p for p in (tmp_path / "cours").iterdir() if p.is_dir()] == [before]


def test_the_build_before_is_kept_and_older_ones_and_leftovers_are_not(tmp_path: Path) -> None:
    first, second = publish(tmp_path, "un"), publish(tmp_path, "deux")
    assert first.is_dir()
    (tmp_path / "cours" / "20200101T000000.partial").mkdir()
    third = publish(tmp_path, "trois")
    assert {p for p in (tmp_path / "cours").iterdir() if p.is_dir()} == {second, third}
    assert (second / "file").read_text() == "deux"


def test_a_second_build_of_a_course_is_refused_and_one_of_another_is_not(tmp_path: Path) -> None:
    with new_build(tmp_path, "cours"):
        publish(tmp_path, "autre", "autre")
        with pytest.raises(BuildInProgress, match="'cours'"), new_build(tmp_path, "cours"):
            raise AssertionError
    publish(tmp_path, "un")


@pytest.mark.parametrize("name", ["", "\n", "absent", "..", "../..", "/tmp", ".", "a/b", "file"])
def test_a_current_that_names_no_folder_of_the_shelf_names_no_build(tmp_path: Path, name: str) -> None:
    publish(tmp_path, "un")
    (tmp_path / "cours" / "a" / "b").mkdir(parents=True)
    (tmp_path / "cours" / "file").touch()
    (tmp_path / "cours" / "current").write_text(name)
    assert current_build(tmp_path, "cours") is None
    assert courses_on(tmp_path) == []


def test_a_current_that_is_no_text_names_no_build(tmp_path: Path) -> None:
    publish(tmp_path, "un")
    (tmp_path / "cours" / "current").write_bytes(b"\xff\xfe\x00")
    assert current_build(tmp_path, "cours") is None


def test_courses_are_those_with_a_current_build(tmp_path: Path) -> None:
    assert courses_on(tmp_path / "rien") == []
    publish(tmp_path, "b", "b")
    publish(tmp_path, "a", "a")
    (tmp_path / "vide").mkdir()
    (tmp_path / "fichier").touch()
    assert courses_on(tmp_path) == ["a", "b"]


def test_a_build_is_found_in_any_root_where_it_fits(make_course: MakeCourse, tmp_path: Path) -> None:
    built = build(make_course({"a.md": "a"}), tmp_path / "2")
    publish(tmp_path / "1", "sans manifeste")
    roots = [tmp_path / "0", tmp_path / "1", tmp_path / "2"]
    assert find_build(roots, "cours", RECIPE, built.manifest.sources) == built.folder
    assert find_build(roots, "cours", RECIPE, {"a.md": "autre"}) is None
