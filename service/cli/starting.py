"""`repere serve`, `repere mcp` and `repere slack`: commands that start a channel, and end when they are told to."""

import sys
from typing import Annotated

import typer

from reperage.service import logs
from reperage.service.cli.loading import end_loading, tell_failure
from reperage.service.cli.progress import encoding_progress
from reperage.service.cli.server import listen, new_server, run_server, tell_who_may_ask
from reperage.service.cli.terminal import messages
from reperage.service.errors import StartError
from reperage.service.optional_imports import extra
from reperage.service.settings import Settings

_CONNECTED = "Repère is connected to Slack (Ctrl-C ends it)"


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on (REPERE_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on (REPERE_PORT).")] = None,
) -> None:
    """Serve the web page and the API; builds the index of the shipped course first where it is missing."""
    from reperage.service.access.secret_keys import secret_keys
    from reperage.service.app import create_app
    from reperage.service.loading import Loading

    options = {"host": host, "port": port}
    settings = Settings(**{name: value for name, value in options.items() if value is not None})  # type: ignore[arg-type]
    logs.configure(settings)
    secret_keys(settings.secret_key, settings.home)  # A key that is none is told here.
    listener = listen(settings.host, settings.port, "REPERE_PORT={} make serve")
    address = f"{settings.address(listener.getsockname()[1])}/"

    def tell_loaded(loading: Loading) -> None:
        if loading.error:
            server.should_exit = True
        else:
            messages.print(f"Repère is ready: open {address} (Ctrl-C ends it)")

    messages.print("Repère is starting…")
    tell_who_may_ask(settings)
    with encoding_progress() as progress, listener:
        application = create_app(settings, progress, tell_loaded)
        server = new_server(application, settings)
        run_server(server, listener)
    if error := application.state.services.loading.error:
        raise error


def mcp(
    http: Annotated[
        bool, typer.Option("--http", help="Serve streamable HTTP at /mcp instead of standard input and output.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="The address to listen on with --http (REPERE_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on with --http (REPERE_PORT).")] = None,
) -> None:
    """Serve the tools `ask` and `search` to programs that speak the Model Context Protocol; see docs/mcp.md."""
    from reperage.service.access.document_grants import links_here
    from reperage.service.access.secret_keys import secret_keys
    from reperage.service.loading import Loading
    from reperage.service.services import Services

    with extra("mcp"):
        from reperage.service import mcp as mcp_server

    options = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    if options and not http:
        raise StartError("--host and --port are for --http; leave them out to serve standard input and output")
    settings = Settings(**options)  # type: ignore[arg-type]
    logs.configure(settings)
    if not http:
        with encoding_progress() as progress:
            loading = Services(settings, progress, tell_failure, keeps_turns=False).loading
            mcp_server.serve_stdio(loading, links_here(settings))
        end_loading(loading)
        if loading.error:
            sys.exit(1)
        return
    secret_keys(settings.secret_key, settings.home)  # A key that is none is told here.
    listener = listen(settings.host, settings.port, "repere mcp --http --port {}")
    here = settings.model_copy(update={"public_url": None}).address(listener.getsockname()[1])

    def tell_loaded(loading: Loading) -> None:
        if loading.error:
            server.should_exit = True
        else:
            messages.print(f"Repère is ready: {here}{mcp_server.PATH} (Ctrl-C ends it)")

    messages.print("Repère is starting…")
    tell_who_may_ask(settings)
    with encoding_progress() as progress, listener:
        services = Services(settings, progress, tell_loaded, keeps_turns=False)
        # Pages are what `repere serve` serves, there.
        server = new_server(mcp_server.http_app(services, Settings().address()), settings)
        run_server(server, listener)
    end_loading(services.loading)
    if services.loading.error:
        raise services.loading.error


def slack() -> None:
    """Answer in Slack by Socket Mode, on a host without a public address; see docs/slack.md."""
    import asyncio

    from reperage.service.services import Services

    with extra("slack"):
        from reperage.service.slack import socket_mode

    settings = Settings()
    logs.configure(settings)
    credentials = socket_mode.credentials_of(settings)
    messages.print("Repère is starting…")
    with encoding_progress() as progress:
        services = Services(settings, progress)
        services.start(builds=False)
        try:
            asyncio.run(socket_mode.serve(services, credentials, lambda: messages.print(_CONNECTED)))
        except StartError as error:
            end_loading(services.loading, error)
            raise
        finally:
            # Nothing was asked as long as the model is being loaded.
            if services.loading.wait(0):
                services.close()
    end_loading(services.loading)
