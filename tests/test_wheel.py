"""The wheel alone, with what it says it needs and in an empty folder, answers the reference question."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from email.parser import Parser
from importlib.metadata import Distribution, distribution
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
WEB = ROOT / "web"
REFERENCE = "différence port exposé et port interne"


def required(requirements: list[str], extra: str = "") -> Iterator[tuple[Distribution, Requirement]]:
    """The distributions that these requirements name and are good for this machine."""
    for requirement in map(Requirement, requirements):
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            found = distribution(requirement.name)
            assert requirement.specifier.contains(found.version, prereleases=True), f"{requirement}: {found.version}"
            yield found, requirement


def closure(requirements: list[str]) -> dict[str, Distribution]:
    """What an installation of these requirements installs, by name."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(requirements, "")]
    while waiting:
        for one, requirement in required(*waiting.pop()):
            name = canonicalize_name(one.metadata["Name"])
            found[name] = one
            for extra in ("", *requirement.extras):
                if (name, extra) not in seen:
                    seen.add((name, extra))
                    waiting.append((list(one.requires or ()), extra))
    return found


def link(one: Distribution, packages: Path) -> None:
    """Put what a distribution has installed into another folder of packages, without copying it."""
    for top in {file.parts[0] for file in one.files or () if file.parts[0] not in ("..", "__pycache__")}:
        place = packages / top
        if not place.exists():
            place.symlink_to(Path(str(one.locate_file(top))))


@pytest.mark.package
@pytest.mark.timeout(900)
def test_the_wheel_alone_answers_the_reference_question(tmp_path: Path):
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        needs = Parser().parsestr(archive.read(metadata).decode()).get_all("Requires-Dist", [])

    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    [packages] = venv.glob("lib/python*/site-packages")
    for one in closure(needs).values():
        link(one, packages)
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python")]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    subprocess.run([*pip, "check"], check=True)

    empty = tmp_path / "empty"
    empty.mkdir()
    with subprocess.Popen(
        [str(venv / "bin" / "repere"), "serve", "--port", "0"],
        cwd=empty,
        env={"PATH": os.environ["PATH"], "REPERE_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            addresses = (re.search(r"http://\S+", line) for line in process.stderr)
            url = next(found.group() for found in addresses if found)
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
        finally:
            process.terminate()
            process.communicate(timeout=60)
    assert list(empty.iterdir()) == []
