"""`/slack/events` and the installation by OAuth, in one process with the service."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Self

import structlog
import yaml
from anyio import to_thread
from fastapi import APIRouter, FastAPI, Request, Response
from slack_bolt import BoltResponse
from slack_bolt.adapter.starlette.async_handler import (
    AsyncSlackRequestHandler,
    to_async_bolt_request,
    to_starlette_response,
)
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.signature import SignatureVerifier

from reperage.service.access.document_grants import DocumentGrants
from reperage.service.access.registry import RegistryNotRead
from reperage.service.errors import StateUnavailable
from reperage.service.http.request_origin import own_address
from reperage.service.http.requirements import OPEN
from reperage.service.http.services_of import services_of
from reperage.service.http.source_links import source_links
from reperage.service.http.templates import HEADERS, render
from reperage.service.messages import messages
from reperage.service.services import Services
from reperage.service.settings import Settings
from reperage.service.slack.bot import LINKS, Bot
from reperage.service.slack.credentials import Credentials, credentials
from reperage.service.slack.workspaces import Installations, States
from reperage.service.sources.links import SourceLinks

log = structlog.get_logger(__name__)

_REGISTRY_SECONDS = 0.5
INSTALL, CALLBACK = "/slack/install", "/slack/oauth_redirect"
router = APIRouter(include_in_schema=False)
installation_router = APIRouter(include_in_schema=False)
"""Where the app is installed in several workspaces."""


class SlackOverHttp:
    """Bot in the process of the service, with Slack's signature on all that comes."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Bot as the settings have it; `None` where Slack is set for Socket Mode alone.

        Raises:
            StartError: a setting is malformed or missing.
        """
        slack = credentials(settings)
        return cls(slack) if slack.signing_secret else None

    def add_routes(self, app: FastAPI) -> None:
        app.include_router(router)
        if self._credentials.client_id:
            app.include_router(installation_router)

    @asynccontextmanager
    async def running(self, app: FastAPI, services: Services) -> AsyncIterator[None]:
        """Context in which the bot runs, for as long as the service does."""
        bot = await to_thread.run_sync(Bot, services, self._credentials)
        states = States(services.database, services.secret_keys)
        app.state.slack = _SlackEndpoint(bot, self._credentials, Installations(bot.workspaces), states)
        await bot.questions.start()
        try:
            yield
        finally:
            await bot.questions.close()


@router.post("/slack/events", dependencies=[OPEN])
async def events(request: Request) -> Response:
    """Events, commands and buttons, each with Slack's signature."""
    endpoint: _SlackEndpoint = request.app.state.slack
    if not endpoint.is_signed(await request.body(), request.headers):
        return Response("this is not signed by Slack", 401, media_type="text/plain")
    return await AsyncSlackRequestHandler(endpoint.bot.app).handle(request, {LINKS: await _links(request)})


async def _links(request: Request) -> SourceLinks:
    """Links that begin as the request was addressed; where the registry is not there in time, each holds a right to
    read: Slack waits three seconds for its answer."""
    services = services_of(request)
    with suppress(StateUnavailable, TimeoutError):
        async with asyncio.timeout(_REGISTRY_SECONDS):
            await services.registry.refresh()
    try:
        return source_links(request)
    except RegistryNotRead:
        return SourceLinks(own_address(request), DocumentGrants(services.tokens.grant))


@installation_router.get(INSTALL, dependencies=[OPEN])
async def install(request: Request) -> Response:
    """Leads to Slack, where somebody allows the app into a workspace."""
    endpoint: _SlackEndpoint = request.app.state.slack
    flow = endpoint.installation(own_address(request))
    return to_starlette_response(await flow.handle_installation(to_async_bolt_request(request, b"")))


@installation_router.get(CALLBACK, dependencies=[OPEN])
async def installed(request: Request) -> Response:
    """Where Slack leads back to."""
    endpoint: _SlackEndpoint = request.app.state.slack
    flow = endpoint.installation(own_address(request))
    return to_starlette_response(await flow.handle_callback(to_async_bolt_request(request, b"")))


class _SlackEndpoint:
    """Bot as Slack and browsers reach it: signed requests, and the flow of OAuth with pages of ours at its end."""

    def __init__(self, bot: Bot, credentials: Credentials, installations: Installations, states: States) -> None:
        self.bot, self._credentials, self._installations, self._states = bot, credentials, installations, states
        self._verifier = SignatureVerifier(credentials.signing_secret)
        manifest = yaml.safe_load(Path(__file__).with_name("manifest.yaml").read_text(encoding="utf-8"))
        self._scopes: list[str] = manifest["oauth_config"]["scopes"]["bot"]

    def is_signed(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether Slack sent this, within the last minutes; asked here, as Bolt reads a body before it asks."""
        try:
            return self._verifier.is_valid_request(body, dict(headers))
        except (ValueError, TypeError):  # No number, no text, or not the letters of a signature.
            return False

    def installation(self, base_url: str) -> AsyncOAuthFlow:
        """OAuth flow for a service at `base_url`."""
        return AsyncOAuthFlow(
            client=self.bot.client(None),
            settings=AsyncOAuthSettings(
                client_id=self._credentials.client_id,
                client_secret=self._credentials.client_secret,
                scopes=self._scopes,
                redirect_uri=f"{base_url}{CALLBACK}",
                install_path=INSTALL,
                redirect_uri_path=CALLBACK,
                install_page_rendering_enabled=False,
                installation_store=self._installations,
                state_store=self._states,
                callback_options=AsyncCallbackOptions(success=self._success_page, failure=self._failure_page),
            ),
        )

    async def _success_page(self, args: AsyncSuccessArgs) -> BoltResponse:
        return _page(200, "slack_installed")

    async def _failure_page(self, args: AsyncFailureArgs) -> BoltResponse:
        log.warning("slack_not_installed", reason=args.reason)
        return _page(args.suggested_status_code, "slack_not_installed")


def _page(status: int, name: str) -> BoltResponse:
    text = messages("fr")
    title, detail = text[f"{name}_title"], text[f"{name}_detail"]
    page = render("problem.html", title=title, detail=detail, language="fr", text=text, root="../")
    return BoltResponse(status=status, body=page, headers={"Content-Type": "text/html; charset=utf-8", **HEADERS})
