"""`repere`: the command line."""

import errno
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from pydantic import ValidationError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from reperage.corpus.errors import CorpusError
from reperage.index.errors import SearchIndexError
from reperage.service import logs
from reperage.service.cli.keys import keys
from reperage.service.cli.lti import lti
from reperage.service.cli.people import people
from reperage.service.cli.sites import sites
from reperage.service.cli.terminal import AsJson, messages, opened, print_json
from reperage.service.cli.webhooks import webhooks
from reperage.service.contract.plain_text import plain_text
from reperage.service.errors import ServiceError, StartError, StateUnavailable
from reperage.service.evaluation.errors import EvaluationError
from reperage.service.optional_imports import extra
from reperage.service.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn import Server

    from reperage.service.assistant import Assistant
    from reperage.service.loading import Startup

app = typer.Typer(
    help="Answers questions about teaching material, every sentence with its source.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(sites, name="sites")
app.add_typer(keys, name="keys")
app.add_typer(people, name="people")
app.add_typer(webhooks, name="webhooks")
app.add_typer(lti, name="lti")

QuestionText = Annotated[str, typer.Argument(help="The question, as a person would ask it.")]
CourseName = Annotated[
    str | None, typer.Option("--course", "-c", help="The course; may be left out where there is only one.")
]
Bars = Callable[[str, str, int, int], None]
"""Told the name of a bar, what to say of it once, and how many of how many are done."""

_CONNECTED = "Repère is connected to Slack (Ctrl-C ends it)"


def main() -> None:
    """Run a command; what a person can mend is said in a sentence, with the exit status 1."""
    from reperage.service.loading import explain_os_error

    try:
        app()
    except (ServiceError, StartError, CorpusError, SearchIndexError, EvaluationError) as error:
        _fail(str(error))
    except ValidationError as error:
        _fail("; ".join(_setting_error(dict(e)) for e in error.errors()))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        _fail(explain_os_error(error, Settings().home))


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on (REPERE_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on (REPERE_PORT).")] = None,
) -> None:
    """Serve the web page and the API; builds the index of the shipped course first where it is missing."""
    from reperage.service.access.signed_tokens import secret_keys
    from reperage.service.app import create_app
    from reperage.service.loading import Startup

    given = {"host": host, "port": port}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    logs.configure(settings)
    secret_keys(settings.secret_key, settings.home)  # A key that is none is told here.
    listener = _listen(settings.host, settings.port, "REPERE_PORT={} make serve")
    address = f"{settings.address(listener.getsockname()[1])}/"

    def finished(startup: Startup) -> None:
        if startup.error:
            server.should_exit = True
        else:
            messages.print(f"Repère is ready: open {address} (Ctrl-C ends it)")

    messages.print("Repère is starting…")
    _tell_who_may_ask(settings)
    with _encoding_progress() as progress:
        application = create_app(settings, progress, finished)
        server = _server(application, settings)
        _run(server, listener)
    if error := application.state.startup.error:
        raise error


def _tell_who_may_ask(settings: Settings) -> None:
    """Say what is open as long as there is no key; make the first one where others can reach the server."""
    from reperage.service.access.api_keys import new_key
    from reperage.service.database.keys import all_keys, store_key
    from reperage.service.urls import is_loopback

    try:
        with opened(settings) as database:
            if all_keys(database):
                return
            if is_loopback(settings.host):
                messages.print("This machine alone may ask, as no key was made yet (`repere keys create`).")
                return
            key, written = new_key("made at the first start", "administrator", None, None)
            store_key(database, key)
    except StateUnavailable as error:
        messages.print(f"Who may ask cannot be read for now: {error.reason}")
        return
    messages.print(
        "Others can reach this address, so it takes a key from now on. The administrator's, shown this once:\n"
        f"{written}\n"
        f"Pages ask once their site is registered: repere sites add {settings.address()} --course NAME"
    )


@app.command()
def mcp(
    http: Annotated[
        bool, typer.Option("--http", help="Serve streamable HTTP at /mcp instead of standard input and output.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="The address to listen on with --http (REPERE_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on with --http (REPERE_PORT).")] = None,
) -> None:
    """Serve the tools `ask` and `search` to programs that speak the Model Context Protocol; see docs/mcp.md."""
    from reperage.service.access.document_grants import links_here
    from reperage.service.loading import Startup

    with extra("mcp"):
        from reperage.service import mcp as served

    given = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    if given and not http:
        raise StartError("--host and --port are for --http; leave them out to serve standard input and output")
    settings = Settings(**given)  # type: ignore[arg-type]
    logs.configure(settings)
    if not http:
        with _encoding_progress() as progress:
            startup = Startup(settings, progress, _tell_failure)
            served.serve_stdio(startup, links_here(settings))
        _end_loading(startup)
        if startup.error:
            sys.exit(1)
        return
    listener = _listen(settings.host, settings.port, "repere mcp --http --port {}")
    here = settings.model_copy(update={"public_url": None}).address(listener.getsockname()[1])

    def finished(startup: Startup) -> None:
        if startup.error:
            server.should_exit = True
        else:
            messages.print(f"Repère is ready: {here}{served.PATH} (Ctrl-C ends it)")

    messages.print("Repère is starting…")
    _tell_who_may_ask(settings)
    with _encoding_progress() as progress:
        startup = Startup(settings, progress, finished)
        # Pages are what `repere serve` serves, there.
        server = _server(served.http_app(startup, Settings().address()), settings)
        _run(server, listener)
    _end_loading(startup)
    if startup.error:
        raise startup.error


@app.command()
def slack() -> None:
    """Answer in Slack by Socket Mode, on a host without a public address; see docs/slack.md."""
    import asyncio

    from reperage.service.access.encryption import Encryption
    from reperage.service.access.signed_tokens import secret_keys
    from reperage.service.conversations.conversations import Conversations
    from reperage.service.database.engine import database_of
    from reperage.service.database.migration_worker import MigrationWorker
    from reperage.service.loading import Startup
    from reperage.service.webhooks.delivery_worker import DeliveryWorker
    from reperage.service.webhooks.signing import PURPOSE

    with extra("slack"):
        from reperage.service.slack import socket_mode
        from reperage.service.slack.credentials import credentials

    settings = Settings()
    logs.configure(settings)
    found = credentials(settings)
    if not found.app_token:
        raise StartError(
            "REPERE_SLACK_APP_TOKEN is missing: make an app-level token with connections:write under Basic Information "
            "(docs/slack.md)"
        )
    messages.print("Repère is starting…")
    database = database_of(settings)
    conversations = Conversations(database, settings.retention_days)
    migration = MigrationWorker(database, conversations.look_for_tables)
    deliveries = DeliveryWorker(database, Encryption(secret_keys(settings.secret_key, settings.home), PURPOSE))
    parts = (migration, conversations, deliveries)
    with _encoding_progress() as progress:
        startup = Startup(settings, progress, conversations=conversations)
        for part in parts:
            part.start()
        startup.start()
        try:
            asyncio.run(socket_mode.serve(startup, found, lambda: messages.print(_CONNECTED)))
        except StartError as error:
            _end_loading(startup, error)
            raise
        finally:
            for part in parts:
                part.end()
            for part in parts:
                part.close()
            database.close()
    _end_loading(startup)


@app.command()
def build(
    folder: Annotated[
        Path | None,
        typer.Argument(help="The folder with the course's documents; the shipped courses without it."),
    ] = None,
    course: Annotated[str | None, typer.Option("--course", "-c", help="The course's name; else the folder's.")] = None,
    language: Annotated[str, typer.Option(help="The language of documents that do not name their own.")] = "fr",
    shipped: Annotated[bool, typer.Option("--shipped", help="Build the courses that ship with Repère.")] = False,
    into: Annotated[
        Path | None,
        typer.Option(help="A folder of indexes to write to, instead of the one under REPERE_HOME."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read a folder of documents and build its index; quick where nothing has changed."""
    from reperage.service.courses.building import build_course, courses_to_build

    settings = Settings()
    logs.configure(settings)
    if shipped and folder:
        raise StartError("give a folder or --shipped, not both")
    reports = []
    for name, material in courses_to_build(folder, course).items():
        with _encoding_progress() as progress:
            report = build_course(settings, name, material, language, into, progress)
        reports.append(report.as_dict())
        if not as_json:
            print(report.as_text())
    if as_json:
        print_json({"courses": reports})


@app.command()
def ask(question: QuestionText, course: CourseName = None, as_json: AsJson = False) -> None:
    """Ask one question and print the answer with its sources."""
    with _assistant() as (assistant, base_url):
        answer = assistant.ask(question, course, base_url=base_url)
    if as_json:
        print(answer.model_dump_json(by_alias=True, indent=2))
        return
    print(plain_text(answer))


@app.command()
def search(
    question: QuestionText,
    course: CourseName = None,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many chunks to print.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Print the chunks that fit a question best, without an answer."""
    from reperage.service.api.schemas import search_result

    with _assistant() as (assistant, base_url):
        result = search_result(assistant, question, course, k, base_url)
    if as_json:
        print(result.model_dump_json(by_alias=True, indent=2))
        return
    for hit in result.hits:
        print(f"{hit.rank}. {' › '.join([hit.document_title, *hit.heading_path])}")
        print(f"   score {hit.score:.2f}, dense {hit.dense:.3f}, lexical {hit.lexical:.2f}")
        print(f"   {' '.join(hit.text.split())[:160]}")


@app.command()
def evaluate(
    path: Annotated[
        Path,
        typer.Argument(help="A folder in the layout of BEIR or with a `questions.yaml`, or a file of questions."),
    ],
    half: Annotated[
        Literal["even", "odd"] | None,
        typer.Option(help="Ask only the questions at even or at odd places, counted from 0."),
    ] = None,
    queries: Annotated[int | None, typer.Option(min=1, help="Ask only so many questions, the first.")] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="A folder that keeps the indexes, which are then built only where they do not fit."),
    ] = None,
    no_failures: Annotated[
        bool, typer.Option("--no-failures", help="Give figures alone, not the questions of a file that failed.")
    ] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file to write the JSON object to.")] = None,
    fit: Annotated[
        bool,
        typer.Option("--fit", help="Fit when to answer on a set with a removed part, and use it from now on."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure search, answers and refusals on a set of questions; see docs/evaluation.md."""
    from reperage.service.evaluation.evaluate import evaluate as evaluate_set
    from reperage.service.evaluation.evaluate import fit_calibration
    from reperage.service.evaluation.part import Part

    settings = Settings()
    logs.configure(settings)
    if output and not output.resolve().parent.is_dir():
        raise StartError(f"{str(output.parent)!r} is no folder; give --output a file in one that is there")
    if fit:
        with _bars() as bars:
            place, calibration = fit_calibration(path, settings, keep, _encoding(bars))
        figures = ", ".join(f"{name} {value}" for name, value in calibration.checked.items())
        messages.print(f"Written to {place}. On the questions in odd places: {figures}.")
    with _bars() as bars:
        evaluation = evaluate_set(path, settings, Part(half, queries), keep, _encoding(bars), _asking(bars))
    if no_failures:
        evaluation = replace(evaluation, failures=None)
    written = json.dumps(evaluation.as_dict(), ensure_ascii=False, indent=2)
    if output:
        output.write_text(written + "\n", encoding="utf-8")
    print(written if as_json else evaluation.as_text())


@app.command()
def courses(as_json: AsJson = False) -> None:
    """List the courses that can be asked."""
    from reperage.service.api.schemas import CourseList, summary
    from reperage.service.courses.library import Courses

    settings = Settings()
    logs.configure(settings)
    opened = Courses(settings)
    found = [summary(opened, name) for name in opened.names()]
    if as_json:
        print(CourseList(courses=found).model_dump_json(indent=2))
        return
    for course in found:
        counts = f"{course.documents} document(s), {course.sections} sections, {course.chunks} chunks"
        print(f"{course.id}: {counts if course.available else course.detail}")


@app.command()
def doctor(
    migrate: Annotated[
        bool, typer.Option("--migrate", help="Bring the database's tables up to date, as a start would.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check what Repère needs on this machine; the exit status is 1 where something is wrong."""
    from reperage.service.cli.doctor import examine

    checks = examine(Settings(), migrate)
    if as_json:
        print_json({"checks": [check.as_dict() for check in checks]})
    else:
        for check in checks:
            print(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}")
    if not all(check.ok for check in checks):
        sys.exit(1)


@contextmanager
def _assistant() -> Iterator[tuple["Assistant", str]]:
    """The assistant, made here, and what links begin with."""
    from reperage.service.access.document_grants import links_here
    from reperage.service.loading import Startup

    settings = Settings()
    logs.configure(settings)
    with _encoding_progress() as progress:
        yield Startup(settings, progress).run(), links_here(settings)


@contextmanager
def _encoding_progress() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar for each course that is encoded; one line each where nobody watches."""
    with _bars() as bars:
        yield _encoding(bars)


@contextmanager
def _bars() -> Iterator[Bars]:
    """Progress bars; what is said of each is printed once, whether or not somebody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=messages, transient=True, disable=not messages.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(name: str, said: str, done: int, total: int) -> None:
            if said not in tasks:
                messages.print(said)
                tasks[said] = bars.add_task(name, total=total)
            bars.update(tasks[said], completed=done)

        yield progress


def _encoding(bars: Bars) -> Callable[[str, int, int], None]:
    def progress(course: str, done: int, total: int) -> None:
        bars(course, f"Building the index of {course!r}: {total} texts to encode…", done, total)

    return progress


def _asking(bars: Bars) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        bars("questions", f"Asking {total} questions…", done, total)

    return progress


def _tell_failure(startup: "Startup") -> None:
    if startup.error:
        messages.print(f"repere: {startup.error}")


def _end_loading(startup: "Startup", error: StartError | None = None) -> None:
    """End the process where the model is still being loaded: C++ aborts when Python ends under its thread."""
    if not startup.wait(0):
        if error:
            messages.print(f"repere: {error}")
        sys.stderr.flush()
        os._exit(1 if error else 0)


def _server(application: "ASGIApp", settings: Settings) -> "Server":
    import uvicorn

    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies,
    )
    return uvicorn.Server(config)


def _run(server: "Server", listener: socket.socket) -> None:
    """Serve until the server is told to end, or Ctrl-C."""
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        messages.print("Repère has ended.")


def _listen(host: str, port: int, command: str) -> socket.socket:
    """A listening socket; `command` takes another port where this one is taken.

    Raises:
        StartError: the port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named: without it an answer waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise StartError(
                f"port {port} on {host} is taken by another program; end that one, or choose another port: "
                f"{command.format(port + 1)}"
            ) from error
        raise StartError(
            f"cannot listen on {host}:{port}: {error.strerror}; set REPERE_HOST and REPERE_PORT"
        ) from error
    return listener


def _setting_error(error: dict[str, object]) -> str:
    name = "_".join(str(part) for part in error["loc"]).upper()  # type: ignore[attr-defined]
    return f"REPERE_{name} is {error['input']!r}: {error['msg']}"


def _fail(message: str) -> None:
    messages.print(f"repere: {message}")
    sys.exit(1)
