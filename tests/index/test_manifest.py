import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reperage.corpus import Chunking
from reperage.index.errors import DamagedIndex, WrongFormat, WrongModel, WrongParameters
from reperage.index.index import Index
from reperage.index.manifest import FORMAT, Manifest, file_digest
from reperage.index.text import analysis
from tests.conftest import MakeCourse
from tests.index.building import RECIPE, build

MATERIAL = {"a.md": "# A\n\nUn conteneur est isolé. Un port.\n\n# B\n", "b/c.md": "texte", "d.pdf": b""}


@pytest.fixture
def folder(make_course: MakeCourse, tmp_path: Path) -> Path:
    return build(make_course(MATERIAL), tmp_path / "indexes").folder


def test_a_manifest_says_what_was_built_from_what(folder: Path, tmp_path: Path) -> None:
    manifest = Manifest.read(folder)
    assert (manifest.course, manifest.title, manifest.language) == ("cours", "Cours", "fr")
    assert manifest.material == str(tmp_path / "cours")
    assert (manifest.model, manifest.model_digest, manifest.dimensions) == ("petit", "sha256:petit", 16)
    assert manifest.sources == {path: file_digest(tmp_path / "cours" / path) for path in ("a.md", "b/c.md")}
    assert manifest.passed_over == ("d.pdf",)
    assert manifest.counts == {"documents": 2, "sections": 3, "empty_sections": 1, "chunks": 3, "sentences": 3}
    assert set(manifest.documents) == {"a", "b-c"}
    assert manifest.parameters == RECIPE.parameters()
    assert manifest.format == FORMAT
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert set(manifest.checksums) == files - {"manifest.json"}


def test_a_manifest_is_read_as_it_was_written(folder: Path, tmp_path: Path) -> None:
    manifest = replace(Manifest.read(folder), title="L'été 🐳")
    manifest.write(tmp_path)
    assert Manifest.read(tmp_path) == manifest


def test_a_manifest_fits_equal_material_and_recipe_only(folder: Path) -> None:
    manifest = Manifest.read(folder)
    assert manifest.fits(RECIPE, manifest.sources)
    assert not manifest.fits(RECIPE, {**manifest.sources, "a.md": "0"})
    assert not manifest.fits(RECIPE, {"a.md": manifest.sources["a.md"]})
    assert not manifest.fits(replace(RECIPE, model_digest="sha256:autre"), manifest.sources)
    assert not manifest.fits(replace(RECIPE, chunking=Chunking(target=100)), manifest.sources)
    assert not replace(manifest, format=FORMAT + 1).fits(RECIPE, manifest.sources)
    assert not manifest.fits(replace(RECIPE, document_prompt="texte : "), manifest.sources)
    assert manifest.fits(replace(RECIPE, model="autre nom"), manifest.sources)
    assert manifest.fits(RECIPE, manifest.sources, "fr")
    assert not manifest.fits(RECIPE, manifest.sources, "en")


def test_another_model_is_named_with_what_to_run(folder: Path) -> None:
    with pytest.raises(WrongModel, match=r"repere build .*cours") as caught:
        Index.open(folder, replace(RECIPE, model="grand", model_digest="sha256:grand"))
    assert "'petit'" in str(caught.value)
    assert "'grand'" in str(caught.value)


def test_other_parameters_are_named_with_what_to_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in (replace(RECIPE, chunking=Chunking(target=100)), replace(RECIPE, document_prompt="texte : ")):
        with pytest.raises(WrongParameters, match=r"repere build .*cours"):
            Index.open(folder, other)
    Index.open(folder, RECIPE)
    monkeypatch.setattr(analysis, "VERSION", analysis.VERSION + 1)
    with pytest.raises(WrongParameters, match=r"repere build .*cours"):
        Index.open(folder, RECIPE)
    Index.open(folder, None)


def edit(folder: Path, **values: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")


@pytest.mark.parametrize("written", [FORMAT + 1, 0, "1", None])
def test_another_format_is_named_with_what_to_run(folder: Path, written: Any) -> None:
    edit(folder, format=written)
    with pytest.raises(WrongFormat, match="repere build"):
        Index.open(folder, RECIPE)


def test_another_format_is_named_even_where_its_fields_are_others(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"format": 99, "entirely": "else"}', encoding="utf-8")
    with pytest.raises(WrongFormat, match="99"):
        Manifest.read(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"3", b"{}", b"\xff\xfe", b'{"format": 1}'])
def test_a_manifest_that_cannot_be_read_is_damage(folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content.replace(b"1", str(FORMAT).encode()))
    with pytest.raises(DamagedIndex, match=r"manifest\.json.*repere build"):
        Index.open(folder, RECIPE)


def test_a_manifest_cut_short_is_damage(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DamagedIndex, match="repere build"):
        Index.open(folder, RECIPE)


def test_every_missing_file_is_damage(folder: Path) -> None:
    for name in [*Manifest.read(folder).checksums, "manifest.json"]:
        path = folder / name
        data = path.read_bytes()
        path.unlink()
        with pytest.raises(DamagedIndex, match="repere build") as caught:
            Index.open(folder, RECIPE)
        assert str(path) in str(caught.value)
        path.write_bytes(data)
    Index.open(folder, RECIPE)


def test_a_flipped_byte_in_any_file_is_damage(folder: Path) -> None:
    for name in Manifest.read(folder).checksums:
        path = folder / name
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]) if data else b"x")
        with pytest.raises(DamagedIndex, match="repere build") as caught:
            Index.open(folder, RECIPE)
        assert str(path) in str(caught.value)
        path.write_bytes(data)
    Index.open(folder, RECIPE)
