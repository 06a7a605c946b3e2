"""`repere courses`: the courses that can be asked."""

from reperage.service import logs
from reperage.service.cli.terminal import AsJson
from reperage.service.settings import Settings


def courses(as_json: AsJson = False) -> None:
    """List the courses that can be asked."""
    from reperage.service.courses.library import CourseLibrary
    from reperage.service.courses.summary import CourseList, summary

    settings = Settings()
    logs.configure(settings)
    opened = CourseLibrary(settings)
    found = [summary(opened, name) for name in opened.names()]
    if as_json:
        print(CourseList(courses=found).model_dump_json(indent=2))
        return
    for course in found:
        counts = f"{course.documents} document(s), {course.sections} sections, {course.chunks} chunks"
        print(f"{course.id}: {counts if course.available else course.detail}")
