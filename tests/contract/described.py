"""What others rely on, written down: the HTTP API, the commands' help, the tables, and the names of events.

`python -m tests.contract.described` writes the files again, after a change that is meant.
"""

import ast
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from typer.main import get_command

from reperage.service.app import create_app
from reperage.service.cli.main import app as command_line
from reperage.service.database.engine import Database
from reperage.service.http.metrics import REGISTRY
from reperage.service.settings import Settings

FILES = Path(__file__).parent
SOURCES = Path(__file__).parent.parent.parent


def openapi() -> str:
    """The description of the HTTP API, without the version of the program."""
    description = create_app(Settings()).openapi()
    description["info"]["version"] = ""
    return json.dumps(description, ensure_ascii=False, indent=1) + "\n"


def commands() -> str:
    """`--help` of every command, at a width of its own."""
    return "\n".join(f"$ {name} --help\n{text}" for name, text in _help(get_command(command_line), "repere", None))


def _help(command: click.Command, name: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    context = click.Context(command, info_name=name.rpartition(" ")[2], parent=parent, terminal_width=100)
    yield name, command.get_help(context) + "\n"
    for own, sub in getattr(command, "commands", {}).items():
        yield from _help(sub, f"{name} {own}", context)


def tables() -> str:
    """The tables and indexes as SQLite keeps them after every migration."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.sqlite3"
        database = Database(f"sqlite:///{path}")
        database.migrate()
        database.close()
        with sqlite3.connect(path) as connection:
            rows = connection.execute("select sql from sqlite_master where sql is not null order by type desc, name")
            found = "\n".join(f"{sql};" for (sql,) in rows)
        connection.close()
    return found + "\n"


def names() -> str:
    """The names of metrics, settings and events that are logged."""
    metrics = sorted(family.name for family in REGISTRY.collect())
    settings = sorted(f"REPERE_{name.upper()}" for name in Settings.model_fields)
    parts = {"metrics": metrics, "settings": settings, "log events": sorted(_logged())}
    return "\n".join(f"# {title}\n" + "\n".join(lines) + "\n" for title, lines in parts.items())


def _logged() -> set[str]:
    """The events that are logged anywhere in the sources: what stands first in `log.error(…)` and the like."""
    calls = (
        node
        for package in ("corpus", "index", "service")
        for path in (SOURCES / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log.") and node.args
    )
    return {
        constant.value
        for call in calls
        for constant in ast.walk(call.args[0])
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    }


DESCRIBED: dict[str, Callable[[], str]] = {
    "openapi.json": openapi,
    "commands.txt": commands,
    "tables.sql": tables,
    "names.txt": names,
}

if __name__ == "__main__":
    for name, describe in DESCRIBED.items():
        (FILES / name).write_text(describe(), encoding="utf-8")
