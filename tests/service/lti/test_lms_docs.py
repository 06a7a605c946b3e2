"""What `docs/lms.md` tells programs and administrators to send and to enter is taken as it stands."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reperage.index.encoder import Encoder
from reperage.service.access.api_keys import new_key
from reperage.service.database.engine import Database
from reperage.service.database.keys import store_key
from reperage.service.lti.refusals import REASONS
from reperage.service.messages import messages
from reperage.service.settings import Settings
from tests.service.serving import Served, copy_home, serving
from tests.web.running import until

PAGE = Path(__file__).parents[3] / "docs" / "lms.md"
NOTES = "# Les câbles\n\n## La fibre\n\nUne fibre optique transporte la lumière.\n\n## Le cuivre\n\nTODO\n"


def blocks(language: str) -> list[str]:
    """The page's blocks of code in a language."""
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found
    return [str(block) for block in found]


def commands(program: str) -> list[list[str]]:
    """Every command of that program, split into its words; a backslash goes on in the next line."""
    lines = [line for block in blocks("sh") for line in block.replace("\\\n", " ").splitlines()]
    return [shlex.split(line) for line in lines if line.split()[:1] == [program]]


@pytest.fixture(scope="module")
def key() -> tuple[Any, str]:
    return new_key("Plugin", "teacher", None, None)


@pytest.fixture(scope="module")
def served(home: Path, encoder: Encoder, key: tuple, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    own = copy_home(home, tmp_path_factory.mktemp("lms"))
    database = Database(f"sqlite:///{own / 'repere.sqlite3'}")
    database.migrate()
    store_key(database, key[0])
    database.close()
    with serving(Settings(home=own), encoder) as opened:
        yield opened


def send(words: list[str], values: dict[str, str], folder: Path) -> httpx.Response:
    """What curl would do with these words, of which the page uses but a few."""
    words = [re.sub(r"\$([A-Z]+)", lambda name: values[name.group(1)], word) for word in words[1:]]
    method, headers, body, url = "", {}, None, ""
    given = iter(words)
    for word in given:
        if word == "-X":
            method = next(given)
        elif word == "-H":
            name, _, value = next(given).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(given).encode()
        elif word == "--data-binary":
            body = folder.joinpath(next(given).removeprefix("@")).read_bytes()
        elif word != "-s":
            assert not url
            url = word
    return httpx.request(method or ("POST" if body else "GET"), url, headers=headers, content=body, timeout=60)


@pytest.mark.model
def test_the_requests_of_the_page_do_what_it_says(served: Served, key: tuple, tmp_path: Path) -> None:
    (tmp_path / "cables.md").write_text(NOTES, encoding="utf-8")
    values = {"REPERE": served.url, "KEY": key[1]}
    courses, asked, put, job, gaps = commands("curl")
    assert "docker" in send(courses, values, tmp_path).text
    assert send(asked, values, tmp_path).json()["status"] == "answered"
    made = send(put, values, tmp_path)
    assert made.status_code == 202, made.text
    values["JOB"] = made.json()["id"]
    until(lambda: send(job, values, tmp_path).json()["status"] == "done", 60)
    assert "Le cuivre" in send(gaps, values, tmp_path).text


@pytest.mark.model
def test_a_user_asks_as_the_page_says(served: Served, repere: Any) -> None:
    folder = served.app.state.services.settings.home
    create = next(
        shlex.split(command)
        for command in re.findall(r"`(repere keys create [^`]*)`", PAGE.read_text(encoding="utf-8"))
    )
    made = repere(*create[1:], REPERE_HOME=folder)
    assert made.returncode == 0, made.stderr
    key, secret = made.stdout.split()
    served.app.state.services.registry.read_again()
    given: dict[str, Any] = {"REPERE": served.url, "KEY": key, "SECRET": secret}
    exec(blocks("python")[0], given)
    assert given["answer"]["status"] == "answered", given["answer"]
    assert given["answer"]["course"] == "docker"


@pytest.mark.model
def test_the_commands_of_the_page_are_taken(repere: Any, home: Path, tmp_path: Path) -> None:
    own = copy_home(home, tmp_path)
    for words in commands("repere"):
        done = repere(*words[1:], REPERE_HOME=own)
        # Of nobody nothing is kept, which is told as such.
        assert done.returncode == 0 or "people" in words, (words, done.stderr)
        assert "Usage:" not in done.stderr, done.stderr
        assert "No such option" not in done.stderr


def test_the_page_names_every_refusal_of_a_launch() -> None:
    text = PAGE.read_text(encoding="utf-8")
    seen_later = {"session_ended", "teachers_only", "state_missing", "not_registered"}
    for reason in REASONS:
        assert reason in seen_later or messages("fr")[f"lti_{reason}_title"] in text, reason
