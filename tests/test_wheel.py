"""The wheel alone, in an empty environment and an empty folder, answers the reference question."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tools import environment

ROOT = Path(__file__).parents[1]
WEB = ROOT / "web"
REFERENCE = "différence port exposé et port interne"


@pytest.mark.package
@pytest.mark.timeout(900)
def test_the_wheel_alone_answers_the_reference_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")

    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    monkeypatch.setattr(environment, "VENV", venv)
    monkeypatch.setattr(environment, "PYTHON", venv / "bin" / "python")
    environment.install_torch()
    environment.pip("Installing the wheel", str(wheel))

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
