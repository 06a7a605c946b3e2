"""A course as it is listed."""

from pydantic import Field

from reperage.service.contract.answer import Contract
from reperage.service.courses.library import CourseLibrary
from reperage.service.errors import CourseUnavailable


class CourseSummary(Contract):
    """A course and what it holds."""

    id: str = Field(description="The name to ask it by.")
    title: str = Field(description="The name to show.")
    language: str = Field(description="The language of its material, such as `fr`.")
    available: bool = Field(description="Whether it can be asked.")
    detail: str = Field(description="Why not, where it cannot.")
    documents: int = Field(description="How many documents it has.")
    sections: int = Field(description="How many sections they have.")
    chunks: int = Field(description="How many chunks are searched.")


class CourseList(Contract):
    """Every course there is."""

    courses: list[CourseSummary] = Field(description="In alphabetical order of their names.")


def summary(courses: CourseLibrary, course: str) -> CourseSummary:
    """A course as the API lists it."""
    try:
        manifest = courses.index(course).manifest
    except CourseUnavailable as error:
        return CourseSummary(
            id=course,
            title=course,
            language="",
            available=False,
            detail=str(error),
            documents=0,
            sections=0,
            chunks=0,
        )
    counts = {name: manifest.counts[name] for name in ("documents", "sections", "chunks")}
    return CourseSummary(
        id=course, title=manifest.title, language=manifest.language, available=True, detail="", **counts
    )
