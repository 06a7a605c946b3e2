"""`tools/typescript.py`, with a Node that only writes down what it is asked to do."""

import json
import shutil
from pathlib import Path

import pytest

from tools import typescript
from tools.environment import Problem

FAKE_NODE = """\
#!/bin/sh
echo "$@" >> "{calls}"
if [ -e "{folder}/broken" ]; then echo "npm error code ENOTFOUND"; exit 1; fi
mkdir -p "{folder}/node_modules"
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Node is told what to do: a line for each time. The tool works on a copy of its folder."""
    folder, node, calls = tmp_path / "web", tmp_path / "node", tmp_path / "calls"
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(typescript.FOLDER / name, folder)
    program = node / "bin" / "node"
    program.parent.mkdir(parents=True)
    program.write_text(FAKE_NODE.format(calls=calls, folder=folder), encoding="utf-8")
    program.chmod(0o755)
    calls.touch()
    monkeypatch.setattr(typescript, "FOLDER", folder)
    monkeypatch.setattr(typescript, "LOCK", folder / "package-lock.json")
    monkeypatch.setattr(typescript, "STAMP", folder / "node_modules" / "repere-stamp")
    monkeypatch.setattr(typescript, "find_node", lambda: node)
    return calls


def asked(calls: Path) -> list[str]:
    return calls.read_text(encoding="utf-8").splitlines()


def test_what_the_lock_file_says_is_installed_once(calls: Path):
    assert not typescript.is_ready()
    typescript.install()
    typescript.install()
    assert typescript.is_ready()
    [call] = asked(calls)
    assert "npm-cli.js ci" in call


def test_a_changed_lock_file_is_installed(calls: Path):
    typescript.install()
    with typescript.LOCK.open("a", encoding="utf-8") as file:
        file.write("\n")
    typescript.install()
    assert len(asked(calls)) == 2


def test_a_failure_is_a_sentence_and_the_next_run_tries_again(calls: Path):
    broken = typescript.FOLDER / "broken"
    broken.touch()
    with pytest.raises(Problem, match=r"(?s)ENOTFOUND.*registry in reach"):
        typescript.install()
    broken.unlink()
    typescript.install()
    assert len(asked(calls)) == 2


def test_without_node_it_is_told_where_node_comes_from(calls: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(typescript, "find_node", lambda: None)
    assert not typescript.is_ready()
    with pytest.raises(Problem, match="make check"):
        typescript.install()


def test_the_lock_file_holds_hashes_and_no_address():
    text = typescript.LOCK.read_text(encoding="utf-8")
    assert "://" not in text
    packages = json.loads(text)["packages"]
    wanted = json.loads((typescript.FOLDER / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    assert packages[""]["devDependencies"] == wanted
    assert all(version[0].isdigit() for version in wanted.values())
    assert all(package["integrity"].startswith("sha512-") for path, package in packages.items() if path)
