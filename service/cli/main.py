"""`repere`: the command line."""

import os
import sys
import threading
from collections.abc import Sequence
from typing import Annotated

import typer
from pydantic import ValidationError
from typer.main import get_command

from reperage.corpus.errors import CorpusError
from reperage.index.errors import SearchIndexError
from reperage.service.cli.ask import ask, search
from reperage.service.cli.build import build
from reperage.service.cli.courses import courses
from reperage.service.cli.doctor import doctor
from reperage.service.cli.evaluate import evaluate
from reperage.service.cli.keys import keys
from reperage.service.cli.loading import StillLoading
from reperage.service.cli.lti import lti
from reperage.service.cli.people import people
from reperage.service.cli.process import restored_process
from reperage.service.cli.sites import sites
from reperage.service.cli.starting import mcp, serve, slack
from reperage.service.cli.terminal import messages
from reperage.service.cli.webhooks import webhooks
from reperage.service.errors import ServiceError, StartError, explain_os_error
from reperage.service.evaluation.errors import EvaluationError
from reperage.service.settings import Settings

app = typer.Typer(
    help="Answers questions about teaching material, every sentence with its source.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

# Help lists them in this order.
app.command()(serve)
app.command()(mcp)
app.command()(slack)
app.command()(build)
app.command()(ask)
app.command()(search)
app.command()(evaluate)
app.command()(courses)
app.command()(doctor)
app.add_typer(sites, name="sites")
app.add_typer(keys, name="keys")
app.add_typer(people, name="people")
app.add_typer(webhooks, name="webhooks")
app.add_typer(lti, name="lti")


def _show_version(is_set: bool) -> None:
    if is_set:
        from importlib.metadata import version

        print(f"repere {version('reperage')}")
        raise typer.Exit


@app.callback()
def _every_command(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None: ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit status, 1 where a sentence on standard error says what a person can mend.

    With `argv`, what stands behind the program's name, any program may call it, and finds logging, signal handlers and
    standard streams afterwards as they were. Without, it is the command of this very process, which may end with it.
    """
    if argv is None:
        return _run_own()
    with restored_process():
        try:
            return _run(argv)
        except StillLoading as still_loading:
            still_loading.loading.wait(threading.TIMEOUT_MAX)
            return still_loading.status
        except BrokenPipeError:
            return 1


def _run_own() -> int:
    try:
        return _run(None)
    except StillLoading as still_loading:
        # C++ aborts when Python ends under its thread.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(still_loading.status)
    except BrokenPipeError:
        sys.stderr.close()
        return 1


def _run(argv: Sequence[str] | None) -> int:
    try:
        get_command(app).main(args=argv, prog_name=None if argv is None else "repere")
    except SystemExit as system_exit:
        return system_exit.code if isinstance(system_exit.code, int) else int(system_exit.code is not None)
    except (ServiceError, StartError, CorpusError, SearchIndexError, EvaluationError) as error:
        return _fail(str(error))
    except ValidationError as error:
        return _fail("; ".join(_setting_error(dict(e)) for e in error.errors()))
    except BrokenPipeError:
        raise
    except OSError as error:
        return _fail(explain_os_error(error, Settings().home))
    return 0


def _setting_error(error: dict[str, object]) -> str:
    name = "_".join(str(part) for part in error["loc"]).upper()  # type: ignore[attr-defined]
    return f"REPERE_{name} is {error['input']!r}: {error['msg']}"


def _fail(message: str) -> int:
    messages.print(f"repere: {message}")
    return 1
