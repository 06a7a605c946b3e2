"""Events while a question is answered: what is streamed, and what the whole answer is made from."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from pydantic import Field

from reperage.service.contract.answer import Answer, AnswerSentence, Citation, Contract, Correction, Status


class Progress(Contract):
    """How the question was read and what it gets, known before the first sentence is."""

    course: str = Field(description="The course that is asked.")
    status: Status = Field(description="What the answer will be.")
    standalone_question: str = Field(description="The question as it reads without the conversation.")
    correction: Correction | None = Field(description="Set when the question was read as another spelling.")


class Reading(Contract):
    """What is read for, where passages of the course are read before it is decided."""

    course: str = Field(description="The course that is asked.")
    standalone_question: str = Field(description="The question as it reads without the conversation.")


@dataclass(frozen=True, slots=True)
class ReadingEvent:
    """The first event where passages of the course are being read; it tells nothing of the answer."""

    data: Reading
    name: Literal["reading"] = "reading"


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """The first event that tells of the answer."""

    data: Progress
    name: Literal["status"] = "status"


@dataclass(frozen=True, slots=True)
class CitationEvent:
    """A citation, before the first sentence that rests on it."""

    data: Citation
    name: Literal["citation"] = "citation"


@dataclass(frozen=True, slots=True)
class SentenceEvent:
    """A sentence whose citations are all verified and sent."""

    data: AnswerSentence
    name: Literal["sentence"] = "sentence"


@dataclass(frozen=True, slots=True)
class DoneEvent:
    """The last event: the whole answer."""

    data: Answer
    name: Literal["done"] = "done"


Event = ReadingEvent | ProgressEvent | CitationEvent | SentenceEvent | DoneEvent


async def final_answer(events: AsyncGenerator[Event]) -> Answer:
    """Answer that the events end with."""
    async with aclosing(events):
        async for event in events:
            if isinstance(event, DoneEvent):
                return event.data
    raise AssertionError("a stream ends with its answer")


def progress_of(answer: Answer) -> Progress:
    """Progress of an answer: how the question was read, and what it gets."""
    return Progress(
        course=answer.course,
        status=answer.status,
        standalone_question=answer.standalone_question,
        correction=answer.correction,
    )


def sentence_events(answer: Answer) -> Iterator[Event]:
    """Sentences and citations, each citation before the first sentence that rests on it."""
    citations = iter(answer.citations)
    last_number = 0
    for sentence in answer.sentences:
        for citation in islice(citations, max(0, max(sentence.citations) - last_number)):
            last_number = citation.number
            yield CitationEvent(citation)
        yield SentenceEvent(sentence)


def answer_events(answer: Answer) -> Iterator[Event]:
    """Events that an answer was given with."""
    yield ProgressEvent(progress_of(answer))
    yield from sentence_events(answer)
    yield DoneEvent(answer)
