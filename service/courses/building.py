"""`repere build`: a folder into an index, with a report of what was read."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from time import perf_counter
from typing import TYPE_CHECKING, Any

from reperage.corpus import read_course, slug, source_digests
from reperage.corpus.shipped import SHIPPED, Material, shipped_material
from reperage.index.builds import current_build, find_build
from reperage.index.errors import UnusableIndex
from reperage.index.manifest import Manifest
from reperage.service.courses.material import material_folder
from reperage.service.errors import StartError, StateUnavailable
from reperage.service.settings import Settings

if TYPE_CHECKING:
    from reperage.index.build import Progress  # PyTorch takes seconds to import.
    from reperage.index.encoder import Encoder

BuildProgress = Callable[[str, int, int], None]
"""Told, for a course, how many of how many texts are encoded."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one build read and made; `encoded` texts were new to it, `None` where there was nothing to do."""

    manifest: Manifest
    folder: Path
    encoded: int | None
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        return {
            "course": self.manifest.course,
            "folder": str(self.folder),
            "changed": self.encoded is not None,
            "encoded": self.encoded or 0,
            "seconds": round(self.seconds, 2),
            "counts": dict(self.manifest.counts),
            "passed_over": list(self.manifest.passed_over),
        }

    def as_text(self) -> str:
        counts = self.manifest.counts
        lines = [
            f"{self.manifest.course}: {counts['documents']} document(s), {counts['sections']} sections "
            f"({counts['empty_sections']} empty), {counts['chunks']} chunks, {counts['sentences']} sentences"
        ]
        if self.manifest.passed_over:
            endings = Counter(PurePosixPath(path).suffix or "without an ending" for path in self.manifest.passed_over)
            formats = ", ".join(f"{n} × {ending}" for ending, n in endings.most_common())
            lines.append(f"  passed over {len(self.manifest.passed_over)} file(s) in other formats: {formats}")
        if self.encoded is None:
            lines.append(f"  nothing has changed since {self.manifest.built_at}: {self.folder}")
        else:
            lines.append(f"  encoded {self.encoded} new texts in {self.seconds:.1f} s: {self.folder}")
        return "\n".join(lines)


def courses_to_build(folder: Path | None, course: str | None) -> Material:
    """The courses that the command line asks for: all that ship with Repère where it names no folder.

    Raises:
        StartError: the folder would take the name of a shipped course, or no course of that name ships.
    """
    shipped = shipped_material()
    if folder is None:
        if course is not None and course not in shipped:
            raise StartError(f"{course!r} does not ship with Repère; give the folder that holds its documents")
        return shipped if course is None else {course: shipped[course]}
    name = slug(course or folder.resolve().name)
    if name in shipped and folder.resolve() != shipped[name].resolve():
        raise StartError(f"{name!r} is the name of a course that ships with Repère; choose another with --course")
    return {name: folder}


def _check_material(root: Path, course: str, material: Path) -> None:
    """Raise `StartError` where the course's index was built from another folder that is still there."""
    folder = current_build(root, course)
    if folder is None or course in shipped_material():
        return
    try:
        before = Path(Manifest.read(folder).material)
    except UnusableIndex:
        return
    if before.is_dir() and before.resolve() != material.resolve():
        raise StartError(
            f"the course {course!r} was built from {str(before)!r}, not from {str(material)!r}; "
            "give this one another name with --course"
        )


def _check_name(settings: Settings, course: str, material: Path) -> None:
    """Raise `StartError` where a teacher of an LMS has begun a course of that name: its people would read this one."""
    from reperage.service.database.engine import existing_database
    from reperage.service.database.lti import course_owners

    if material.resolve() == (material_folder(settings) / course).resolve():
        return
    # What cannot be read gives nobody a course either.
    with existing_database(settings) as database, suppress(StateUnavailable):
        if database is not None and course in course_owners(database):
            raise StartError(f"the course {course!r} is one of an LMS; give this one another name with --course")


def build_course(
    settings: Settings, course: str, material: Path, language: str, into: Path | None, progress: BuildProgress
) -> Report:
    """Build the index of one course unless the one that stands there fits its material already."""
    start = perf_counter()
    root = into or settings.index_roots[0]
    recipe = settings.recipe
    current = find_build([root], course, recipe, source_digests(material), language)
    _check_material(root, course, material)
    _check_name(settings, course, material)
    if current is not None:
        return Report(Manifest.read(current), current, None, perf_counter() - start)

    from reperage.index.build import build_index  # PyTorch takes seconds to import: only where there is work for it.
    from reperage.index.encoder import Encoder

    content = read_course(material, course, language)
    encoder = Encoder.load(
        settings.embedding_model,
        threads=settings.encoder_threads,
        query_prompt=settings.query_prompt,
        document_prompt=settings.document_prompt,
    )
    origin = SHIPPED if course in shipped_material() else str(material.resolve())
    build = build_index(
        content, encoder, recipe, root, origin, progress=lambda done, total: progress(course, done, total)
    )
    return Report(build.manifest, build.folder, build.encoded, perf_counter() - start)


def bring_up_to_date(
    settings: Settings, course: str, material: Path, encoder: "Encoder", progress: "Progress"
) -> tuple[Manifest, int]:
    """The manifest of an index that fits a managed course, which may have no document, and how many texts were
    encoded for it.

    Raises:
        CorpusError, SearchIndexError, OSError: as `read_course` and `build_index` do.
    """
    from reperage.index.build import build_index

    root = settings.index_roots[0]
    current = find_build([root], course, settings.recipe, source_digests(material, may_be_empty=True))
    if current is not None:
        return Manifest.read(current), 0
    content = read_course(material, course, _language(root, course), may_be_empty=True)
    build = build_index(content, encoder, settings.recipe, root, str(material.resolve()), progress)
    return build.manifest, build.encoded


def _language(root: Path, course: str) -> str:
    """The language that the course was built in before."""
    folder = current_build(root, course)
    try:
        return Manifest.read(folder).language if folder else "fr"
    except UnusableIndex:
        return "fr"
