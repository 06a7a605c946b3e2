"""Registered sites in the database."""

from collections.abc import Iterable

from sqlalchemy import delete, select

from reperage.service.database.engine import Database
from reperage.service.database.tables import SITES
from reperage.service.database.upsert import upsert


def registered_sites(database: Database) -> dict[str, frozenset[str]]:
    """The courses of every site, by its origin, in alphabetical order."""
    sites: dict[str, set[str]] = {}
    with database.reading() as connection:
        for row in connection.execute(select(SITES).order_by(SITES.c.origin)):
            sites.setdefault(row.origin, set()).add(row.course)
    return {origin: frozenset(courses) for origin, courses in sites.items()}


def add_site(database: Database, origin: str, courses: Iterable[str]) -> None:
    """Register a site for `courses`, beside those that it has."""
    with database.writing() as connection:
        upsert(connection, SITES, ["origin", "course"], *({"origin": origin, "course": course} for course in courses))


def remove_site(database: Database, origin: str) -> bool:
    """Remove a site with all its courses; whether there was one."""
    with database.writing() as connection:
        return bool(connection.execute(delete(SITES).where(SITES.c.origin == origin)).rowcount)
