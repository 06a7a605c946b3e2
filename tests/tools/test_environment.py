"""`tools/environment.py`, which makes `.venv` before anything of the project can be imported."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "environment.py"


def test_an_old_python_can_read_it():
    ast.parse(TOOL.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_an_old_python_is_told_so():
    pretend = "import runpy, sys; sys.version_info = (3, 8, 10, 'final', 0); sys.version = '3.8.10 (pretended)'; "
    done = subprocess.run(
        [sys.executable, "-c", f"{pretend}runpy.run_path({str(TOOL)!r}, run_name='__main__')"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "3.11" in done.stderr
    assert "3.8.10" in done.stderr
    assert "Traceback" not in done.stderr


FAKE_PYTHON = """\
#!/bin/sh
echo "$@" >> "$(dirname "$0")/../../calls"
if [ -e "$(dirname "$0")/../../broken" ]; then echo "ERROR: No matching distribution found for x"; exit 1; fi
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with an environment whose Python only writes down what it is asked to do."""
    (tmp_path / "tools").mkdir()
    shutil.copy(TOOL, tmp_path / "tools")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    (tmp_path / "constraints.txt").write_text("torch==9.8.7\nnumpy==1\n")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(FAKE_PYTHON)
    python.chmod(0o755)
    version = ".".join(map(str, sys.version_info[:3]))
    (tmp_path / ".venv" / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n")
    stamp(tmp_path).write_text(json.dumps({"digest": "old", "extras": ["test"], "folder": str(tmp_path)}))
    return tmp_path


def stamp(project: Path) -> Path:
    return project / ".venv" / "repere-stamp.json"


def update(project: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run the tool; also what pip was asked to do."""
    done = subprocess.run(
        [sys.executable, str(project / "tools" / "environment.py"), *arguments],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "TORCH_INDEX": "https://torch.example/cpu"},
        check=False,
    )
    calls = project / "calls"
    asked = calls.read_text().splitlines() if calls.exists() else []
    calls.unlink(missing_ok=True)
    return done, asked


def test_pytorch_is_installed_first_and_everything_at_the_pinned_versions(project: Path):
    done, asked = update(project)

    assert done.returncode == 0, done.stderr
    torch, rest = asked
    assert torch.endswith("--no-deps torch==9.8.7 --index-url https://torch.example/cpu")
    assert rest.endswith(f"--editable {project}[test]")
    assert all(f"--constraint {project / 'constraints.txt'}" in line for line in asked)


def test_nothing_is_run_while_nothing_has_changed(project: Path):
    update(project)
    done, asked = update(project)

    assert (done.returncode, done.stdout, done.stderr, asked) == (0, "", "", [])


def test_an_extra_is_added_to_those_that_are_there_and_stays(project: Path):
    update(project)
    _, asked = update(project, "--extra", "dev")
    assert asked[-1].endswith("[dev,test]")
    assert update(project)[1] == []


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_change_of_what_is_needed_is_installed(project: Path, name: str):
    update(project)
    with (project / name).open("a") as file:
        file.write("\n# changed\n")
    assert len(update(project)[1]) == 2


def test_a_failure_is_a_sentence_and_the_next_run_tries_again(project: Path):
    (project / "broken").touch()
    done, _ = update(project)
    assert done.returncode == 1
    assert "No matching distribution" in done.stderr
    assert "PIP_INDEX_URL" in done.stderr
    assert "Traceback" not in done.stderr

    (project / "broken").unlink()
    done, asked = update(project)
    assert done.returncode == 0
    assert len(asked) == 2


def test_constraints_without_pytorch_are_a_sentence(project: Path):
    (project / "constraints.txt").write_text("numpy==1\n")
    done, asked = update(project)
    assert done.returncode == 1
    assert "torch==" in done.stderr
    assert "Traceback" not in done.stderr
    assert asked == []
