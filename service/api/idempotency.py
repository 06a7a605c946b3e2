"""Idempotent questions: a question that is sent again with its key gets the answer that it got before."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial
from hashlib import sha256
from typing import Unpack
from weakref import WeakValueDictionary

from anyio import to_thread
from fastapi import Request

from reperage.service.assistant import Assistant, Options
from reperage.service.caller import Caller
from reperage.service.contract.answer import Answer
from reperage.service.contract.stream_events import Event, answer_events
from reperage.service.errors import KeyReused, StateUnavailable


class IdempotentQuestions:
    """Questions with a key of their own, each asked once; on the event loop alone."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @staticmethod
    async def count_answered(assistant: Assistant, keys: Sequence[str], caller: Caller) -> int:
        """Count of a person's keys that have got an answer already: asked with again, they cost next to nothing."""

        def count() -> int:
            answers = (_earlier_answer(assistant, _answer_id(caller, key), caller.person) for key in keys)
            return sum(answer is not None and caller.may_read(answer.course) for answer in answers)

        return await to_thread.run_sync(count)

    async def stream(
        self, assistant: Assistant, key: str, question: str, course: str | None, **options: Unpack[Options]
    ) -> AsyncGenerator[Event]:
        """`Assistant.stream`, or the events of the answer that was given to this person's key; who asks with a key
        that is being asked with waits for that answer.

        Raises, before the first event:
            KeyReused: the key came with another question.
            and what `Assistant.stream` does.
        """
        caller = options["caller"]
        answer_id = _answer_id(caller, key)
        # Not anyio's: a response may be begun by one task and ended by another.
        async with self._locks.setdefault(answer_id, asyncio.Lock()):
            answer = await to_thread.run_sync(partial(_earlier_answer, assistant, answer_id, caller.person))
            # What may no longer be read is asked again, and refused as any other question.
            if answer is not None and caller.may_read(answer.course):
                _check_same_request(answer, assistant.valid_question(question), course, options.get("conversation_id"))
                for event in answer_events(answer):
                    yield event
                return
            options["answer_id"] = answer_id
            async with aclosing(assistant.stream(question, course, **options)) as events:
                async for event in events:
                    yield event


def idempotent_questions(request: Request) -> IdempotentQuestions:
    """Idempotent questions of the application that answers a request."""
    questions: IdempotentQuestions = request.app.state.idempotent_questions
    return questions


def _answer_id(caller: Caller, key: str) -> str:
    return sha256(f"{caller.person}\0{key}".encode()).hexdigest()[:32]


def _earlier_answer(assistant: Assistant, answer_id: str, person: str) -> Answer | None:
    try:
        turn = assistant.conversations.turn_of_answer(answer_id, person)
    except StateUnavailable:
        return None  # Questions are answered without a database too.
    return turn.answer if turn else None


def _check_same_request(answer: Answer, question: str, course: str | None, conversation_id: str | None) -> None:
    request = (question, course or answer.course, conversation_id or answer.conversation_id)
    if request != (answer.question, answer.course, answer.conversation_id):
        raise KeyReused("This Idempotency-Key was sent with another question; make a new one for each question.")
