"""Repère as a server of the Model Context Protocol: the tools `ask` and `search`, over stdio or streamable HTTP."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib.metadata import version
from itertools import count
from time import monotonic
from typing import Annotated
from urllib.parse import urlsplit

import anyio
from anyio import to_thread
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from reperage.service.assistant import Assistant
from reperage.service.caller import COMMAND_LINE, Caller, check
from reperage.service.contract.answer import Answer, Contract
from reperage.service.contract.plain_text import plain_text
from reperage.service.contract.search_result import EXAMPLE, SearchResult
from reperage.service.errors import NotReady, ServiceError, StateUnavailable
from reperage.service.http.authentication import caller_of
from reperage.service.http.problems import error_response
from reperage.service.http.rate_limit import count_question
from reperage.service.http.requirements import reading_caller
from reperage.service.http.source_links import source_links
from reperage.service.loading import Loading
from reperage.service.services import Services
from reperage.service.settings import Settings
from reperage.service.sources.links import SourceLinks
from reperage.service.urls import is_loopback

PATH = "/mcp"
"""Where streamable HTTP is served."""

_START_SECONDS = 45.0
"""How long a call waits for the model: clients give up after a minute, unless told of progress."""
_POLL_SECONDS = 0.1
_TELL_SECONDS = 2.0
_NOBODY = Caller("", courses=frozenset())
"""Caller over HTTP as long as the request has not named one."""
_NAMES_HERE = ("127.0.0.1", "localhost", "[::1]")

_INSTRUCTIONS = """\
Repère answers questions about a course's teaching material. Every sentence of an answer rests on a verbatim quote.

Call `ask` with the question as the person asked it, in their own language and words. Show the answer together with its
citations: keep the numbers such as [1], and give for each the quote, where it stands, and its link. Add nothing to an
answer that its quotes do not say.

The status `not_in_material` means that the material does not answer; `section_empty`, that it has a section about it in
which nothing is written yet. Pass both on as such, with the related sections, and do not answer from other knowledge
instead without saying that it is not from the material.

