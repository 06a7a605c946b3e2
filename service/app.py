"""`create_app(settings)`: the whole service as one ASGI application."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from reperage.service.access.lms_user_tokens import HEADER as USER_TOKEN
from reperage.service.api import (
    batch,
    conversations,
    courses,
    documents,
    feedback,
    gaps,
    health,
    jobs,
    me,
    openai,
    questions,
    sessions,
)
from reperage.service.api.idempotency import IdempotentQuestions
from reperage.service.courses.building import BuildProgress
from reperage.service.http.body_limit import LimitBody
from reperage.service.http.cors import SiteOrigins
from reperage.service.http.metrics import TimeRequests
from reperage.service.http.person_cookie import KeepPerson
from reperage.service.http.problems import Problem, ProblemForms, add_handlers
from reperage.service.http.root_path import UnderPath
from reperage.service.http.static_files import WEB, OpenFiles
from reperage.service.loading import Loading
from reperage.service.lti import context_routes, deep_link_routes, launch_routes, registration_routes
from reperage.service.lti import pages as lti_pages
from reperage.service.lti.refusals import LaunchRefused
from reperage.service.optional_imports import extra
from reperage.service.pages import courses as course_pages
from reperage.service.pages import documents as document_pages
from reperage.service.services import Services
from reperage.service.settings import Settings

if TYPE_CHECKING:
    from reperage.service.slack.http import SlackOverHttp

_DESCRIPTION = """\
Repère answers questions about teaching material. Every sentence of an answer carries a citation, every citation a
verbatim quote with its place, checked before the answer leaves. Where the material does not answer, it says so.
"""


def _slack_channel(settings: Settings) -> "SlackOverHttp | None":
    """Slack over HTTP, where that is set.

    Raises:
        StartError: a setting is malformed or missing, or the library is not installed.
    """
    if not settings.names_slack:
        return None
    with extra("slack"):
        from reperage.service.slack.http import SlackOverHttp
    return SlackOverHttp.of(settings)


_CREDENTIALS = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of the API (`rk_…`, from `repere keys create`), or the token of a session.",
    },
    "user": {
        "type": "apiKey",
        "in": "header",
        "name": USER_TOKEN,
        "description": "Beside the key of an LMS: for which of its users it asks. A JWT that the LMS signs, with "
        "`iss` (the key's issuer), `aud` (`repere`), `sub` (the LMS's pseudonym of the user), `course`, `iat`, `exp` "
        "(an hour later at most) and perhaps `role` (`student` or `teacher`). It confines the key to that course and "
        "user.",
    },
}


class _Service(FastAPI):
    """FastAPI describes its own form of errors; ours are problem details everywhere."""

    def build_middleware_stack(self) -> ASGIApp:
        # Around what answers to unexpected errors too: a page of another site may read only what says that it may.
        services: Services = self.state.services
        stack = SiteOrigins(super().build_middleware_stack(), services.registry)
        return UnderPath(stack, services.settings.root_path)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            schemas = super().openapi()["components"]["schemas"]
            assert self.openapi_schema is not None
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            schemas["Problem"] = Problem.model_json_schema()
            self.openapi_schema["components"]["securitySchemes"] = _CREDENTIALS
            # Of these one; the first is nothing, for what is open to everybody, and for a browser's cookie.
            self.openapi_schema["security"] = [{}, {"bearer": []}, {"bearer": [], "user": []}]
        assert self.openapi_schema is not None
        return self.openapi_schema


_ROUTERS = (
    questions.router,
    courses.router,
    documents.router,
    health.router,
    batch.router,
    jobs.router,
    gaps.router,
    conversations.router,
    me.router,
    sessions.router,
    feedback.router,
    openai.router,
    course_pages.router,
    document_pages.router,
    launch_routes.router,
    deep_link_routes.router,
    registration_routes.router,
    lti_pages.router,
    context_routes.router,
)
"""In the order in which the description of the API lists them."""
_PROBLEMS = ProblemForms(
    programs=("/v1", "/healthz", "/readyz", "/metrics"),
    members=dict.fromkeys(openai.PATHS, openai.openai_error),
    framed=("/lti/",),
)


def create_app(
    settings: Settings,
    progress: BuildProgress = lambda course, done, total: None,
    on_loaded: Callable[[Loading], None] = lambda loading: None,
) -> FastAPI:
    """The application; loading begins when it starts, in a thread, and `on_loaded` is called from there."""
    slack = _slack_channel(settings)
    services = Services(settings, progress, on_loaded)
    services.prepare_for_requests()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services.start()
        async with slack.running(app, services) if slack else nullcontext():
            yield
        services.end()
        await to_thread.run_sync(services.close)

    app = _Service(
        title="Repère",
        summary="Cited answers from teaching material.",
        description=_DESCRIPTION,
        version=version("reperage"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # What clients that are made from the description call it.
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.services = services
    app.state.idempotent_questions = IdempotentQuestions()
    add_handlers(app, _PROBLEMS)
    app.add_exception_handler(LaunchRefused, lti_pages.refusal)
    for middleware in (LimitBody, TimeRequests, KeepPerson, OpenFiles):
        app.add_middleware(middleware)
    for router in _ROUTERS:
        app.include_router(router)
    if slack:
        slack.add_routes(app)
    app.mount("/widget", StaticFiles(directory=WEB / "widget"), name="widget")
    app.mount("/static", StaticFiles(directory=WEB), name="static")
    return app
