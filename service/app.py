"""`create_app(settings)`: the whole service as one ASGI application."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from service import conversation_routes, feedback_routes, openai_form, pages, routes, session_routes
from service.access import PersonTokens, SessionTokens, secret_keys
from service.conversations import Conversations
from service.cross_origin import OpenFiles, SiteOrigins
from service.extras import extra
from service.identity import KeepPerson
from service.metrics import TimeRequests
from service.problems import LimitBody, Problem, add_handlers
from service.rates import Rates
from service.repeats import Repeats
from service.root_path import UnderPath
from service.settings import Settings
from service.sites import Sites
from service.startup import BuildProgress, Startup
from service.state.database import database_of

if TYPE_CHECKING:
    from service.slack.over_http import OverHttp

_DESCRIPTION = """\
Repère answers questions about teaching material. Every sentence of an answer carries a citation, every citation a
verbatim quote with its place, checked before the answer leaves. Where the material does not answer, it says so.
"""


def _over_http(settings: Settings) -> "OverHttp | None":
    """What answers Slack, where that is set.

    Raises:
        StartError: a setting is malformed or missing, or the library is not installed.
    """
    if not settings.names_slack:
        return None
    with extra("slack"):
        from service.slack.over_http import OverHttp
    return OverHttp.of(settings)


class _Service(FastAPI):
    """FastAPI describes its own form of errors; ours are problem details everywhere."""

    def build_middleware_stack(self) -> ASGIApp:
        # Around what answers to unexpected errors too: a page of another site may read only what says that it may.
        stack = SiteOrigins(super().build_middleware_stack(), self.state.sites)
        return UnderPath(stack, self.state.startup.settings.root_path)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            schemas = super().openapi()["components"]["schemas"]
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            schemas["Problem"] = Problem.model_json_schema()
        assert self.openapi_schema is not None
        return self.openapi_schema


def create_app(
    settings: Settings,
    progress: BuildProgress = lambda course, done, total: None,
    finished: Callable[[Startup], None] = lambda startup: None,
) -> FastAPI:
    """The application; loading begins when it starts, in a thread, and `finished` is called from there."""
    slack = _over_http(settings)
    database = database_of(settings)
    conversations, sites = Conversations(database, settings.retention_days), Sites(database)
    startup = Startup(settings, progress, finished, conversations)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        keys = secret_keys(settings.secret_key, settings.home)
        app.state.person_tokens, app.state.session_tokens = PersonTokens(keys), SessionTokens(keys)
        conversations.start()
        startup.start()
        async with slack.answering(app, startup) if slack else nullcontext():
            yield
        sites.close()
        await to_thread.run_sync(conversations.close)

    app = _Service(
        title="Repère",
        summary="Cited answers from teaching material.",
        description=_DESCRIPTION,
        version=version("repere"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.startup, app.state.sites = startup, sites
    app.state.rates, app.state.repeats = Rates(settings.rate_per_session, settings.rate_per_address), Repeats()
    add_handlers(app)
    app.add_middleware(LimitBody)
    app.add_middleware(TimeRequests)
    app.add_middleware(KeepPerson)
    app.add_middleware(OpenFiles)
    app.include_router(routes.router)
    app.include_router(conversation_routes.router)
    app.include_router(session_routes.router)
    app.include_router(feedback_routes.router)
    app.include_router(openai_form.router)
    app.include_router(pages.router)
    if slack:
        slack.add_routes(app)
    app.mount("/widget", StaticFiles(directory=pages.WEB / "widget"), name="widget")
    app.mount("/static", StaticFiles(directory=pages.WEB), name="static")
    return app
