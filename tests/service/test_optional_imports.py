"""What is told where a library is missing: the command that installs it, for each way to install the program."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

from reperage.service import optional_imports
from reperage.service.errors import StartError
from reperage.service.optional_imports import EXTRAS, Installation, extra, install_command, installation

ROOT = Path(__file__).parents[2]
REQUIRES = ["numpy>=2", "slack-bolt<2,>=1.30; extra == 'slack'", 'aiohttp<4,>=3.12 ; extra == "slack"']


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Pretends that the program was installed from what is told."""

    def pretend(direct_url: dict[str, Any] | None, is_checkout: bool = False) -> None:
        there = Installation(is_checkout, direct_url, REQUIRES)
        monkeypatch.setattr(optional_imports, "installation", lambda: there)

    return pretend


def test_the_extras_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(project["optional-dependencies"]) == EXTRAS | {"test", "dev"}


def test_the_container_has_them_all() -> None:
    [extras] = re.findall(r'^ARG EXTRAS="(.*)"$', (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(extras.split()) == EXTRAS


@pytest.mark.parametrize("name", sorted(EXTRAS))
def test_in_a_checkout_its_own_tool_installs_an_extra(name: str) -> None:
    assert install_command(name) == f"python3 tools/environment.py --extra {name}"
    assert (ROOT / install_command(name).split()[1]).is_file()


@pytest.mark.parametrize("name", sorted(EXTRAS))
def test_from_a_wheel_the_same_wheel_is_installed_with_the_extra(name: str, installed: Any, tmp_path: Path) -> None:
    wheel = tmp_path / "cours d'été" / "reperage-0.1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    installed({"url": wheel.as_uri(), "archive_info": {}})
    assert shlex.split(install_command(name)) == ["pip", "install", f"{wheel}[{name}]"]


@pytest.mark.parametrize(
    ("direct_url", "told"),
    [
        (None, "pip install 'reperage[slack]'"),
        (
            {"url": "https://cours.example/reperage-0.1.0-py3-none-any.whl", "archive_info": {"hash": "sha256=0"}},
            "pip install 'reperage[slack] @ https://cours.example/reperage-0.1.0-py3-none-any.whl'",
        ),
        (
            {"url": "https://git.example/repere.git", "vcs_info": {"vcs": "git", "commit_id": "0a1b"}},
            "pip install 'reperage[slack] @ git+https://git.example/repere.git@0a1b'",
        ),
        (
            {"url": "https://cours.example/all.zip", "archive_info": {}, "subdirectory": "repere"},
            "pip install 'reperage[slack] @ https://cours.example/all.zip#subdirectory=repere'",
        ),
        ({"url": ROOT.as_uri(), "dir_info": {}}, f"pip install '{ROOT}[slack]'"),
        ({"url": ROOT.as_uri(), "dir_info": {"editable": True}}, f"pip install --editable '{ROOT}[slack]'"),
        # The file is gone: its libraries have names of their own.
        (
            {"url": "file:///gone/reperage.whl", "archive_info": {}},
            "pip install 'slack-bolt<2,>=1.30' 'aiohttp<4,>=3.12'",
        ),
    ],
)
def test_an_extra_comes_from_where_the_program_came_from(
    direct_url: dict[str, Any] | None, told: str, installed: Any
) -> None:
    installed(direct_url)
    assert install_command("slack") == told


def test_a_package_of_others_is_installed_by_its_name(installed: Any) -> None:
    assert install_command("langchain-anthropic") == ".venv/bin/pip install 'langchain-anthropic'"
    installed({"url": "file:///gone/reperage.whl", "archive_info": {}})
    assert install_command("langchain-anthropic") == "pip install 'langchain-anthropic'"


def test_the_tests_run_in_a_checkout() -> None:
    assert installation().is_checkout


def test_a_library_that_is_missing_is_told_with_the_command() -> None:
    with (
        pytest.raises(StartError, match=r"not installed: python3 tools/environment\.py --extra slack$"),
        extra("slack"),
    ):
        import no_such_library  # noqa: F401


def test_a_module_of_ours_that_cannot_be_imported_is_no_missing_library() -> None:
    with pytest.raises(ModuleNotFoundError), extra("slack"):
        import reperage.no_such_module  # noqa: F401
