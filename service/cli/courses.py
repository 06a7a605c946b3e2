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
    library = CourseLibrary(settings)
    summaries = [summary(library, name) for name in library.names()]
    if as_json:
        print(CourseList(courses=summaries).model_dump_json(indent=2))
        return
    for course in summaries:
        counts = f"{course.documents} document(s), {course.sections} sections, {course.chunks} chunks"
        print(f"{course.id}: {counts if course.available else course.detail}")
