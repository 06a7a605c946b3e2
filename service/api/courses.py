"""`/v1/courses`: the courses that one may ask."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from reperage.service.courses.summary import CourseList, summary
from reperage.service.http.problems import problem_responses
from reperage.service.http.requirements import STUDENT, reading_caller
from reperage.service.http.responses import json_response
from reperage.service.http.services_of import services_of

router = APIRouter()


@router.get(
    "/v1/courses",
    response_model=CourseList,
    responses=problem_responses(401, 403, 503),
    tags=["courses"],
    dependencies=[STUDENT],
)
def courses(request: Request) -> Response:
    """Every course that one may ask, and whether it can be asked."""
    library, caller = services_of(request).assistant.courses, reading_caller(request)
    names = [name for name in library.names() if caller.may_read(name)]
    return json_response(CourseList(courses=[summary(library, name) for name in names]))
