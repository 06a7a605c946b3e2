"""`/v1/chat/completions` and `/v1/models`: the same answers in the form of OpenAI's API, one model per course."""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from time import time
from typing import Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from reperage.service.answering.citations import AnswerText
from reperage.service.api.parameters import CourseId
from reperage.service.contract.answer import Answer, AnswerSentence, Citation
from reperage.service.contract.stream_events import CitationEvent, DoneEvent, Event, SentenceEvent
from reperage.service.errors import InvalidQuestion
from reperage.service.http.problems import Problem, problem_responses
from reperage.service.http.rate_limit import count_question
from reperage.service.http.requirements import STUDENT, identified_caller, readable_index, reading_caller
from reperage.service.http.response_headers import RATE_LIMIT_RESPONSES
from reperage.service.http.services_of import services_of
from reperage.service.http.source_links import source_links
from reperage.service.http.sse import (
    EVENTS,
    ServerSentEvent,
    problem_of,
    server_sent,
    stream_response,
    whole_answer,
    with_first_event,
)

PATHS = ("/v1/chat/", "/v1/models")
"""Where problems are told as clients of OpenAI's API read them."""

router = APIRouter(tags=["OpenAI form"])

_OWNER = "repere"
# What CommonMark and its usual extensions would read as marks.
_MARKS = re.compile(r"[\\`*_\[\]<>~|$]|&(?=[#\w])|^[#+=-]")


class Part(BaseModel):
    """A part of a message."""

    type: str = Field(description="Only `text` is read.")
    text: str | None = Field(None, description="The text.")


class Message(BaseModel):
    """A message of the conversation."""

    role: str = Field(description="Messages of the role `user` are read, all others left out.")
    content: str | list[Part | str] | dict[str, Any] | None = Field(None, description="The text, or parts of it.")

    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        parts = self.content if isinstance(self.content, list) else []
        texts = (part if isinstance(part, str) else part.text if part.type == "text" else None for part in parts)
        return " ".join(text for text in texts if text)


class StreamOptions(BaseModel):
    """What a stream holds beside the answer."""

    include_usage: bool | None = Field(None, description="Whether a last chunk tells how many tokens were used: none.")


class ChatRequest(BaseModel):
    """A conversation whose last message of a user is the question."""

    model: str = Field(description="The course.", examples=["docker"])
    messages: list[Message] = Field(
        description="The conversation, oldest first; other fields of OpenAI's API are left aside.",
        examples=[[{"role": "user", "content": "différence port exposé et port interne"}]],
    )
    stream: bool | None = Field(None, description="Whether the answer comes sentence by sentence.")
    stream_options: StreamOptions | None = Field(None, description="What a stream holds beside the answer.")


@router.post(
    "/v1/chat/completions",
    response_class=JSONResponse,
    responses=problem_responses(400, 401, 403, 404, 413, 422, 429, 503) | {200: EVENTS | RATE_LIMIT_RESPONSES[200]},
    dependencies=[STUDENT],
)
async def chat_completions(request: Request, body: ChatRequest) -> Response:
    """Answer in the form of OpenAI's API.

    The text holds each citation as a numbered link; `annotations` lists them as URL citations; `repere` is the answer
    as `/v1/ask` gives it.
    """
    *earlier, question = [message.text() for message in body.messages if message.role == "user"] or [""]
    if not question:
        raise InvalidQuestion("There is no message of a user with text; send the question as the last one.")
    assistant, caller = services_of(request).assistant, identified_caller(request)
    limits = await count_question(request, caller)
    events = assistant.stream(question, body.model, caller=caller, links=source_links(request), earlier=earlier)
    if body.stream:
        with_usage = body.stream_options is not None and bool(body.stream_options.include_usage)
        response = stream_response(_chunks(request, await with_first_event(events), body.model, with_usage))
        response.headers.update(limits)
        return response
    answer = await whole_answer(request, events, takes_long=assistant.generates)
    text, annotations = _linked_text(answer)
    message = {"role": "assistant", "content": text, "refusal": None, "annotations": annotations}
    return JSONResponse(
        _head("chat.completion", answer.id, body.model)
        | {
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            "usage": _usage(),
            "repere": answer.model_dump(mode="json", by_alias=True),
        },
        headers=limits,
    )


