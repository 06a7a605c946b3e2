"""The program as it is installed, from the wheel and from a checkout: whole, apart from a user's own, removable."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from reperage.service.optional_imports import EXTRAS

pytestmark = [pytest.mark.package, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[1]
WEB = ROOT / "web"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LIBRARIES = str(distribution("hatchling").locate_file(""))
"""Those of this run."""
REFERENCE = "différence port exposé et port interne"

USERS_PROGRAM = """\
from reperage.index.langchain import RepereRetriever
retriever = RepereRetriever.load("var/indexes", "docker", k=3)
retriever.k = "three"
"""


@dataclass(frozen=True)
class Installed:
    """An environment with nothing but the program and what it says that it needs, and a user's folder."""

    venv: Path
    origin: Path
    """The wheel, or the checkout."""
    folder: Path
    """A user's own, with packages that are called as ours are."""
    home: Path
    """A `REPERE_HOME` with the index of the shipped course."""

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "REPERE_HOME": str(self.home), "HF_HUB_OFFLINE": "1"}

    def run(self, program: str, *arguments: str, status: int = 0) -> str:
        """What a program of the environment prints, in the user's folder."""
        command = [str(self.venv / "bin" / program), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=self.folder, env=self.environment, check=False, timeout=300
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel."""
    return build(tmp_path_factory.mktemp("wheel"), "--wheel")


@pytest.fixture(scope="module", params=["wheel", "checkout"])
def installed(
    request: pytest.FixtureRequest, built: Path, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    folder = tmp_path_factory.mktemp(request.param)
    origin = built if request.param == "wheel" else ROOT
    venv = make_venv(folder / "venv")
    install(venv, origin)
    user = folder / "user"
    for name in ("corpus", "index", "service", "web"):
        (user / name).mkdir(parents=True)
        (user / name / "__init__.py").write_text(f"raise ImportError('{name} is the user's own')\n")
    (user / "program.py").write_text(USERS_PROGRAM)
    return Installed(venv, origin, user, home)


def build(folder: Path, *options: str) -> Path:
    """The wheel that is built into `folder`."""
    command = [sys.executable, "-m", "build", "--no-isolation", *options, "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    return wheel


def make_venv(venv: Path) -> Path:
    """An environment with the libraries that the program names, those of this run's, and none that it does not."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    libraries = venv.with_name("libraries")
    libraries.mkdir()
    for needed in closure(PROJECT["dependencies"]).values():
        for top in {file.parts[0] for file in needed.files or ()} - {"..", "__pycache__"}:
            if not (libraries / top).exists():
                (libraries / top).symlink_to(str(needed.locate_file(top)))
    [packages] = venv.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(f"{libraries}\n")
    return venv


def closure(requirements: list[str]) -> dict[str, Distribution]:
    """The distributions of this environment that fulfil the requirements, with those that they need, by name."""
    found: dict[str, Distribution] = {}
    left = [(Requirement(text), "") for text in requirements]
    seen = set()
    while left:
        required, extra = left.pop()
        if required.marker and not required.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(required.name)
        for of in ("", *required.extras):
            if (name, of) not in seen:
                seen.add((name, of))
                found[name] = distribution(name)
                left += [(Requirement(text), of) for text in found[name].requires or ()]
    return found


def pip(venv: Path, *arguments: str, **variables: str) -> str:
    command = [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | variables, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def install(venv: Path, origin: Path) -> None:
    """Install the wheel, or the checkout as it is developed, with the builder of this environment."""
    if origin.is_dir():
        options = ["--no-build-isolation", "--ignore-installed", "--editable"]
        pip(venv, "install", "--no-deps", *options, str(origin), PYTHONPATH=LIBRARIES)
    else:
        pip(venv, "install", "--no-deps", str(origin))


def contents(wheel: Path) -> dict[str, int]:
    """The files of a wheel with their checksums."""
    with zipfile.ZipFile(wheel) as archive:
        files = {entry.filename: entry.CRC for entry in archive.infolist()}
        assert len(files) == len(archive.infolist()), "a file is there twice"
    return files


def test_the_wheel_holds_the_four_packages_and_nothing_else(built: Path) -> None:
    own = {path for package in ("corpus", "index", "service", "web") for path in (ROOT / package).rglob("*")}
    own |= set((ROOT / "reperage").glob("*.*"))
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in own
        if path.is_file() and "__pycache__" not in path.parts and path.name != ".DS_Store"
    }
    wanted = {name if name.startswith("reperage/") else f"reperage/{name}" for name in wanted}
    assert {name for name in contents(built) if ".dist-info/" not in name} == wanted
    assert "reperage/py.typed" in wanted


def test_the_source_distribution_makes_the_same_wheel(built: Path, tmp_path: Path) -> None:
    assert contents(build(tmp_path)) == contents(built)


def test_the_wheel_requires_what_the_project_names(installed: Installed) -> None:
    wanted = set(map(Requirement, PROJECT["dependencies"]))
    optional = PROJECT["optional-dependencies"]
    wanted |= {with_marker(text, extra) for extra in EXTRAS for text in optional[extra]}
    code = "import importlib.metadata as m; print(*m.requires('reperage'), sep='\\n')"
    declared = set(map(Requirement, installed.run("python", "-c", code).splitlines()))
    assert {each for each in declared if not re.search("extra == .(dev|test)", str(each.marker))} == wanted
    assert set(optional) == EXTRAS | {"dev", "test"}


def with_marker(text: str, extra: str) -> Requirement:
    return Requirement(f"{text}; extra == '{extra}'")


def test_the_commands_tell_their_version(installed: Installed) -> None:
    said = f"repere {PROJECT['version']}\n"
    for command in (["repere"], ["reperage"], ["python", "-m", "reperage"]):
        assert installed.run(*command, "--version") == said, command


@pytest.mark.model
def test_a_question_is_answered(installed: Installed) -> None:
    assert "C'est ce que l'on appelle un port exposé. [2]" in installed.run("repere", "ask", REFERENCE)


@pytest.mark.model
def test_a_program_of_the_user_finds_a_passage(installed: Installed) -> None:
    code = (
        "from reperage.index.langchain import RepereRetriever\n"
        f"retriever = RepereRetriever.load({str(installed.home / 'indexes')!r}, 'docker', k=1)\n"
        f"print(retriever.invoke({REFERENCE!r})[0].metadata['heading_path'])"
    )
    assert installed.run("python", "-c", code) == "['Concepts', 'Conteneur Docker']\n"


def test_types_arrive_in_a_program_of_the_user(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> None:
    cache = tmp_path_factory.getbasetemp() / "mypy-of-installed"
    # Reading their million lines takes minutes.
    skipped = "[mypy-torch.*,sentence_transformers.*,transformers.*]\nfollow_imports = skip\n"
    (installed.folder / "mypy.ini").write_text(f"[mypy]\nstrict = true\n{skipped}")
    mypy = [sys.executable, "-m", "mypy", "--python-executable", str(installed.python), "--cache-dir", str(cache)]
    done = subprocess.run([*mypy, "program.py"], capture_output=True, text=True, cwd=installed.folder, check=False)
    assert [line for line in done.stdout.splitlines() if ": error: " in line] == [
        'program.py:3: error: Incompatible types in assignment (expression has type "str", variable has type "int")'
        "  [assignment]"
    ], done.stdout + done.stderr


def test_what_to_install_is_told_for_the_way_that_the_program_was_installed(installed: Installed) -> None:
    told = json.loads(installed.run("python", str(ROOT / "tests" / "missing_libraries.py")))
    assert told.keys() == EXTRAS | {"langchain-anthropic", "langchain-aws"}
    is_checkout = installed.origin.is_dir()
    for name, messages in told.items():
        if name not in EXTRAS:
            command = f"{'.venv/bin/' if is_checkout else ''}pip install '{name}'"
        elif is_checkout:
            command = f"python3 tools/environment.py --extra {name}"
        else:
            command = f"pip install '{installed.origin}[{name}]'"
        for message in messages:
            assert message.endswith(f": {command}"), message


def test_what_is_told_installs_an_extra(built: Path, tmp_path: Path) -> None:
    """Pip takes the file with an extra; what that brings is there already."""
    venv = make_venv(tmp_path / "venv")
    install(venv, built)
    code = "from reperage.service.optional_imports import install_command; print(install_command('redis'))"
    # In a folder of its own: Python would find the checkout in the present one.
    told = subprocess.run(
        [venv / "bin" / "python", "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    program, *arguments = shlex.split(told.stdout)
    assert program == "pip"
    report = pip(venv, *arguments, "--no-index", "--dry-run", PYTHONPATH=LIBRARIES)
    assert re.search(r"Requirement already satisfied: redis>=5 .*from reperage", report)


def test_nothing_is_left_of_what_was_removed(built: Path, tmp_path: Path) -> None:
    venv = make_venv(tmp_path / "venv")
    before = set(venv.rglob("*"))
    for origin in (built, ROOT):
        install(venv, origin)
        subprocess.run([venv / "bin" / "repere", "--version"], capture_output=True, check=True)
        assert set(venv.rglob("*")) > before
        pip(venv, "uninstall", "--yes", "reperage")
        assert set(venv.rglob("*")) == before


@pytest.mark.model
@pytest.mark.parametrize("installed", ["wheel"], indirect=True)
def test_the_wheel_alone_builds_and_serves(installed: Installed, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with subprocess.Popen(
        [str(installed.venv / "bin" / "repere"), "serve", "--port", "0"],
        cwd=empty,
        env=installed.environment | {"REPERE_HOME": str(tmp_path / "home")},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            addresses = (re.search(r"http://\S+", line) for line in process.stderr)
            url = next(found.group() for found in addresses if found)
            assert_served(url)
        finally:
            process.terminate()
            process.communicate(timeout=60)
    assert list(empty.iterdir()) == []


def assert_served(url: str) -> None:
    """The reference question is answered with its sources, and the pages are there with all their files."""
    answer = httpx.post(f"{url}v1/ask", json={"question": REFERENCE}).json()
    assert answer["status"] == "answered"
    assert len(answer["citations"]) == 5
    for citation in answer["citations"]:
        source = httpx.get(citation["url"])
        assert source.status_code == 200
        assert '<mark class="quote">' in source.text
    # The page of the only course, with a suggestion, whose words come from a file of the package.
    page = httpx.get(url, follow_redirects=True)
    assert page.url.path == "/courses/docker"
    assert "<repere-chat" in page.text
    assert httpx.get(f"{url}demo").status_code == 200
    own = {"Origin": url.rstrip("/")}
    begun = httpx.post(f"{url}v1/session", json={"course": "docker"}, headers=own).json()
    assert begun["course"]["suggestions"]
    for asset in sorted(file for file in WEB.rglob("*") if file.is_file()):
        name = asset.relative_to(WEB)
        at = name if name.parts[0] in ("widget", "widget.js") else f"static/{name}"
        assert httpx.get(f"{url}{at}").content == asset.read_bytes(), name
