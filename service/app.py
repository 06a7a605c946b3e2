"""`create_app(settings)`: the whole service as one ASGI application."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from reperage.service.access.encryption import Encryption
from reperage.service.access.jwks import KeySets
from reperage.service.access.lms_user_tokens import HEADER as USER_TOKEN
from reperage.service.access.lms_user_tokens import PURPOSE as USERS
from reperage.service.access.lms_user_tokens import UserTokens
from reperage.service.access.registry import Register
from reperage.service.access.signed_tokens import Tokens, secret_keys
from reperage.service.api import (
    batch as batch_routes,
)
from reperage.service.api import (
    conversations as conversation_routes,
)
from reperage.service.api import (
    documents as document_routes,
)
from reperage.service.api import (
    feedback as feedback_routes,
)
from reperage.service.api import (
    gaps as gap_routes,
)
from reperage.service.api import (
    jobs as job_routes,
)
from reperage.service.api import (
    me as person_routes,
)
from reperage.service.api import (
    openai as openai_form,
)
from reperage.service.api import (
    routes,
)
from reperage.service.api import (
    sessions as session_routes,
)
from reperage.service.api.idempotency import Repeats
from reperage.service.conversations.conversations import Conversations
from reperage.service.courses.job_worker import JobWorker
from reperage.service.courses.jobs import Jobs
from reperage.service.database.engine import database_of
from reperage.service.database.migration_worker import MigrationWorker
from reperage.service.http.authentication import KeepPerson
from reperage.service.http.cors import OpenFiles, SiteOrigins
from reperage.service.http.metrics import TimeRequests
from reperage.service.http.problems import LimitBody, Problem, add_handlers
from reperage.service.http.root_path import UnderPath
from reperage.service.loading import BuildProgress, Startup
from reperage.service.lti import pages as lti_pages
from reperage.service.lti import routes as lti_routes
from reperage.service.lti import session_routes as lti_session_routes
from reperage.service.lti import tool_routes as lti_tool_routes
from reperage.service.lti.refusals import Refused
from reperage.service.optional_imports import extra
from reperage.service.pages import routes as pages
from reperage.service.rate_limits.limiter import Rates
from reperage.service.settings import Settings
from reperage.service.webhooks.delivery_worker import DeliveryWorker
from reperage.service.webhooks.signing import PURPOSE as WEBHOOKS

if TYPE_CHECKING:
    from reperage.service.slack.http import OverHttp

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
        from reperage.service.slack.http import OverHttp
    return OverHttp.of(settings)


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
        register = self.state.register
        stack = SiteOrigins(super().build_middleware_stack(), register)
        return UnderPath(stack, self.state.startup.settings.root_path)

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


def create_app(
    settings: Settings,
    progress: BuildProgress = lambda course, done, total: None,
    finished: Callable[[Startup], None] = lambda startup: None,
) -> FastAPI:
    """The application; loading begins when it starts, in a thread, and `finished` is called from there."""
    slack = _over_http(settings)
    database = database_of(settings)
    conversations, register = Conversations(database, settings.retention_days), Register(database)
    migration = MigrationWorker(database, conversations.look_for_tables)
    jobs = Jobs(settings, database)
    worker = JobWorker(settings, jobs, database)

    def loaded(startup: Startup) -> None:
        if startup.is_ready:
            worker.start(startup.assistant.encoder)
        finished(startup)

    startup = Startup(settings, progress, loaded, conversations)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        keys = secret_keys(settings.secret_key, settings.home)
        app.state.secret_keys, app.state.tokens = keys, Tokens(keys)
        app.state.user_tokens = UserTokens(Encryption(keys, USERS), app.state.key_sets)
        deliveries = DeliveryWorker(database, Encryption(keys, WEBHOOKS))
        migration.start()
        conversations.start()
        deliveries.start()
        startup.start()
        async with slack.answering(app, startup) if slack else nullcontext():
            yield
        # All are told before one is waited for: a container's time to end is short.
        parts = (conversations, worker, deliveries, migration)
        for part in parts:
            part.end()
        register.close()
        app.state.rates.close()
        for part in parts:
            await to_thread.run_sync(part.close)
        database.close()

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
    app.state.startup, app.state.register, app.state.jobs = startup, register, jobs
    app.state.rates, app.state.repeats = Rates.of(settings), Repeats()
    app.state.key_sets = KeySets()
    app.state.database, app.state.migration = database, migration
    add_handlers(app)
    app.add_exception_handler(Refused, lti_pages.refusal)
    app.add_middleware(LimitBody)
    app.add_middleware(TimeRequests)
    app.add_middleware(KeepPerson)
    app.add_middleware(OpenFiles)
    app.include_router(routes.router)
    app.include_router(batch_routes.router)
    app.include_router(document_routes.router)
    app.include_router(job_routes.router)
    app.include_router(gap_routes.router)
    app.include_router(conversation_routes.router)
    app.include_router(person_routes.router)
    app.include_router(session_routes.router)
    app.include_router(feedback_routes.router)
    app.include_router(openai_form.router)
    app.include_router(pages.router)
    app.include_router(lti_routes.router)
    app.include_router(lti_tool_routes.router)
    app.include_router(lti_pages.router)
    app.include_router(lti_session_routes.router)
    if slack:
        slack.add_routes(app)
    app.mount("/widget", StaticFiles(directory=pages.WEB / "widget"), name="widget")
    app.mount("/static", StaticFiles(directory=pages.WEB), name="static")
    return app
