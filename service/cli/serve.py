"""`repere serve`: the web page and the API."""

from typing import Annotated

import typer

from reperage.service import logs
from reperage.service.cli.progress import encoding_progress
from reperage.service.cli.server import listen, new_server, run_server, tell_who_may_ask
from reperage.service.cli.terminal import messages
from reperage.service.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on (REPERE_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on (REPERE_PORT).")] = None,
) -> None:
    """Serve the web page and the API; builds the index of the shipped course first where it is missing."""
    from reperage.service.access.signed_tokens import secret_keys
    from reperage.service.app import create_app
    from reperage.service.loading import Loading

    given = {"host": host, "port": port}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    logs.configure(settings)
    secret_keys(settings.secret_key, settings.home)  # A key that is none is told here.
    listener = listen(settings.host, settings.port, "REPERE_PORT={} make serve")
    address = f"{settings.address(listener.getsockname()[1])}/"

    def loaded(loading: Loading) -> None:
        if loading.error:
            server.should_exit = True
        else:
            messages.print(f"Repère is ready: open {address} (Ctrl-C ends it)")

    messages.print("Repère is starting…")
    tell_who_may_ask(settings)
    with encoding_progress() as progress, listener:
        application = create_app(settings, progress, loaded)
        server = new_server(application, settings)
        run_server(server, listener)
    if error := application.state.services.loading.error:
        raise error
