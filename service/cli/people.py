"""`repere people`: what is kept about a person, and its removal."""

import sys
from typing import Annotated

import typer

from reperage.service.cli.terminal import AsJson, messages, open_database
from reperage.service.errors import StartError

people = typer.Typer(help="What is kept about a person, and its removal; see docs/operation.md.", no_args_is_help=True)
Issuer = Annotated[
    str | None, typer.Option(help="The LMS whose user it is, as the issuer of its key or of its platform.")
]
Subject = Annotated[str | None, typer.Option(help="What the LMS calls the user: `sub` of its tokens.")]
Person = Annotated[
    str | None, typer.Option(help="The pseudonym, such as lms-… or slack-…, in place of issuer and subject.")
]


@people.command("export")
def export_person(
    issuer: Issuer = None, subject: Subject = None, person: Person = None, as_json: AsJson = False
) -> None:
    """Tell what is kept about a person: how much, or with --json all of it."""
    from reperage.service.conversations.personal_data import export
    from reperage.service.database.people import counts_of

    name = _person(issuer, subject, person)
    with open_database() as database:
        if as_json:
            for piece in export(database, name, ()):
                sys.stdout.write(piece)
            print()
            return
        print(f"{name}: {_counts_text(counts_of(database, name))}")


@people.command("erase")
def erase_person(issuer: Issuer = None, subject: Subject = None, person: Person = None) -> None:
    """Remove everything that is kept about a person, for good, also what running servers have yet to write; the exit
    status is 1 where nothing was."""
    from reperage.service.clock import now
    from reperage.service.database.people import counts_of
    from reperage.service.database.turns import remove_person

    name = _person(issuer, subject, person)
    with open_database() as database:
        counts = counts_of(database, name)
        remove_person(database, name, now())
    if not any(counts.values()):
        identifier = "pseudonym" if person else "issuer and subject"
        raise StartError(f"nothing was kept about {name}: check that it is the right {identifier}")
    messages.print(f"Nothing is kept about {name} any more; there were: {_counts_text(counts)}.")


def _person(issuer: str | None, subject: str | None, person: str | None) -> str:
    """Pseudonym that is meant.

    Raises:
        StartError: none is, or two may be.
    """
    from reperage.service.access.pseudonyms import lms_person

    if person and issuer is None and subject is None:
        return person
    if person is None and issuer and subject:
        return lms_person(issuer, subject)
    raise StartError("name the person by --issuer and --subject, or by --person")


def _counts_text(counts: dict[str, int]) -> str:
    return (
        f"{counts['conversations']} conversation(s) with {counts['turns']} answer(s), {counts['feedback']} opinion(s), "
        f"{counts['slack_questions']} question(s) in Slack, {counts['jobs']} change(s) of material"
    )
