"""Health of the process: that it lives, is ready, and how it does."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from reperage.service.answering.calibration import WITHOUT_CALIBRATION
from reperage.service.answering.reading.reader import WITHOUT_READER
from reperage.service.api.schemas import Health
from reperage.service.errors import CourseUnavailable, NotReady
from reperage.service.http.metrics import REGISTRY
from reperage.service.http.problems import problem_responses
from reperage.service.http.requirements import ADMINISTRATOR, OPEN
from reperage.service.http.responses import json_response
from reperage.service.http.services_of import services_of

router = APIRouter()


@router.get("/healthz", response_model=Health, tags=["operation"], dependencies=[OPEN])
async def healthz() -> Response:
    """200 as soon as the process lives."""
    return json_response(Health(status="alive"))


@router.get("/readyz", response_model=Health, responses=problem_responses(503), tags=["operation"], dependencies=[OPEN])
def readyz(request: Request) -> Response:
    """200 once a question can be answered; until then, or when no course can be, 503 and why."""
    services = services_of(request)
    if not services.loading.is_ready:
        raise NotReady(services.loading.detail)
    problems = services.courses.problems()
    if len(problems) == len(services.courses.names()):
        raise CourseUnavailable(" ".join(problems.values()) or "There is no course; run `repere build FOLDER`.")
    pipeline = services.assistant.pipeline
    notices = [WITHOUT_CALIBRATION] if pipeline.calibration.model_digest is None else []
    if pipeline.reader is None and services.loading.settings.reader == "on":
        notices.append(WITHOUT_READER)
    if services.migration.problem is not None or services.conversations.problem is not None:
        notices.append("Conversations are not kept for now; the log says why.")
    limiter = services_of(request).rate_limiter
    if limiter.problem is not None:
        notices.append("What is asked is counted by each process for itself for now; the log says why.")
    return json_response(Health(status="ready", problems=problems, notices=notices))


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses=problem_responses(401, 403, 503),
    tags=["operation"],
    dependencies=[ADMINISTRATOR],
)
async def metrics() -> Response:
    """Counters and timings in the text format of Prometheus."""
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_PLAIN_0_0_4)
