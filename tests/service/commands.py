"""The command line within the tests' own process: what a command prints, and the status that it ends with."""

import io
import logging
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import structlog

if TYPE_CHECKING:
    from reperage.index.encoder import Encoder


def run_command(
    arguments: list[str], environment: Mapping[str, str], folder: Path, encoder: Callable[[], "Encoder"]
) -> subprocess.CompletedProcess[str]:
    """Run `repere` with arguments in `folder`, as a process would that has nothing but this environment.

    `encoder` gives what a command has that loads the shipped model as it ships.
    """
    from reperage.service.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        chdir(folder),
        own_logs(),
        shipped_model(encoder),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        status = main(arguments)
    return subprocess.CompletedProcess(["repere", *arguments], status, out.getvalue(), err.getvalue())


@contextmanager
def shipped_model(encoder: Callable[[], "Encoder"]) -> Iterator[None]:
    """Whatever loads the shipped model as it ships meanwhile gets that encoder; other models are loaded."""
    from reperage.index.encoder import Encoder
    from reperage.index.models import SHIPPED_MODEL

    load = Encoder.load

    def loaded(name: str = SHIPPED_MODEL, **given: Any) -> Encoder:
        if name == SHIPPED_MODEL and not any(given.values()):
            with mock.patch.object(Encoder, "load", load):
                return encoder()
        return load(name, **given)

    with mock.patch.object(Encoder, "load", loaded):
        yield


@contextmanager
def own_logs() -> Iterator[None]:
    """What a command sets up for its logs is undone."""
    before, configure = structlog.get_config(), structlog.configure
    loggers = [logging.getLogger(), logging.getLogger("reperage")]
    kept = [(logger, logger.level, logger.handlers) for logger in loggers]

    def configure_without_memory(**given: Any) -> None:
        # Or loggers of modules would write to this command's streams for ever.
        configure(**given | {"cache_logger_on_first_use": False})

    try:
        with mock.patch.object(structlog, "configure", configure_without_memory):
            yield
    finally:
        configure(**before)
        for logger, level, handlers in kept:
            logger.handlers = handlers
            logger.setLevel(level)
