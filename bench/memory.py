"""Resident memory (`VmRSS`) of a `repere serve` with the shipped course: after 200 questions one after the other, then
after 32 clients at once; beside it a process that only imports sentence-transformers, loads the model and encodes.
"""

import socket
import subprocess
import sys
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.ask import CLIENTS, ask
from bench.load import ask_from
from bench.row import QUESTIONS, Row
from bench.server import environment, repere_serve, resident_mb

_QUESTIONS = 200
_SECONDS = 5.0
_MODEL_ALONE = (
    "import os; from reperage.index.encoder import Encoder; from bench.server import resident_mb; "
    "Encoder.load().encode_query(['Prêt ?']); print(resident_mb(os.getpid()))"
)


def measure(corpus: Path | None) -> list[Row]:
    """The shipped course is served, whatever `corpus` is."""
    with TemporaryDirectory() as temporary:
        home = Path(temporary)
        # The index is built by a process of its own, as it is on a server that has started before.
        with repere_serve(home):
            pass
        with repere_serve(home) as server:
            with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
                for question in islice(cycle(QUESTIONS), _QUESTIONS):
                    ask(connection, question)
            quiet = resident_mb(server.pid)
            ask_from(server.port, CLIENTS, _SECONDS)
            loaded = resident_mb(server.pid)
        alone = subprocess.run(
            [sys.executable, "-c", _MODEL_ALONE], env=environment(home), check=True, stdout=subprocess.PIPE, text=True
        )
    if quiet is None or loaded is None:
        return [Row("memory, serving the Docker course", "n/a on this system", "under 800 MB")]
    return [
        Row(
            "memory, serving the Docker course",
            f"{quiet:.0f} MB; {loaded:.0f} MB after {CLIENTS} clients at once",
            "under 800 MB",
            max(quiet, loaded) < 800,
        ),
        Row("memory, the libraries and the model alone", f"{float(alone.stdout):.0f} MB"),
    ]
