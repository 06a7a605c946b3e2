"""Make or update `.venv` with the system's Python and nothing else.

    python3 tools/environment.py [--extra test] [--extra dev] [--browser]

Afterwards `.venv` holds the project (editable), the extras asked for now or before, everything at the
versions of constraints.txt, and a stamp of what it was made from. While the stamp holds, nothing is run.
A failure is a plain sentence on standard error and exit status 1; Ctrl-C is status 130.

Python 3.6 must be able to parse this file and run it down to the check of its version.
"""

import argparse
import contextlib
import errno
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

if sys.version_info < (3, 11):
    sys.exit(
        f"This project needs Python 3.11 or newer, and {sys.executable} is Python {sys.version.split()[0]}. "
        "Install a newer one, then name it: make serve PYTHON=python3.12"
    )

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "repere-stamp.json"
CONSTRAINTS = ROOT / "constraints.txt"
SPACE_GB = 2.9  # 2.3 for the environment with every extra, the rest for downloads on their way
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"


class Problem(Exception):
    """A failure, told in a sentence to whoever typed the command."""


def main(arguments: list[str]) -> int:
    """Do what the command line asks; returns the exit status."""
    parser = argparse.ArgumentParser(description="Make or update .venv.")
    parser.add_argument("--extra", action="append", default=[], help="an extra of pyproject.toml")
    parser.add_argument("--browser", action="store_true", help="also find or install a Chromium for tests")
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, stop)
    try:
        with locked():
            update(set(asked.extra))
        if asked.browser:
            return subprocess.call([str(PYTHON), str(ROOT / "tools" / "browser.py")])
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        print(explain(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The next run starts the environment again.", file=sys.stderr)
        return 130
    return 0


def update(asked: set[str]) -> None:
    """Bring `.venv` to the present files, with the extras in `asked` and those it already has."""
    stamp = read_stamp()
    extras = sorted(asked | set(stamp.get("extras", [])))
    wanted = digest(extras)
    if stamp.get("digest") == wanted and PYTHON.exists():
        return
    began = time.monotonic()
    reason = reason_to_make(stamp)
    # From here to the end there is no stamp: a run that is cut short is seen by the next one.
    STAMP.unlink(missing_ok=True)
    if reason:
        make(reason)
    try:
        install(extras)
    except Problem:
        # Pip puts back what it could not replace, so an environment that was whole still is: without
        # a network its next making would fail as well.
        if not reason:
            write_stamp(stamp)
        raise
    write_stamp({"digest": wanted, "extras": extras, "folder": str(ROOT)})
    say(f"Environment ready in {time.monotonic() - began:.0f} s")


def read_stamp() -> dict[str, Any]:
    """What the finished `.venv` was made from, or an empty dictionary."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(stamp: dict[str, Any]) -> None:
    """Write the stamp, whole or not at all."""
    unfinished = STAMP.with_suffix(".tmp")
    unfinished.write_text(json.dumps(stamp))
    unfinished.replace(STAMP)


def digest(extras: list[str]) -> str:
    """A hash of all that decides what `.venv` holds, its own path included: scripts name it."""
    sha = hashlib.sha256()
    for part in (
        (ROOT / "pyproject.toml").read_bytes(),
        CONSTRAINTS.read_bytes(),
        ",".join(extras).encode(),
        python_version().encode(),
        os.fsencode(ROOT),
    ):
        sha.update(hashlib.sha256(part).digest())
    return sha.hexdigest()


def python_version() -> str:
    """The running Python as `3.11`: an environment outlives a patch release, not a minor one."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def reason_to_make(stamp: dict[str, Any]) -> str:
    """Why `.venv` must be made from nothing, or an empty string when it can be updated."""
    if not VENV.exists():
        return "Making .venv"
    if not stamp:
        return "Making .venv again, as no earlier run finished it"
    if stamp.get("folder") != str(ROOT):
        return "Making .venv again, as it was made in another folder"
    if not PYTHON.exists():
        return "Making .venv again, as its Python is gone"
    made_by = re.search(r"^version(?:_info)?\s*=\s*(\d+\.\d+)", read(VENV / "pyvenv.cfg"), re.MULTILINE)
    if not made_by or made_by.group(1) != python_version():
        return "Making .venv again, as another Python made it"
    return ""


def make(reason: str) -> None:
    """Make an empty `.venv`, in place of what is there."""
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise Problem(
            f"This Python ({sys.executable}) cannot make virtual environments. "
            f"On Debian and Ubuntu: apt install python{python_version()}-venv"
        )
    check_space()
    say(f"{reason} (Python {sys.version.split()[0]})")
    # Inside an activated `.venv` the running Python is the one about to be cleared.
    python = getattr(sys, "_base_executable", None) or sys.executable
    run([python, "-m", "venv", "--clear", str(VENV)], "The virtual environment could not be made.")


def check_space() -> None:
    """Raise Problem when a new environment would fill the disk."""
    used = folder_size(VENV)  # about to be cleared
    free = shutil.disk_usage(ROOT).free + used
    if free < SPACE_GB * 1e9:
        raise Problem(
            f"The environment needs about {SPACE_GB} GB of disk, and {ROOT} has {free / 1e9:.1f} GB free. "
            "Make room, then run this again."
        )


def folder_size(folder: Path) -> int:
    """Bytes in the files under `folder`, links not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def install(extras: list[str]) -> None:
    """Install PyTorch, then the project with `extras`."""
    install_torch()
    names = f" with {', '.join(extras)}" if extras else ""
    target = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    pip(f"Installing the project and what it needs{names}", "--editable", target)


def install_torch() -> None:
    """Install PyTorch before what needs it: left to pip, Linux gets gigabytes of CUDA libraries with it."""
    pin = re.search(r"^torch==(\S+)$", read(CONSTRAINTS), re.MULTILINE)
    if not pin:
        raise Problem("constraints.txt has no line torch==VERSION.")
    version = pin.group(1)
    if any(VENV.glob(f"lib/python*/site-packages/torch-{version}[+.-]*")):
        return
    index = os.environ.get("TORCH_INDEX", "")
    if index:
        where = "from TORCH_INDEX"
    elif answers(TORCH_CPU_INDEX + "/torch/"):
        index, where = TORCH_CPU_INDEX, "for the CPU"
    else:
        where = "from pip's own index, as download.pytorch.org does not answer"
    # Its dependencies come with the project's: a mirror of PyTorch may hold other versions of them.
    options = ["--index-url", index] if index else []
    pip(f"Installing PyTorch {version} {where}", "--no-deps", f"torch=={version}", *options)


def answers(address: str, seconds: float = 3.0) -> bool:
    """Whether `address` can be read within `seconds`; a name server that hangs counts as a no."""
    answered = threading.Event()

    def ask() -> None:
        try:
            urllib.request.urlopen(address, timeout=seconds).close()
        except urllib.error.URLError as error:
            # Something answers: Python on macOS has no certificates of its own, pip brings its own.
            if not isinstance(error.reason, ssl.SSLCertVerificationError):
                return
        except (OSError, ValueError):
            return
        answered.set()

    threading.Thread(target=ask, daemon=True).start()
    return answered.wait(seconds)


def pip(what: str, *arguments: str) -> None:
    """Say `what`, and install with pip, whose settings from the environment and its files all count."""
    say(what)
    options = ["--progress-bar=off", "--no-input", "--no-user", "--disable-pip-version-check"]
    command = [str(PYTHON), "-m", "pip", "install", *options, "--constraint", str(CONSTRAINTS), *arguments]
    run(command, "pip could not install this.")


def run(command: list[str], sentence: str, told: dict[str, str] | None = None) -> None:
    """Run `command` in silence, its environment with `told` over it.

    Raises Problem with its last lines and `sentence` when it fails.
    """
    environment = dict(os.environ, **(told or {}))
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode == 0:
        return
    if done.returncode in (-signal.SIGINT, 128 + signal.SIGINT):
        raise KeyboardInterrupt
    output = done.stdout.decode(errors="replace")
    if re.search(r"No space left on device|Errno 28\b|Disk quota exceeded|Errno 122\b", output):
        raise Problem(disk_full())
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith("WARNING")]
    first = next((number for number, line in enumerate(lines) if line.lstrip().startswith("ERROR")), 0)
    if re.search(r"NewConnectionError|[Nn]ame ?[Rr]esolution|ConnectTimeout|No matching dist", output):
        sentence += " Is the package index in reach? PIP_INDEX_URL and pip's own files can name another one."
    raise Problem("\n".join(["  " + line[:300] for line in lines[first:][-12:]] + [sentence]))


def disk_full() -> str:
    """The sentence for a disk that filled up on the way."""
    free = {place: shutil.disk_usage(place).free / 1e9 for place in (str(ROOT), tempfile.gettempdir())}
    places = ", ".join(f"{place} has {size:.1f} GB free" for place, size in free.items())
    return f"The disk is full: {places}. About {SPACE_GB} GB are needed. Make room, then run this again."


def explain(error: OSError) -> str:
    """The sentence for a file that could not be read or written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full()
    return f"{error.filename or VENV}: {error.strerror}. The environment could not be made."


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Hold the only right to change `.venv`; waits for whoever has it. It ends with the process."""
    with Path(__file__).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another run to finish .venv")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def stop(_number: int, _frame: object) -> NoReturn:
    """A signal handler: SIGTERM ends a run as Ctrl-C does."""
    raise KeyboardInterrupt


def read(path: Path) -> str:
    """The text of `path`, or nothing when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def say(line: str) -> None:
    """Tell what is being done."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
