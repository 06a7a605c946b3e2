"""The courses that can be asked: which there are, and the index of each."""

import threading
from collections.abc import Sequence
from pathlib import Path

import structlog

from reperage.corpus import slug, source_digests
from reperage.corpus.shipped import Material, shipped_material
from reperage.index.builds import courses_on, current_build, find_build
from reperage.index.errors import SearchIndexError
from reperage.index.index import Index
from reperage.service.caller import Caller
from reperage.service.errors import CourseEmpty, CourseRequired, CourseUnavailable, UnknownCourse, UnknownDocument
from reperage.service.settings import Settings

log = structlog.get_logger(__name__)


class CourseLibrary:
    """Opens the current index of every course, and opens it again when a build has replaced it.

    A shipped course is searched only by an index that fits its material exactly, wherever that stands; any
    other course by the current index under `REPERE_HOME`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._shipped = shipped_material()
        self._indexes: dict[str, tuple[Path, Index]] = {}
        self._lock = threading.Lock()

    def missing(self) -> Material:
        """The shipped courses that have no index which fits, and their folders."""
        return {course: folder for course, folder in self._shipped.items() if self._build_of(course) is None}

    def names(self) -> list[str]:
        """Every course there is, in alphabetical order."""
        own = (name for name in courses_on(self._settings.index_roots[0]) if name == slug(name))
        return sorted({*own, *self._shipped})

    def index(self, course: str | None, may_be_empty: bool = False) -> Index:
        """The index of `course`; of the only one there is where `None`.

        Raises:
            CourseRequired: there are several and none was named.
            UnknownCourse: there is none of that name.
            CourseUnavailable: its index is missing or cannot be used.
            CourseEmpty: it has no document, unless it `may_be_empty`.
        """
        if course is None:
            course = _only(self.names())
        index = self._current(course)
        if not may_be_empty and not index.manifest.documents:
            raise CourseEmpty(f"The course {course!r} has no document yet, or its last one was removed.")
        return index

    def _current(self, course: str) -> Index:
        entry = self._indexes.get(course)
        # A shipped course's material does not change while the program runs; another may be built anew.
        if entry and (course in self._shipped or current_build(self._settings.index_roots[0], course) == entry[0]):
            return entry[1]
        return self._open(course)

    def readable(self, course: str | None, caller: Caller, may_be_empty: bool = False) -> Index:
        """`index`, as if there were no courses but those that `caller` may read."""
        if course is None:
            course = _only(self._names_for(caller))
        self.check(course, caller)
        try:
            return self.index(course, may_be_empty)
        except UnknownCourse:
            raise _unknown(course, self._names_for(caller)) from None

    def check(self, course: str, caller: Caller) -> None:
        """Raise `UnknownCourse` where `caller` may not read a course, as if there were none."""
        # Nothing else is looked at where they may: it would take a file of every course there is.
        if not caller.may_read(course):
            raise _unknown(course, self._names_for(caller))

    def find(self, course: str, may_be_empty: bool = False) -> Index | None:
        """The index of `course`, `None` where there is none that can be searched."""
        try:
            return self.index(course, may_be_empty)
        except (CourseUnavailable, UnknownCourse):
            return None

    def _names_for(self, caller: Caller) -> list[str]:
        return [name for name in self.names() if caller.may_read(name)]

    def problems(self) -> dict[str, str]:
        """Why courses cannot be searched, by course; empty when all can."""
        problems: dict[str, str] = {}
        for course in self.names():
            try:
                self.index(course, may_be_empty=True)
            except CourseUnavailable as error:
                problems[course] = str(error)
        return problems

    def _open(self, course: str) -> Index:
        folder = self._build_of(course)
        if folder is None:
            if course in self._shipped:
                raise CourseUnavailable(f"The index of {course!r} is missing; run `repere build`.")
            raise _unknown(course, self.names())
        with self._lock:
            if (entry := self._indexes.get(course)) and entry[0] == folder:
                return entry[1]  # Opened by another thread meanwhile.
            try:
                index = Index.open(folder, self._settings.recipe)
            except (SearchIndexError, OSError) as error:
                log.error("course_unavailable", course=course, error=str(error))
                raise CourseUnavailable(str(error)) from error
            self._indexes[course] = (folder, index)
        return index

    def _build_of(self, course: str) -> Path | None:
        """The folder of the index to search `course` by."""
        if course in self._shipped:
            sources = source_digests(self._shipped[course])
            return find_build(self._settings.index_roots, course, self._settings.recipe, sources)
        return current_build(self._settings.index_roots[0], course) if course == slug(course) else None


def _only(names: Sequence[str]) -> str:
    if len(names) != 1:
        raise CourseRequired(f"Name one of the courses: {', '.join(names)}.")
    return names[0]


def _unknown(course: str, names: Sequence[str]) -> UnknownCourse:
    return UnknownCourse(f"There is no course {course!r}; there are: {', '.join(names)}.")


def check_has_document(index: Index, document_id: str) -> None:
    """Raise `UnknownDocument` unless the course has it."""
    if document_id not in index.document_ids:
        raise UnknownDocument(
            f"The course {index.manifest.course!r} has no document {document_id!r}; "
            f"/v1/courses/{index.manifest.course}/documents lists those that it has."
        )
