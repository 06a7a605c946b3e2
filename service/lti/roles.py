"""Role of a person, by the roles that an LMS tells of them (LTI 1.3 core, A.2)."""

import re
from collections.abc import Iterable

from reperage.service.caller import Role

_VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
_OF_THE_COURSE = re.compile(rf"(?:{re.escape(_VOCABULARY)}membership(?P<rest>.*)|(?P<bare>\w+))", re.ASCII | re.DOTALL)
_MEMBERSHIP = re.compile(r"/(?P<principal>\w+)#\w+|#(?P<alone>\w+)", re.ASCII)
# An assistant is a sub-role of the instructor; some LMSs tell it as a role of its own.
_TEACHING = frozenset({"Instructor", "ContentDeveloper", "Administrator", "TeachingAssistant"})
_ELSEWHERE = frozenset(
    {f"{_VOCABULARY}institution/person#{name}" for name in ("Faculty", "Staff", "Instructor", "Administrator")}
    | {f"{_VOCABULARY}system/person#{name}" for name in ("Administrator", "SysAdmin")}
)


def role_of(roles: Iterable[str]) -> Role:
    """Role that `roles` make together: whoever teaches, or looks after the course, is a teacher.

    Roles of the course decide; those of the institution and of the LMS count only where there is none of the course.
    """
    names = list(roles)
    course_roles = [match for name in names if (match := _OF_THE_COURSE.fullmatch(name))]
    is_teacher = any(map(_teaches, course_roles)) if course_roles else not _ELSEWHERE.isdisjoint(names)
    return "teacher" if is_teacher else "student"


def _teaches(role: re.Match[str]) -> bool:
    """Whether a role of the course is a teacher's. The principal role decides, whatever a sub-role is called."""
    if role["bare"]:
        return role["bare"] in _TEACHING
    membership = _MEMBERSHIP.fullmatch(role["rest"])
    return membership is not None and (membership["principal"] or membership["alone"]) in _TEACHING
