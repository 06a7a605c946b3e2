"""`create_app(settings)`: the whole service as one ASGI application."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from anyio import to_thread
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from service import conversation_routes, openai_form, pages, routes
from service.access import PersonTokens, secret_keys
from service.conversations import Conversations
from service.identity import KeepPerson
from service.metrics import TimeRequests
from service.problems import LimitBody, Problem, add_handlers
from service.settings import Settings
from service.startup import BuildProgress, Startup
from service.state.database import database_of

_DESCRIPTION = """\
Repère answers questions about teaching material. Every sentence of an answer carries a citation, every citation a
verbatim quote with its place, checked before the answer leaves. Where the material does not answer, it says so.
"""


class _Service(FastAPI):
    """FastAPI describes its own form of errors; ours are problem details everywhere."""

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
    conversations = Conversations(database_of(settings), settings.retention_days)
    startup = Startup(settings, progress, finished, conversations)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.person_tokens = PersonTokens(secret_keys(settings.secret_key, settings.home))
        conversations.start()
        startup.start()
        yield
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
    app.state.startup = startup
    add_handlers(app)
    app.add_middleware(LimitBody)
    app.add_middleware(TimeRequests)
    app.add_middleware(KeepPerson)
    app.include_router(routes.router)
    app.include_router(conversation_routes.router)
    app.include_router(openai_form.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=pages.WEB), name="static")
    return app
