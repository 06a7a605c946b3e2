"""`repere slack`: the bot alone, by Socket Mode."""

from reperage.service import logs
from reperage.service.cli.loading import end_loading
from reperage.service.cli.progress import encoding_progress
from reperage.service.cli.terminal import messages
from reperage.service.errors import StartError
from reperage.service.optional_imports import extra
from reperage.service.settings import Settings

_CONNECTED = "Repère is connected to Slack (Ctrl-C ends it)"


def slack() -> None:
    """Answer in Slack by Socket Mode, on a host without a public address; see docs/slack.md."""
    import asyncio

    from reperage.service.services import Services

    with extra("slack"):
        from reperage.service.slack import socket_mode
        from reperage.service.slack.credentials import credentials

    settings = Settings()
    logs.configure(settings)
    tokens = credentials(settings)
    if not tokens.app_token:
        raise StartError(
            "REPERE_SLACK_APP_TOKEN is missing: make an app-level token with connections:write under Basic Information "
            "(docs/slack.md)"
        )
    messages.print("Repère is starting…")
    with encoding_progress() as progress:
        services = Services(settings, progress)
        services.start(builds=False)
        try:
            asyncio.run(socket_mode.serve(services, tokens, lambda: messages.print(_CONNECTED)))
        except StartError as error:
            end_loading(services.loading, error)
            raise
        finally:
            services.close()
    end_loading(services.loading)
