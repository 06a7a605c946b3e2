"""From the start of the process `repere serve` until `/readyz` says 200, the index of the shipped course in place;
in turn with a fresh `python -c "import sentence_transformers"`. The median over rounds of the ratio; a first round,
which reads the files from disk, is left out.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.row import Row, median
from bench.server import environment, repere_serve

_ROUNDS = 5


def measure(corpus: Path | None) -> list[Row]:
    """The shipped course is served, whatever `corpus` is."""
    ready, imported = [], []
    with TemporaryDirectory() as temporary:
        home = Path(temporary)
        for _ in range(_ROUNDS + 1):
            with repere_serve(home) as server:
                ready.append(server.start_seconds)
            imported.append(_import_seconds(home))
    ratio = median([r / i for r, i in zip(ready[1:], imported[1:], strict=True)])
    return [
        Row(
            "ready after start",
            f"{ratio:.2f} × ({median(ready[1:]):.1f} s against {median(imported[1:]):.1f} s)",
            "at most 1.3 × the import of sentence-transformers alone",
            ratio <= 1.3,
        )
    ]


def _import_seconds(home: Path) -> float:
    started = perf_counter()
    subprocess.run([sys.executable, "-c", "import sentence_transformers"], env=environment(home), check=True)
    return perf_counter() - started
