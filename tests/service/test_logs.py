"""Logs go to standard error, and hold neither questions nor what is secret."""

import json
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pytest
import structlog

from reperage.service import logs
from reperage.service.settings import Settings

QUESTION = "Une question personnelle ?"


def fail(question: str) -> None:
    key = "hunter2"
    raise ValueError(f"what went wrong after {len(key)}")


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_unexpected_error_is_logged_without_the_values_of_variables(form: str):
    out, err = StringIO(), StringIO()
    with logs.restored(), redirect_stdout(out), redirect_stderr(err):
        logs.configure(Settings(log_format=form))
        log = structlog.get_logger("reperage.test")
        try:
            fail(QUESTION)
        except ValueError:
            log.exception("unexpected_error")
        log.debug("too_much")
    told = err.getvalue()

    assert out.getvalue() == ""
    assert "unexpected_error" in told
    assert "what went wrong" in told
    assert "hunter2" not in told
    assert "personnelle" not in told
    assert "too_much" not in told
    if form == "json":
        [line] = told.splitlines()
        assert json.loads(line)["event"] == "unexpected_error"
