"""The command line, called within a program: its exit status, and that it leaves the process as it was."""

import gc
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from time import sleep
from typing import Any

import httpx
import pytest
import structlog
from sse_starlette.sse import AppStatus
from structlog.testing import capture_logs

from reperage.index.encoder import Encoder
from reperage.service import logs
from reperage.service.cli.main import main
from reperage.service.cli.process import restored_process
from reperage.service.settings import Settings
from tests.service.serving import REFERENCE


def state() -> dict[str, Any]:
    """What a command may not change."""
    levels = {name: logging.getLogger(name).level for name in ("reperage", "uvicorn", "uvicorn.error", "mcp")}
    return {
        "handlers": list(logging.getLogger().handlers),
        "level": logging.getLogger().level,
        "levels": levels,
        "structlog": (structlog.is_configured(), structlog.get_config()),
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "closed": (sys.stdin.closed, sys.stdout.closed, sys.stderr.closed),
        "hooks": (sys.excepthook, threading.excepthook, sys.unraisablehook),
        "streams end": AppStatus.should_exit,
        "warnings": list(warnings.filters),
        "environment": {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "folder": Path.cwd(),
    }


def run(*arguments: str) -> int:
    """The exit status of a command, after which the process is what it was before."""
    before, threads, frozen = state(), set(threading.enumerate()), gc.get_freeze_count()
    try:
        return main(arguments)
    finally:
        assert state() == before
        # What was frozen before, as a service of another test has loaded it, may end.
        assert gc.get_freeze_count() <= frozen
        for thread in set(threading.enumerate()) - threads:
            # Those of a pool of anyio's wait a while for more work.
            if not thread.name.startswith("AnyIO worker"):
                thread.join(10)
                assert not thread.is_alive(), thread


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REPERE_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--version"], 0, "repere 0.1.0\n"),
        (["--help"], 0, "Usage: repere [OPTIONS] COMMAND [ARGS]..."),
        ([], 2, "Usage: repere [OPTIONS] COMMAND [ARGS]..."),
        (["serve", "--port", "x"], 2, "Usage: repere serve [OPTIONS]"),
        (["courses"], 0, "docker: "),
        (["keys", "list", "--json"], 0, '"keys": []'),
        (["build", "nulle-part"], 1, "repere: "),
        (["mcp", "--port", "1"], 1, "repere: --host and --port are for --http"),
        (["serve", "--host", "192.0.2.1", "--port", "0"], 1, "repere: cannot listen on 192.0.2.1:0"),
    ],
)
def test_a_command_gives_its_exit_status(
    capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, said: str
) -> None:
    assert run(*arguments) == status
    assert said in "".join(capsys.readouterr())


def test_a_setting_that_is_wrong_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPERE_PORT", "x")
    assert run("courses") == 1
    assert capsys.readouterr().err.startswith("repere: REPERE_PORT is 'x': ")


@pytest.mark.parametrize("command", [["serve"], ["mcp", "--http"]])
def test_a_storage_for_rates_that_is_none_is_told_at_start(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("REPERE_RATE_STORAGE_URL", "memcached://127.0.0.1")
    assert run(*command, "--port", "0") == 1
    assert "repere: REPERE_RATE_STORAGE_URL begins with redis://" in capsys.readouterr().err


def test_a_check_that_fails_is_a_status(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPERE_EMBEDDING_MODEL", "/nowhere")
    assert run("doctor") == 1
    assert "FAIL  embedding model: " in capsys.readouterr().out


def test_what_goes_wrong_unforeseen_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reperage.service.courses.library.CourseLibrary.names", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run("courses")


def test_a_reader_that_is_gone_ends_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")

    with monkeypatch.context() as patched:
        patched.setattr(sys.stdout, "write", gone)
        assert run("courses") == 1


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, encoder: Encoder, home: Path) -> None:
    """The shipped course is built, and the model is loaded at once."""
    monkeypatch.setattr(Encoder, "load", lambda *_, **__: encoder)
    monkeypatch.setenv("REPERE_HOME", str(home))


@pytest.mark.model
def test_a_question_is_answered(loaded: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("ask", REFERENCE) == 0
    assert "C'est ce que l'on appelle un port exposé. [2]" in capsys.readouterr().out


@pytest.mark.model
@pytest.mark.parametrize("command", [["serve"], ["mcp", "--http"]])
def test_a_server_ends_with_ctrl_c(
    loaded: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    command: list[str],
) -> None:
    monkeypatch.setenv("REPERE_DATABASE_URL", f"sqlite:///{tmp_path / 'state.sqlite3'}")
    monkeypatch.setenv("REPERE_SECRET_KEY", "k" * 16)
    # What Python begins with; whoever runs the tests may have set another.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said: list[str] = []

    def end_once_ready() -> None:
        while "Repère is ready" not in "".join(said):
            said.append(capsys.readouterr().err)
            sleep(0.05)
        httpx.get(f"http://127.0.0.1:{port}/")
        os.kill(os.getpid(), signal.SIGINT)

    ending = threading.Thread(target=end_once_ready)
    ending.start()
    try:
        assert run(*command, "--port", str(port)) == 0
    finally:
        signal.signal(signal.SIGINT, handler)
        ending.join()
    assert "Repère has ended." in capsys.readouterr().err


def test_what_was_logged_within_is_logged_elsewhere_afterwards() -> None:
    log = structlog.get_logger("reperage.test")
    with restored_process():
        logs.configure(Settings())
        log.info("within")
    with capture_logs() as captured:
        log.info("afterwards")
    assert captured == [{"event": "afterwards", "log_level": "info"}]


def test_what_the_program_had_configured_is_configured_again() -> None:
    with restored_process():
        logs.configure(Settings(log_level="warning"))
        before = structlog.get_config(), logging.getLogger().handlers
        with restored_process():
            logs.configure(Settings(log_level="debug"))
        assert (structlog.get_config(), logging.getLogger().handlers) == before


@pytest.mark.model
def test_a_program_outlives_a_command_that_ends_while_the_model_is_loaded(
    environment: dict[str, str], home: Path
) -> None:
    """The client is gone at once; as a process of its own the command does not wait, either."""
    code = "from reperage.service.cli.main import main; print(main(['mcp']), 'and on')"
    for arguments, printed in ((["-c", code], "0 and on\n"), (["-m", "reperage", "mcp"], "")):
        done = subprocess.run(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment | {"REPERE_HOME": str(home)},
            check=False,
            timeout=120,
        )
        assert (done.returncode, done.stdout) == (0, printed), done.stderr
        assert "Traceback" not in done.stderr
