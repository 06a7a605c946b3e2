"""Socket Mode: the bot alone, for hosts without a public address."""

import asyncio
import logging
import signal
from collections.abc import Callable
from time import monotonic

import structlog
from aiohttp import ClientError
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from reperage.service.errors import StartError
from reperage.service.loading import Loading
from reperage.service.services import Services
from reperage.service.settings import Settings
from reperage.service.slack.bot import Bot
from reperage.service.slack.credentials import Credentials, credentials
from reperage.service.slack.posting import problem_of

log = structlog.get_logger(__name__)

_REFUSED = {
    "account_inactive",
    "invalid_auth",
    "missing_scope",
    "not_allowed_token_type",
    "not_authed",
    "token_expired",
    "token_revoked",
}
_PING_SECONDS = 5.0
_LOOK_SECONDS = 0.5
_LOST_SECONDS = 20.0
"""After so long without a connection another address is asked for: one is good for a single try, and the library goes
on with the first."""


def credentials_of(settings: Settings) -> Credentials:
    """What the settings say of Slack.

    Raises:
        StartError: a setting is malformed, or the app's token is missing.
    """
    slack = credentials(settings)
    if not slack.app_token:
        raise StartError(
            "REPERE_SLACK_APP_TOKEN is missing: make an app-level token with connections:write under Basic Information "
            "(docs/slack.md)"
        )
    return slack


async def serve(services: Services, credentials: Credentials, connected: Callable[[], None]) -> None:
    """Answer until the process is told to end; `connected` is told the first time that Slack is reached.

    Raises:
        StartError: the program cannot start, or Slack refuses the app's token.
    """
    bot = Bot(services, credentials)
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    await bot.questions.start()
    # The library's own messages hold addresses that let whoever reads them in.
    silent = logging.getLogger(f"{__name__}.library")
    silent.setLevel(logging.CRITICAL + 1)
    handler = AsyncSocketModeHandler(
        bot.app, credentials.app_token, silent, web_client=bot.client(None), ping_interval=_PING_SECONDS
    )
    tasks = [
        asyncio.create_task(work)
        for work in (stay_connected(handler.client, connected), _watch(services.loading), ending.wait())
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await handler.close_async()  # type: ignore[no-untyped-call]
        await bot.questions.close()


async def stay_connected(client: SocketModeClient, connected: Callable[[], None]) -> None:
    """Connect, however long it takes, and again whenever the connection is lost.

    Raises:
        StartError: Slack refuses the token.
    """
    client.wss_uri = await _address(client)
    connecting = asyncio.create_task(client.connect())  # type: ignore[no-untyped-call]
    was_connected, is_first, at = False, True, monotonic()
    try:
        while True:
            is_connected = await client.is_connected()
            if is_connected and is_first:
                connected()
                is_first = False
            elif is_connected != was_connected:
                log.info("slack_connected_again" if is_connected else "slack_connection_lost")
            if is_connected:
                at = monotonic()
            elif monotonic() - at > _LOST_SECONDS:
                client.wss_uri, at = await _address(client), monotonic()
            was_connected = is_connected
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        connecting.cancel()


async def _address(client: SocketModeClient) -> str | None:
    """Where to connect; `None` where Slack is not reached.

    Raises:
        StartError: Slack refuses the token.
    """
    try:
        return await client.issue_new_wss_url()
    except SlackApiError as error:
        problem = problem_of(error)
        if problem in _REFUSED:
            raise StartError(
                f"Slack refuses REPERE_SLACK_APP_TOKEN ({problem}): make an app-level token with connections:write "
                "under Basic Information"
            ) from error
        log.warning("slack_unreachable", problem=problem)
    except (ClientError, OSError, TimeoutError) as error:
        log.warning("slack_unreachable", problem=str(error) or repr(error))
    return None


async def _watch(loading: Loading) -> None:
    """Ends where the program could not start."""
    while loading.error is None:
        await asyncio.sleep(_LOOK_SECONDS)
    raise loading.error
