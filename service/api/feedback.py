"""`/v1/answers/{answer_id}/feedback`: what one thinks of an answer."""

from functools import partial
from typing import Annotated, Literal

from anyio import to_thread
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, field_validator

from reperage.service.api.schemas import ID_PATTERN
from reperage.service.conversations.feedback import rate
from reperage.service.errors import UnknownAnswer
from reperage.service.http.problems import problem_responses
from reperage.service.http.requirements import STUDENT, known_caller
from reperage.service.http.services_of import services_of

router = APIRouter(tags=["conversations"])

AnswerId = Annotated[str, Path(max_length=64, pattern=ID_PATTERN, description="The answer, as its `id`.")]


class Opinion(BaseModel):
    """What one thinks of an answer."""

    rating: Literal["up", "down", "missing"] = Field(
        description="Whether it helped; `missing` says that the course should have answered and did not.",
        examples=["up"],
    )
    reason: str | None = Field(
        None, max_length=1000, description="Why, in one's own words; the teacher reads it.", examples=[None]
    )

    @field_validator("reason")
    @classmethod
    def _is_text(cls, reason: str | None) -> str | None:
        if reason and ("\0" in reason or any("\ud800" <= c <= "\udfff" for c in reason)):
            raise ValueError("it holds what is no text")
        return (reason or "").strip() or None


@router.post(
    "/v1/answers/{answer_id}/feedback",
    status_code=204,
    response_class=Response,
    responses=problem_responses(400, 401, 403, 404, 413, 422, 503),
    dependencies=[STUDENT],
)
async def give_feedback(request: Request, answer_id: AnswerId, body: Opinion) -> Response:
    """Say what one thinks of an answer that one asked for; again replaces it.

    It is removed with the answer's conversation.
    """
    conversations, caller = services_of(request).conversations, known_caller(request)
    if caller is None:
        raise UnknownAnswer("You have no answer here: your browser brought no cookie or token of one.")
    await to_thread.run_sync(partial(rate, conversations, answer_id, caller, body.rating, body.reason))
    return Response(status_code=204)
