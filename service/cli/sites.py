"""`repere sites`: the sites whose pages may ask."""

from typing import Annotated

import typer

from reperage.service.cli.terminal import AsJson, check_courses, messages, open_database, print_json
from reperage.service.errors import StartError
from reperage.service.urls import normalized_origin

sites = typer.Typer(help="Which sites' pages may ask; see docs/operation.md.", no_args_is_help=True)
Origin = Annotated[str, typer.Argument(help="The site's origin, such as https://cours.example.")]


@sites.command("add")
def add_site(
    origin: Origin,
    course: Annotated[list[str], typer.Option("--course", "-c", help="A course that its pages may ask.")],
) -> None:
    """Let the pages of a site ask, beside the courses that it has already."""
    from reperage.service.database.sites import add_site as add

    name = normalized_origin(origin)
    check_courses(course)
    with open_database() as database:
        add(database, name, course)
    messages.print(f"{name} may ask: {', '.join(sorted(set(course)))}.")


@sites.command("list")
def list_sites(as_json: AsJson = False) -> None:
    """List the sites whose pages may ask, with their courses."""
    from reperage.service.database.sites import registered_sites

    with open_database() as database:
        courses_by_origin = registered_sites(database)
    if as_json:
        rows = [{"origin": origin, "courses": sorted(courses)} for origin, courses in courses_by_origin.items()]
        print_json({"sites": rows})
        return
    for origin, courses in courses_by_origin.items():
        print(f"{origin}: {', '.join(sorted(courses))}")


@sites.command("remove")
def remove_site(origin: Origin) -> None:
    """Take the right to ask from the pages of a site; their sessions end with it."""
    from reperage.service.database.sites import remove_site as remove

    name = normalized_origin(origin)
    with open_database() as database:
        if not remove(database, name):
            raise StartError(f"there is no site {name!r}; `repere sites list` tells which there are")
    messages.print(f"{name} may not ask any more.")
