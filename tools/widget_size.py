"""Bytes that the widget costs: all that `web/widget.js` loads, each file compressed by gzip at level 9, added up.

    python tools/widget_size.py

Comments are left out, as TypeScript prints the files without them. Fails beyond the limit.
"""

import gzip
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools import typescript
from tools.environment import Problem

WIDGET = Path(__file__).resolve().parent.parent / "web" / "widget.js"
LIMIT = 20_000

# At the start of a line, so that the types that comments import are no match.
_IMPORT = re.compile(
    r"""^[ \t]*(?:import|(?:import|export)\b[\w$*{},\s]*?\bfrom|(?:import|export)\b[\w$*{},\s]*?[*}]from)"""
    r"""\s*["'](?P<path>[^"'\n]+)["']""",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Size:
    """Compressed bytes of each file by its path, in the order in which they are loaded.

    `has_comments` is whether they are counted with their comments; `served` is the sum with them.
    """

    by_file: dict[str, int]
    has_comments: bool
    served: int

    @property
    def total(self) -> int:
        return sum(self.by_file.values())


def measure(entry: Path = WIDGET) -> Size:
    """The size of `entry` and all that it imports; with comments where TypeScript is not installed."""
    files = [path.relative_to(entry.parent.resolve()) for path in modules(entry)]
    served = _compressed(entry.parent, files)
    if not typescript.is_ready():
        return Size(served, True, sum(served.values()))
    with tempfile.TemporaryDirectory() as folder:
        _write_without_comments(entry, Path(folder))
        return Size(_compressed(Path(folder), files), False, sum(served.values()))


def modules(entry: Path) -> list[Path]:
    """`entry` and every module that it imports, directly or not.

    Raises:
        Problem: an import leads to no file below the folder of `entry`.
    """
    entry = entry.resolve()
    found = {entry: None}
    waiting = [entry]
    while waiting:
        module = waiting.pop(0)
        for name in imports(module.read_text(encoding="utf-8")):
            path = (module.parent / name).resolve()
            if not (name.startswith(("./", "../")) and path.is_relative_to(entry.parent) and path.is_file()):
                raise Problem(f"{module.name} imports {name!r}, which is no file of {entry.parent.name}/.")
            if path not in found:
                found[path] = None
                waiting.append(path)
    return list(found)


def imports(source: str) -> list[str]:
    """What a module imports or exports from, as it is written there."""
    return [match["path"] for match in _IMPORT.finditer(source)]


def _write_without_comments(entry: Path, folder: Path) -> None:
    options = ["--target", "esnext", "--module", "esnext", "--moduleResolution", "bundler", "--allowJs", "--noCheck"]
    options += ["--removeComments", "--rootDir", str(entry.parent), "--outDir", str(folder)]
    done = subprocess.run(
        typescript.tsc(*options, str(entry)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        raise Problem(f"{done.stdout}TypeScript could not read {entry.name}.")
    for path in folder.rglob("*.js"):
        # TypeScript indents by four what is written with two.
        text = re.sub(r"^(?: {4})+", lambda four: four[0][::2], path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        path.write_text(text, encoding="utf-8")


def _compressed(folder: Path, files: list[Path]) -> dict[str, int]:
    return {path.as_posix(): len(gzip.compress((folder / path).read_bytes(), 9)) for path in files}


def main() -> int:
    """Show the size; returns the exit status."""
    try:
        typescript.install()
        size = measure()
    except (Problem, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    for path, count in size.by_file.items():
        print(f"{count:>8,}  {path}")
    print(f"{size.total:>8,}  in all; at most {LIMIT:,} ({size.served:,} with comments)")
    if size.total > LIMIT:
        print(f"The widget is {size.total - LIMIT:,} bytes too large.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
