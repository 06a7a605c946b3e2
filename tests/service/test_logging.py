"""Logs go to standard error, and hold neither questions nor what is secret."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import structlog
from reperage.service import logs
from reperage.service.settings import Settings

logs.configure(Settings())
log = structlog.get_logger("reperage.test")


def ask(question):
    key = "hunter2"
    raise ValueError("what went wrong")


try:
    ask("Une question personnelle ?")
except ValueError:
    log.exception("unexpected_error")
log.debug("too_much")
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_unexpected_error_is_logged_without_the_values_of_variables(environment, form: str):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        env=environment | {"REPERE_LOG_FORMAT": form},
        check=True,
    )

    assert done.stdout == ""
    assert "unexpected_error" in done.stderr
    assert "what went wrong" in done.stderr
    assert "hunter2" not in done.stderr
    assert "personnelle" not in done.stderr.replace('ask("Une question personnelle ?")', "")
    assert "too_much" not in done.stderr
    if form == "json":
        [line] = done.stderr.splitlines()
        assert json.loads(line)["event"] == "unexpected_error"
