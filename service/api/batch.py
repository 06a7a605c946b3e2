"""`POST /v1/ask/batch`: many questions at once, each answered or refused by itself."""

import asyncio
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from reperage.service.api.idempotency import IdempotentQuestions
from reperage.service.api.questions import events_of
from reperage.service.api.schemas import ID_PATTERN, Question
from reperage.service.caller import Caller
from reperage.service.contract.answer import Answer, Contract
from reperage.service.contract.search_result import EXAMPLE
from reperage.service.http.problems import Problem, problem_responses
from reperage.service.http.rate_limit import count_question
from reperage.service.http.requirements import STUDENT, identified_caller
from reperage.service.http.response_headers import RATE_LIMIT_RESPONSES
from reperage.service.http.responses import json_response
from reperage.service.http.services_of import services_of
from reperage.service.http.sse import problem_of, while_connected, whole_answer

MOST = 100
_AT_ONCE = 8
"""Questions of one batch that are answered side by side, so that others get their turn."""

router = APIRouter()

BatchKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=64,
        pattern=ID_PATTERN,
        description="A name of one's own for this batch: each question is asked with it and its own place, from 0, as "
        "`name.0`, so that those that were answered get the same answer when the batch is sent again.",
    ),
]


class Batch(BaseModel):
    """Questions, each as it would be asked alone."""

    questions: list[Question] = Field(
        min_length=1, max_length=MOST, description=f"At most {MOST}.", examples=[[{"question": EXAMPLE}]]
    )


class BatchItem(Contract):
    """What became of one question: the answer, or why there is none."""

    answer: Answer | None = Field(None, description="The answer; none where the question failed.")
    problem: Problem | None = Field(None, description="Why it failed (RFC 9457); none where there is an answer.")


class BatchResult(Contract):
    """What became of the questions of a batch."""

    results: list[BatchItem] = Field(description="One for each question, in their order.")


@router.post(
    "/v1/ask/batch",
    response_model=BatchResult,
    responses=problem_responses(400, 401, 403, 413, 422, 429, 503) | RATE_LIMIT_RESPONSES,
    tags=["questions"],
    dependencies=[STUDENT],
)
async def ask_batch(request: Request, body: Batch, idempotency_key: BatchKey = None) -> Response:
    """Answer up to 100 questions, each by itself: one that fails does not hold up the others.

    Each counts as a question, but for those whose answer is kept under the batch's key. A batch that goes over the
    limit is refused whole: with 429 where it can be sent again later, with 422 where it is larger than the limit.
    """
    caller = identified_caller(request)
    keys = [None if idempotency_key is None else f"{idempotency_key}.{n}" for n in range(len(body.questions))]
    count = len(keys)
    if idempotency_key is not None:
        count -= await IdempotentQuestions.count_answered(
            services_of(request).assistant, [key for key in keys if key], caller
        )
    limits = await count_question(request, caller, count) if count else {}
    slots = asyncio.Semaphore(_AT_ONCE)

    async def answer_one(question: Question, key: str | None) -> BatchItem:
        async with slots:
            return await _batch_item(request, question, caller, key)

    async def results() -> list[BatchItem]:
        async with asyncio.TaskGroup() as group:
            pairs = zip(body.questions, keys, strict=True)
            items = [group.create_task(answer_one(question, key)) for question, key in pairs]
        return [item.result() for item in items]

    response = json_response(BatchResult(results=await while_connected(request, results())))
    response.headers.update(limits)
    return response


async def _batch_item(request: Request, question: Question, caller: Caller, key: str | None) -> BatchItem:
    events = events_of(request, question, caller, key)
    try:
        async with aclosing(events):
            return BatchItem(answer=await whole_answer(request, events, takes_long=False))
    except Exception as error:  # Whatever it is, the others have their answers.
        return BatchItem(problem=problem_of(request, error))
