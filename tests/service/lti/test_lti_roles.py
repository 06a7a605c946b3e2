"""Roles as LMSs write them, and what each makes of somebody."""

import pytest

from reperage.service.lti.roles import role_of

LIS = "http://purl.imsglobal.org/vocab/lis/v2"
LEARNER = f"{LIS}/membership#Learner"
INSTRUCTOR = f"{LIS}/membership#Instructor"


@pytest.mark.parametrize(
    "role",
    [
        INSTRUCTOR,
        f"{LIS}/membership#ContentDeveloper",
        f"{LIS}/membership#Administrator",
        f"{LIS}/membership/Instructor#TeachingAssistant",
        f"{LIS}/membership/Instructor#PrimaryInstructor",
        f"{LIS}/membership/Instructor#Lecturer",
        f"{LIS}/membership/Instructor#Grader",
        f"{LIS}/membership/ContentDeveloper#Librarian",
        f"{LIS}/membership/Administrator#Support",
        f"{LIS}/institution/person#Faculty",
        f"{LIS}/institution/person#Staff",
        f"{LIS}/institution/person#Instructor",
        f"{LIS}/institution/person#Administrator",
        f"{LIS}/system/person#Administrator",
        f"{LIS}/system/person#SysAdmin",
        "Instructor",
        "ContentDeveloper",
        "Administrator",
    ],
)
def test_a_teacher_s_role(role: str) -> None:
    assert role_of([role]) == "teacher"
    assert role_of([f"{LIS}/institution/person#Student", role]) == "teacher"


@pytest.mark.parametrize(
    "role",
    [
        LEARNER,
        f"{LIS}/membership/Learner#Instructor",
        f"{LIS}/membership/Learner#GuestLearner",
        f"{LIS}/membership/Mentor#Instructor",
        f"{LIS}/membership/Member#Administrator",
        f"{LIS}/membership#Mentor",
        f"{LIS}/membership#instructor",
        f"{LIS}/membership#",
        f"{LIS}/membership#Instructor\n",
        f"{LIS}/membership/Instructor",
        f"{LIS}/membership/Instructor#",
        f"{LIS}/membership/Learner/Instructor#Instructor",
        f"{LIS}/membership/Learner#x#Instructor",
        f"{LIS}/memberships#Instructor",
        f"{LIS}/institution/person#Student",
        f"{LIS}/institution/person/Staff#Student",
        f"{LIS}/institution/person#SysAdmin/Staff",
        f"{LIS}/system/person#User",
        f"{LIS}/system/person#AccountAdmin",
        "http://purl.imsglobal.org/vocab/lti/system/person#TestUser",
        "https://lycee.example/roles#Instructor",
        f"https://lycee.example/?{INSTRUCTOR}",
        f"{INSTRUCTOR}s",
        "urn:lti:role:ims/lis/Instructor",
        "Learner",
        "instructor",
        "Ｉnstructor",
        " Instructor",
        "\ud800",
        "",
    ],
)
def test_nobody_s_or_a_student_s_role(role: str) -> None:
    assert role_of([role]) == "student"


@pytest.mark.parametrize("learns", [LEARNER, f"{LIS}/membership/Learner#Instructor", f"{LIS}/membership/X", "Learner"])
@pytest.mark.parametrize("elsewhere", ["institution/person#Staff", "institution/person#Administrator"])
def test_whoever_has_a_role_in_the_course_has_that_alone(learns: str, elsewhere: str) -> None:
    assert role_of([f"{LIS}/{elsewhere}", learns, f"{LIS}/system/person#SysAdmin"]) == "student"


def test_the_highest_role_in_the_course_counts() -> None:
    assert role_of([LEARNER, INSTRUCTOR]) == role_of([INSTRUCTOR, LEARNER]) == "teacher"
    assert role_of([]) == "student"
