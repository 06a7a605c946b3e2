"""Metrics for Prometheus: what is counted and timed."""

from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reperage.service.contract.answer import Answer

REGISTRY = CollectorRegistry()
ANSWERS = Counter(
    "repere_answers",
    "Questions asked, by course and what became of them.",
    ["course", "status"],
    registry=REGISTRY,
)
SECONDS = Histogram(
    "repere_request_seconds",
    "Time to the end of a response, by route and status.",
    ["route", "status"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=REGISTRY,
)


def count(answer: Answer) -> None:
    ANSWERS.labels(answer.course, answer.status).inc()


class TimeRequests:
    """Times every request under the route that it matched, never under its own address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = perf_counter()
        status = 500

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noting_status)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            SECONDS.labels(route, str(status)).observe(perf_counter() - start)
