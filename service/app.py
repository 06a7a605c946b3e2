"""`create_app(settings)`: the whole service as one ASGI application."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from anyio import CapacityLimiter
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from service import pages, routes
from service.metrics import TimeRequests
from service.problems import LimitBody, Problem, add_handlers
from service.settings import Settings
from service.startup import BuildProgress, Startup

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
    startup = Startup(settings, progress, finished)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        startup.start()
        yield

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
    app.state.limiter = CapacityLimiter(settings.calls_at_once)
    add_handlers(app)
    app.add_middleware(LimitBody)
    app.add_middleware(TimeRequests)
    app.include_router(routes.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=pages.WEB), name="static")
    return app
