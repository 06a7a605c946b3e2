"""Builds of the courses' indexes on disk: `<root>/<course>/<build>/`, and `current`, which names one build.

Each build is a new folder, written and synced before `current` is replaced; a reader keeps the folder that it
opened. The build before is kept as well, older ones and those left half done are removed.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from reperage.index.errors import BuildInProgress, UnusableIndex
from reperage.index.manifest import Manifest, Recipe

_CURRENT = "current"
_PARTIAL = ".partial"


def current_build(root: Path, course: str) -> Path | None:
    """The folder that `current` names, if there is one."""
    try:
        name = (root / course / _CURRENT).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    folder = root / course / name
    return folder if Path(name).name == name not in ("", "..") and folder.is_dir() else None


def courses_on(root: Path) -> list[str]:
    """The courses that have a current build on this root."""
    if not root.is_dir():
        return []
    return sorted(p.name for p in root.iterdir() if current_build(root, p.name))


def find_build(
    roots: Sequence[Path], course: str, recipe: Recipe, sources: Mapping[str, str], language: str | None = None
) -> Path | None:
    """The first root's current build that is whole and equals what building from `sources` would give.

    `language` is that of documents that do not name their own; `None` takes a build in any.
    """
    for root in roots:
        folder = current_build(root, course)
        if folder is None:
            continue
        try:
            manifest = Manifest.read(folder)
            if manifest.fits(recipe, sources, language):
                manifest.verify_files(folder)
                return folder
        except UnusableIndex:
            continue
    return None


@contextmanager
def new_build(root: Path, course: str) -> Iterator[Path]:
    """A folder to write a build into; it becomes the current one when the block ends without an error.

    Raises:
        BuildInProgress: another process builds this course.
    """
    builds = root / course
    builds.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(builds / ".lock", timeout=0):
            name = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
            partial = builds / (name + _PARTIAL)
            partial.mkdir()
            try:
                yield partial
                _sync(partial)
                previous = current_build(root, course)
                partial.rename(builds / name)
                _name_current(builds, name)
                _remove_old(builds, keep={name, previous.name if previous else name})
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    except Timeout as error:
        raise BuildInProgress(f"another process builds the course {course!r}; wait for it, then try again") from error


def _name_current(builds: Path, name: str) -> None:
    partial = builds / (_CURRENT + _PARTIAL)
    partial.write_text(name + "\n", encoding="utf-8")
    _sync_file(partial)
    partial.replace(builds / _CURRENT)
    sync_folder(builds)


def _remove_old(builds: Path, keep: set[str]) -> None:
    for build in builds.iterdir():
        if build.is_dir() and build.name not in keep:
            # A reader on Windows may hold it open: then the next build removes it.
            shutil.rmtree(build, ignore_errors=True)


def _sync(folder: Path) -> None:
    for parent, _, files in os.walk(folder):
        for name in files:
            _sync_file(Path(parent, name))
        sync_folder(Path(parent))


def _sync_file(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Have the disk keep which files a folder holds."""
    if os.name != "posix":  # Folders cannot be opened on Windows, and need no sync there.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
