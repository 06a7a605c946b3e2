"""`/v1/me`: everything that is kept about whoever asks, and its removal."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain, islice
from typing import Literal

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import Field

from reperage.service.contract.answer import Answer, Contract
from reperage.service.conversations.personal_data import export
from reperage.service.http.person_cookie import COOKIE
from reperage.service.http.problems import problem_responses
from reperage.service.http.requirements import STUDENT, known_caller
from reperage.service.http.root_path import cookie_path
from reperage.service.http.services_of import services_of

router = APIRouter(tags=["conversations"])


class KeptTurn(Contract):
    """One question and its answer."""

    asked_at: datetime = Field(description="When it was asked, in UTC.")
    answer: Answer = Field(description="The answer as it was given; it holds the question.")


class KeptConversation(Contract):
    """A conversation, all of it."""

    id: str = Field(description="Its name.")
    course: str = Field(description="The course that it is about.")
    begun_at: datetime = Field(description="When its first question was asked.")
    last_at: datetime = Field(description="When its last one was.")
    turns: list[KeptTurn] = Field(description="Oldest first.")


class KeptOpinion(Contract):
    """What one thought of an answer."""

    answer_id: str = Field(description="The answer.")
    conversation_id: str = Field(description="The conversation of the answer.")
    course: str = Field(description="Its course.")
    rating: str = Field(description="Whether it helped: `up`, `down` or `missing`.")
    reason: str | None = Field(description="Why, in one's own words.")
    given_at: datetime = Field(description="When it was said.")


class KeptSlackQuestion(Contract):
    """What one asked in Slack, as long as that is kept beside the conversation."""

    team: str = Field(description="The workspace.")
    channel: str = Field(description="The channel.")
    ts: str = Field(description="The message, as Slack names it.")
    question: str = Field(description="The question.")
    answer_id: str | None = Field(description="The answer, where there is one.")
    ended_at: datetime | None = Field(description="When it was answered, or given up.")


class KeptJob(Contract):
    """A change of material that one asked for."""

    id: str = Field(description="Its name.")
    course: str = Field(description="The course.")
    kind: Literal["put", "delete"] = Field(description="Whether a document was put there or removed.")
    document_id: str = Field(description="The document.")
    status: str = Field(description="What became of it: `queued`, `running`, `done` or `failed`.")
    made_at: datetime = Field(description="When it was asked for.")
    started_at: datetime | None = Field(description="When it was begun.")
    ended_at: datetime | None = Field(description="When it ended.")


class PersonData(Contract):
    """Everything that is kept about one person."""

    person: str | None = Field(description="The pseudonym that it is kept under; none where nothing names a person.")
    exported_at: datetime = Field(description="When it was read.")
    conversations: list[KeptConversation] = Field(description="The first begun first.")
    feedback: list[KeptOpinion] = Field(description="What one thought of answers.")
    slack_questions: list[KeptSlackQuestion] = Field(description="What one asked in Slack.")
    jobs: list[KeptJob] = Field(description="Changes of material that one asked for.")


@router.get("/v1/me", response_model=PersonData, responses=problem_responses(401, 403, 503), dependencies=[STUDENT])
async def everything_about_me(request: Request) -> Response:
    """Everything that is kept about whoever asks: the person of the cookie or of the session, the user that a key
    speaks for, or the key itself.

    It is sent while it is read; an object that does not end was cut off by a failure, and is to be asked for again.
    """
    conversations, caller = services_of(request).conversations, known_caller(request)
    person = caller.person if caller else None

    def begin() -> Iterator[str]:
        # What waits first: what is written meanwhile is then found twice, never not at all.
        waiting = conversations.waiting_of(person) if person else []
        pieces = export(conversations.database, person, waiting)
        # So that a database that cannot be read is told by the status.
        return chain(list(islice(pieces, 2)), pieces)

    pieces = await to_thread.run_sync(begin)
    return StreamingResponse(pieces, media_type="application/json", headers={"Cache-Control": "no-store"})


@router.delete(
    "/v1/me",
    status_code=204,
    response_class=Response,
    responses=problem_responses(401, 403, 503),
    dependencies=[STUDENT],
)
async def forget_me(request: Request) -> Response:
    """Remove everything that is kept about whoever asks, for good, and the cookie.

    What others are told of it by webhooks and were not told yet goes with it; changes of material stay, and are
    nobody's.
    """
    response = Response(status_code=204)
    if (caller := known_caller(request)) is not None:
        conversations = services_of(request).conversations
        await to_thread.run_sync(lambda: conversations.forget(caller.person))
        if caller.channel == "web" and COOKIE in request.cookies:
            response.delete_cookie(COOKIE, path=cookie_path(request.scope), httponly=True, samesite="lax")
    return response
