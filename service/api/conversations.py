"""`/v1/conversations`: what one asked before, and its removal."""

from datetime import datetime
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import Field

from reperage.index.index import Index
from reperage.service.api.schemas import ID_PATTERN
from reperage.service.caller import Caller
from reperage.service.clock import to_datetime
from reperage.service.contract.answer import Answer, Contract
from reperage.service.database.turns import Turn
from reperage.service.errors import UnknownConversation
from reperage.service.http.problems import problem_responses
from reperage.service.http.requirements import STUDENT, known_caller
from reperage.service.http.responses import json_response
from reperage.service.http.services_of import services_of
from reperage.service.http.source_links import source_links
from reperage.service.sources.citation_status import CitedThen, look_up
from reperage.service.sources.links import SourceLinks

router = APIRouter(tags=["conversations"])

ConversationId = Annotated[
    str, Path(max_length=64, pattern=ID_PATTERN, description="The conversation, as `conversation_id` of an answer.")
]


class ConversationTurn(Contract):
    """One question and what it got."""

    asked_at: datetime = Field(description="When it was asked, in UTC.")
    answer: Answer = Field(description="The answer as it was given.")
    cited: list[CitedThen] = Field(description="What became of its citations, by number.")


class Conversation(Contract):
    """A conversation, its turns in their order."""

    id: str = Field(description="Its name.")
    course: str = Field(description="The course that it is about.")
    turns: list[ConversationTurn] = Field(description="Oldest first.")


@router.get(
    "/v1/conversations/{conversation_id}",
    response_model=Conversation,
    responses=problem_responses(401, 403, 404, 422, 503),
    dependencies=[STUDENT],
)
async def conversation(request: Request, conversation_id: ConversationId) -> Response:
    """One's own conversation, with what became of the quotes since; of a long one the last 200 turns.

    It belongs to whoever the cookie names that came with the first answer, or the session token that it was asked with.
    """
    conversations, caller = services_of(request).conversations, _caller(request)
    courses, links = services_of(request).courses, source_links(request)

    def find() -> Conversation:
        turns = conversations.read(conversation_id, caller)
        course = turns[0].answer.course
        index = courses.find(course)
        return Conversation(id=conversation_id, course=course, turns=[_turn(turn, index, links) for turn in turns])

    return json_response(await to_thread.run_sync(find))


@router.delete(
    "/v1/conversations/{conversation_id}",
    status_code=204,
    response_class=Response,
    responses=problem_responses(401, 403, 404, 422, 503),
    dependencies=[STUDENT],
)
async def delete_conversation(request: Request, conversation_id: ConversationId) -> Response:
    """Remove one's own conversation, for good."""
    conversations, caller = services_of(request).conversations, _caller(request)
    await to_thread.run_sync(lambda: conversations.delete(conversation_id, caller))
    return Response(status_code=204)


def _caller(request: Request) -> Caller:
    if (caller := known_caller(request)) is None:
        raise UnknownConversation(
            "You have no conversation here: your browser brought no cookie or token of an answer."
        )
    return caller


def _turn(turn: Turn, index: Index | None, links: SourceLinks) -> ConversationTurn:
    return ConversationTurn(
        asked_at=to_datetime(turn.asked_at),
        answer=turn.answer,
        cited=[look_up(citation, index, links) for citation in turn.answer.citations],
    )