@router.get(
    "/v1/models", response_class=JSONResponse, responses=problem_responses(401, 403, 503), dependencies=[STUDENT]
)
async def models(request: Request) -> Response:
    """The courses, as OpenAI's API lists models."""
    courses, caller = services_of(request).assistant.courses, reading_caller(request)
    names = await to_thread.run_sync(courses.names)
    return JSONResponse({"object": "list", "data": [_model(name) for name in names if caller.may_read(name)]})


@router.get(
    "/v1/models/{course}",
    response_class=JSONResponse,
    responses=problem_responses(401, 403, 404, 422, 503),
    dependencies=[STUDENT],
)
async def model(request: Request, course: CourseId) -> Response:
    """One course, as OpenAI's API describes a model."""
    index = await to_thread.run_sync(readable_index, request, course)
    return JSONResponse(_model(index.manifest.course))


async def _chunks(
    request: Request, events: AsyncGenerator[Event], course: str, with_usage: bool
) -> AsyncIterator[ServerSentEvent]:
    """The answer as chunks: one a sentence, then one with the annotations and the whole answer."""
    text, citations, name = AnswerText(_link, _markdown), list[Citation](), f"chatcmpl-{id(events):x}"
    content = ""

    def chunk(delta: dict[str, Any], finish: Literal["stop"] | None = None, **more: Any) -> ServerSentEvent:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        body = _head("chat.completion.chunk", name, course) | {"choices": [choice]} | more
        return _json_event(body)

    async with aclosing(events):
        try:
            yield chunk({"role": "assistant", "content": ""})
            async for event in events:
                if isinstance(event, CitationEvent):
                    citations.append(event.data)
                elif isinstance(event, SentenceEvent):
                    piece = text.add(event.data, citations)
                    content += piece
                    yield chunk({"content": piece})
                elif isinstance(event, DoneEvent):
                    if not content:
                        yield chunk({"content": event.data.answer})
                    delta = {"annotations": _annotations(content, citations)} if content else {}
                    yield chunk(delta, "stop", repere=event.data.model_dump(mode="json", by_alias=True))
            if with_usage:
                body = _head("chat.completion.chunk", name, course) | {"choices": [], "usage": _usage()}
                yield _json_event(body)
            yield server_sent("[DONE]")
        except Exception as error:
            yield _json_event(openai_error(problem_of(request, error)))


def _linked_text(answer: Answer) -> tuple[str, list[dict[str, Any]]]:
    """Text with links, and its annotations."""
    if not answer.sentences:
        return answer.answer, []
    text = AnswerText(_link, _markdown)
    content = "".join(text.add(sentence, answer.citations) for sentence in answer.sentences)
    return content, _annotations(content, answer.citations)


def _link(citation: Citation) -> str:
    return f"[[{citation.number}]]({citation.url})"


def _markdown(sentence: AnswerSentence) -> str:
    """A sentence as Markdown that reads like it, whatever marks it holds."""
    if sentence.kind == "code":
        longest = max((len(run) for run in re.findall("`+", sentence.text)), default=0)
        fence = "`" * max(3, longest + 1)
        return f"{fence}\n{sentence.text}\n{fence}"
    return _MARKS.sub(r"\\\g<0>", sentence.text)


def _annotations(text: str, citations: Sequence[Citation]) -> list[dict[str, Any]]:
    """URL citations, one for every link in the text, in its order."""
    annotations = []
    for citation in citations:
        start = text.find(link := _link(citation))
        while start >= 0:
            title = " › ".join([citation.document_title, *citation.heading_path])
            place = {"start_index": start, "end_index": start + len(link), "url": citation.url, "title": title}
            annotations.append({"type": "url_citation", "url_citation": place})
            start = text.find(link, start + 1)
    return sorted(annotations, key=lambda annotation: annotation["url_citation"]["start_index"])


def _head(kind: str, name: str, course: str) -> dict[str, Any]:
    return {"id": name, "object": kind, "created": int(time()), "model": course, "system_fingerprint": None}


def _model(course: str) -> dict[str, Any]:
    return {"id": course, "object": "model", "created": 0, "owned_by": _OWNER}


def _json_event(body: dict[str, Any]) -> ServerSentEvent:
    return server_sent(json.dumps(body, ensure_ascii=False))


def _usage() -> dict[str, int]:
    return {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def openai_error(problem: Problem) -> dict[str, Any]:
    """A problem as clients of OpenAI's API read it."""
    return {"error": {"message": problem.detail, "type": problem.title, "param": None, "code": str(problem.status)}}