Call `search` to read the material itself; it always finds something, which need not answer the question.
"""

QuestionText = Annotated[
    str, Field(description="The question as the person asked it, in their own words.", examples=[EXAMPLE])
]
CourseName = Annotated[
    str | None,
    Field(description="The course to answer from; may be left out where there is only one.", examples=["docker"]),
]
Count = Annotated[int, Field(ge=1, le=100, description="How many chunks to return at most.")]

_READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)


class _Tools:
    """Tools that clients may call; every error that a client can do something about is a result with its sentence."""

    def __init__(self, loading: Loading, links: SourceLinks, caller: Caller) -> None:
        self._loading = loading
        self._links_here = links
        self._caller = caller

    async def ask(
        self, question: QuestionText, context: Context, course: CourseName = None
    ) -> Annotated[CallToolResult, Answer]:
        try:
            assistant = await self._assistant(context)
            caller = await self._request_caller(context)
            answer = await assistant.answer(question, course, caller=caller, links=self._links(context))
        except ServiceError as error:
            return _failure(error)
        return _result(plain_text(answer, links=True), answer)

    async def search(
        self, question: QuestionText, context: Context, course: CourseName = None, k: Count = 10
    ) -> Annotated[CallToolResult, SearchResult]:
        try:
            assistant = await self._assistant(context)
            caller = await self._request_caller(context)
            find = partial(assistant.search_result, question, course, k, caller=caller, links=self._links(context))
            result = await to_thread.run_sync(find, limiter=assistant.limiter)
        except ServiceError as error:
            return _failure(error)
        return _result(_search_text(result), result)

    async def _request_caller(self, context: Context) -> Caller:
        """Caller of a request over HTTP, which is counted; without one, whoever started the program.

        Raises:
            TooManyRequests: they have had their share.
        """
        request = context.request_context.request
        if not isinstance(request, Request):
            return self._caller
        await count_question(request, caller := reading_caller(request))
        return caller

    def _links(self, context: Context) -> SourceLinks:
        """Links for whoever gets the answer."""
        request = context.request_context.request
        return source_links(request, self._links_here.base_url) if isinstance(request, Request) else self._links_here

    async def _assistant(self, context: Context) -> Assistant:
        """Assistant, once there is one; the client is told what it waits for.

        Raises:
            NotReady: the start has failed, or takes too long.
        """
        start = monotonic()
        for step in count():
            if self._loading.error:
                raise NotReady(f"Repère cannot start: {self._loading.error}")
            elapsed = monotonic() - start
            if self._loading.is_ready or elapsed > _START_SECONDS:
                break
            if step % round(_TELL_SECONDS / _POLL_SECONDS) == 0:
                await context.report_progress(elapsed, message=self._loading.detail)
            await anyio.sleep(_POLL_SECONDS)
        return self._loading.assistant


def create_server(loading: Loading, links: SourceLinks, caller: Caller) -> MCPServer[None]:
    """The server and its tools; they wait for `loading`. `caller` is who asks otherwise than over HTTP."""
    tools = _Tools(loading, links, caller)
    server: MCPServer[None] = MCPServer(
        "repere",
        title="Repère",
        description="Answers questions about teaching material, every sentence with its source.",
        instructions=_INSTRUCTIONS,
        version=version("reperage"),
        # Its logger is ours: nothing below a warning is said, and no question.
        log_level="WARNING",
    )
    server.add_tool(
        tools.ask,
        title="Ask the teaching material",
        description="Answers a question about a course with sentences of its material, each with a verbatim quote and "
        "a link that opens it. Where the material does not answer, `status` is `not_in_material` and no citation is "
        "given.",
        annotations=_READS,
    )
    server.add_tool(
        tools.search,
        title="Search the teaching material",
        description="Finds the chunks of a course's material that fit a question best, best first, without saying "
        "whether they answer it.",
        annotations=_READS,
    )
    return server


def serve_stdio(loading: Loading, links: SourceLinks) -> None:
    """Serve one client over standard input and output until it closes them; the model is loaded meanwhile."""
    # A thread waits for the next line, and Python would wait for the thread; there is nothing to lose.
    previous_handler = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        loading.start()
        anyio.run(create_server(loading, links, COMMAND_LINE).run_stdio_async)
    finally:
        signal.signal(signal.SIGINT, previous_handler)


def http_app(services: Services, address: str) -> Starlette:
    """The server as an ASGI application at `/mcp`; loading begins when it starts, links begin with `address`."""
    services.prepare_for_requests()
    server = create_server(services.loading, SourceLinks(address), _NOBODY)
    # No call depends on one before it, so that there is nothing to keep between them.
    app = server.streamable_http_app(
        streamable_http_path=PATH, stateless_http=True, transport_security=transport_security(services.settings)
    )
    sessions = app.router.lifespan_context
    app.state.services = services
    app.add_middleware(_Guard)

    @asynccontextmanager
    async def lifespan(application: Starlette) -> AsyncIterator[None]:
        services.tokens  # noqa: B018  # A secret key that is none is told now.
        with suppress(StateUnavailable):  # Then only this machine may ask, until it can be read.
            await to_thread.run_sync(services.database.migrate)
        services.loading.start()
        async with sessions(application):
            yield
        await to_thread.run_sync(services.close)

    app.router.lifespan_context = lifespan
    return app


class _Guard:
    """Middleware that lets in who may ask: with a key, or, as long as there is none, from this very machine."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            try:
                request.state.caller = check(await caller_of(request), "student")
            except ServiceError as error:
                await (await error_response(request, error))(scope, receive, send)
                return
        await self._app(scope, receive, send)


def transport_security(settings: Settings) -> TransportSecuritySettings:
    """Names that a server on this machine alone may be called by, so that no page of elsewhere can have it called.

    A server that listens on other addresses may be called by any name.
    """
    if not is_loopback(settings.host):
        return TransportSecuritySettings(enable_dns_rebinding_protection=False)
    hosts = [f"{name}{port}" for name in _NAMES_HERE for port in ("", ":*")]
    origins = [f"http://{host}" for host in hosts]
    if settings.public_url:
        public = urlsplit(str(settings.public_url))
        hosts.append(public.netloc)
        origins.append(f"{public.scheme}://{public.netloc}")
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)


def _result(text: str, value: Contract) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(text=text)], structured_content=value.model_dump(mode="json", by_alias=True)
    )


def _failure(error: ServiceError) -> CallToolResult:
    later = f" Ask again in {error.retry_after} seconds." if error.retry_after else ""
    return CallToolResult(content=[TextContent(text=f"{error}{later}")], is_error=True)


def _search_text(result: SearchResult) -> str:
    return "\n\n".join(
        f"{hit.rank}. {' › '.join([hit.document_title, *hit.heading_path])}\n{hit.text}\n{hit.url}"
        for hit in result.hits
    )
