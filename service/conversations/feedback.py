"""What people thought of their answers: kept beside the answer that it is about."""

from reperage.service.caller import Caller
from reperage.service.clock import now
from reperage.service.contract.webhook_events import feedback_event
from reperage.service.conversations.conversations import Conversations
from reperage.service.database.feedback import Feedback, store_feedback
from reperage.service.errors import StateUnavailable, UnknownAnswer


def rate(conversations: Conversations, answer_id: str, caller: Caller, rating: str, reason: str | None) -> None:
    """Keep what a person thinks of an answer of theirs, in place of what they thought before; blocks.

    Raises:
        UnknownAnswer: there is none, it is another person's, or it was removed.
        StateUnavailable: the database cannot be read or written.
    """
    turn = conversations.turn_of_answer(answer_id, caller.person)
    if turn is None or not caller.may_read(turn.answer.course):
        raise UnknownAnswer(_UNKNOWN)
    if conversations.database is None:
        raise StateUnavailable("there is no database")
    conversations.write_now(turn.answer.conversation_id)
    opinion = Feedback(answer_id, caller.person, rating, reason, now())
    event = feedback_event(turn.answer, rating, reason, opinion.given_at)
    if not store_feedback(conversations.database, opinion, event):
        raise UnknownAnswer(_UNKNOWN)


_UNKNOWN = "You have no answer of this name: it was removed, or somebody else asked."
