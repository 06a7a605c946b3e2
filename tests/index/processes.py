"""What tests run in a process of its own, because it dies or lives on little."""

import os
import resource
import signal
from pathlib import Path

from reperage.index import builds, manifest
from tests.index.building import CountingEncoder, build


def build_and_die(folder: Path, root: Path, point: str) -> None:
    """Build, and be killed at `point`."""

    def die(*args: object, **kwargs: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    places = {
        "manifest": (manifest.Manifest, "write"),
        "sync": (builds, "_sync"),
        "named": (builds, "_name_current"),
        "replace": (Path, "replace"),
        "remove": (builds, "_remove_old"),
    }
    if point in places:
        setattr(*places[point], die)
    build(folder, root, CountingEncoder(lambda done: die() if point == "encoding" and done == 1 else None))


def build_and_tell(folder: Path, root: Path, said: Path, limit: int = resource.RLIM_INFINITY) -> None:
    """Build with no file longer than `limit` bytes; write the name of the error, if one is raised."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        build(folder, root)
    except Exception as error:
        said.write_text(type(error).__name__)
