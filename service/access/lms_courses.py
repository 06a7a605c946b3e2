"""Which courses a course of an LMS may be mapped to, and how a new one is named.

A deployment is taken for one school: its teachers may use one another's courses, and nobody else's.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from itertools import count

from reperage.corpus import slug
from reperage.corpus.shipped import shipped_material
from reperage.service.database.lti import Owner, Platform

_LONGEST = 60

_shipped = cache(lambda: frozenset(shipped_material()))


def is_open_to(platform: Platform, deployment_id: str, course: str, owners: Mapping[str, Owner]) -> bool:
    """Whether a deployment may have a course: it ships with Repère, was given to the platform, or was made from
    there."""
    return course in platform.courses or course in _shipped() or owners.get(course) == (platform.id, deployment_id)


def choices(platform: Platform, deployment_id: str, owners: Mapping[str, Owner], names: Collection[str]) -> list[str]:
    """The courses that teachers of a deployment may choose, in alphabetical order: of those that there are, by their
    `names`, and of their own also those that have no document yet."""
    return sorted(name for name in {*names, *owners} if is_open_to(platform, deployment_id, name, owners))


def new_names(title: str, taken: Collection[str]) -> Iterator[str]:
    """Names for a new course, made from its title, the plainest first; none where it has neither letter nor digit."""
    if not any(c.isalnum() for c in title):
        return
    name = slug(title)[:_LONGEST].strip("-")
    for n in count(1):
        candidate = name if n == 1 else f"{name}-{n}"
        if candidate not in taken:
            yield candidate
