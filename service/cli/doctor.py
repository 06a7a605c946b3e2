"""`repere doctor`: whether this machine has what Repère needs."""

import sys
from typing import Annotated

import typer

from reperage.service.cli.terminal import AsJson, print_json
from reperage.service.settings import Settings


def doctor(
    migrate: Annotated[
        bool, typer.Option("--migrate", help="Bring the database's tables up to date, as a start would.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check what Repère needs on this machine; the exit status is 1 where something is wrong."""
    from reperage.service.cli.checks import examine

    checks = examine(Settings(), migrate)
    if as_json:
        print_json({"checks": [check.as_dict() for check in checks]})
    else:
        for check in checks:
            print(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}")
    if not all(check.ok for check in checks):
        sys.exit(1)
