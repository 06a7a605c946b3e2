"""The command line within the tests' own process: what a command prints, and the status that it ends with."""

import io
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from reperage.index.encoder import Encoder


def run_command(
    arguments: list[str], environment: Mapping[str, str], folder: Path, encoder: Callable[[], "Encoder"]
) -> subprocess.CompletedProcess[str]:
    """Run `repere` with arguments in `folder`, as a process would that has nothing but this environment.

    `encoder` gives what a command has that loads the shipped model as it ships.
    """
    from reperage.service.cli.main import main

    out, err = OwnText(), OwnText()
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        chdir(folder),
        shipped_model(encoder),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        status = main(arguments)
    return subprocess.CompletedProcess(["repere", *arguments], status, out.getvalue(), err.getvalue())


class OwnText(io.StringIO):
    """What a command writes, and nothing of the servers of other tests, whose threads go on meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self._others = frozenset(threading.enumerate()) - {threading.current_thread()}

    def write(self, text: str) -> int:
        return len(text) if threading.current_thread() in self._others else super().write(text)


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
