"""`Assistant.ask`: question → cited answer, the same for every channel."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial
from time import perf_counter
from typing import Protocol, Required, TypedDict, Unpack

import anyio
from anyio import CapacityLimiter, to_thread

from reperage.index.index import Hit, Index
from reperage.service.answering.citations import answer_text
from reperage.service.answering.draft import CitedSentence, Draft
from reperage.service.answering.pipeline import Pipeline, Searched, found_chunk, milliseconds
from reperage.service.answering.question.rewriting import rewrite
from reperage.service.answering.question.small_talk import small_talk
from reperage.service.answering.question.validation import checked_question
from reperage.service.caller import Caller
from reperage.service.clock import now
from reperage.service.contract.answer import Answer, RelatedSection
from reperage.service.contract.search_result import SearchResult
from reperage.service.contract.stream_events import (
    CitationEvent,
    DoneEvent,
    Event,
    ProgressEvent,
    Reading,
    ReadingEvent,
    SentenceEvent,
    final_answer,
    progress_of,
    sentence_events,
)
from reperage.service.conversations.conversations import MOST_QUESTIONS, Conversations
from reperage.service.courses.library import CourseLibrary
from reperage.service.errors import InvalidQuestion
from reperage.service.sources.links import SourceLinks


class Options(TypedDict, total=False):
    """Options of `Assistant.stream`, beside question and course."""

    caller: Required[Caller]
    links: SourceLinks
    conversation_id: str | None
    earlier: Sequence[str] | None
    answer_id: str | None


class Composer(Protocol):
    """Composer of an answer in place of the extractive one."""

    @property
    def name(self) -> str:
        """Name of the composer, as `Answer.composer` gives it."""
        ...

    def compose(self, draft: Draft) -> AsyncGenerator[CitedSentence]:
        """Sentences that are borne out, each as soon as it is; none where the extractive answer is to be given."""
        ...


class Assistant:
    """Answers questions about the courses, with citations, or says that the material does not."""

    def __init__(
        self,
        pipeline: Pipeline,
        courses: CourseLibrary,
        conversations: Conversations,
        *,
        composer: Composer | None = None,
        max_question_length: int = 2000,
    ) -> None:
        self.courses = courses
        self.conversations = conversations
        self.limiter = CapacityLimiter(pipeline.encoder.calls_at_once)
        """Threads that answer side by side: more would only wait for the encoder."""
        self.pipeline = pipeline
        self._composer = composer
        self._max_question_length = max_question_length

    @property
    def generates(self) -> bool:
        """Whether a language model writes the answers, which takes its time."""
        return self._composer is not None

    async def stream(
        self, question: str, course: str | None = None, **options: Unpack[Options]
    ) -> AsyncGenerator[Event]:
        """Answer `question` from one course, event by event; `links` open its sources.

        `conversation_id` names the conversation that it goes on with; or `earlier` are the questions before it as
        they were typed, oldest first, where the caller keeps the conversation. The answer gets `answer_id` for its
        id, or else one of its own.

        Raises, before the first event:
            InvalidQuestion: it is blank, too short or too long, or holds what is no text.
            CourseRequired, UnknownCourse, CourseUnavailable: as `CourseLibrary.readable` does.
            UnknownConversation: as `Conversations.earlier` does.
        """
        asked_at = now()
        searched = await to_thread.run_sync(partial(self.searched, question, course, **options), limiter=self.limiter)
        if self.pipeline.reads(searched):
            reading = Reading(course=searched.index.manifest.course, standalone_question=searched.rewritten.question)
            yield ReadingEvent(reading)
        draft = await to_thread.run_sync(partial(self._read, searched, **options), limiter=self.limiter)
        yield ProgressEvent(progress_of(draft.answer))
        cited_sentences: list[CitedSentence] = []
        if self._composer is not None and draft.answer.status == "answered":
            start = perf_counter()
            async with aclosing(self._composer.compose(draft)) as composer_sentences:
                async for cited_sentence in composer_sentences:
                    cited_sentences.append(cited_sentence)
                    for citation in cited_sentence.citations:
                        yield CitationEvent(citation)
                    yield SentenceEvent(cited_sentence.sentence)
            answer = _generated_answer(
                draft.answer, cited_sentences, self._composer.name, milliseconds(perf_counter() - start)
            )
        else:
            answer = draft.answer
        if not cited_sentences:
            for event in sentence_events(answer):
                yield event
        self._store(answer, asked_at, options["caller"])
        yield DoneEvent(answer)

    async def answer(self, question: str, course: str | None = None, **options: Unpack[Options]) -> Answer:
        """Answer that the last event of `stream` holds."""
        return await final_answer(self.stream(question, course, **options))

    def ask(self, question: str, course: str | None = None, **options: Unpack[Options]) -> Answer:
        """`answer` for whoever has no event loop, which takes none where no language model writes."""
        if self._composer is not None:
            return anyio.run(partial(self.answer, question, course, **options))
        asked_at = now()
        answer = self.draft(question, course, **options).answer
        self._store(answer, asked_at, options["caller"])
        return answer

    def draft(self, question: str, course: str | None, **options: Unpack[Options]) -> Draft:
        """Extractive answer; blocks while it encodes and reads. Raises what `stream` does."""
        return self._read(self.searched(question, course, **options), **options)

    def searched(self, question: str, course: str | None, **options: Unpack[Options]) -> Searched:
        """`question` once its course was searched, the first half of `draft`."""
        started = perf_counter()
        text = self.valid_question(question)
        caller = options["caller"]
        index = self.courses.readable(course, caller)
        earlier, conversation_id = options.get("earlier"), options.get("conversation_id")
        if earlier is not None:
            earlier_questions: Sequence[str] = self._standalone_questions(earlier, index)
        elif conversation_id:
            earlier_questions = self.conversations.earlier(conversation_id, index.manifest.course, caller.person)
        else:
            earlier_questions = ()
        return self.pipeline.searched(index, text, earlier_questions, started)

    def _read(self, searched: Searched, **options: Unpack[Options]) -> Draft:
        links = options.get("links", SourceLinks())
        return self.pipeline.read(searched, links, options.get("answer_id"), options.get("conversation_id"))

    def _standalone_questions(self, questions: Sequence[str], index: Index) -> list[str]:
        """Last of `questions` as they read in their conversation, but for those that cannot be asked."""
        standalone_questions: list[str] = []
        for question in questions[-MOST_QUESTIONS:]:
            try:
                text = self.valid_question(question)
            except InvalidQuestion:
                continue
            if not small_talk(text):
                standalone_questions.append(rewrite(text, index.vocabulary, standalone_questions).question)
        return standalone_questions

    def _store(self, answer: Answer, asked_at: int, caller: Caller) -> None:
        self.conversations.add(caller.person, answer, asked_at, caller.tenant)

    def search(
        self, question: str, course: str | None = None, k: int = 10, *, caller: Caller
    ) -> tuple[Index, list[Hit]]:
        """`k` best hits for `question` in one course, and the index that they come from."""
        question = self.valid_question(question)
        index = self.courses.readable(course, caller)
        return index, self.pipeline.search(index, question, k)

    def search_result(
        self, question: str, course: str | None, k: int, *, caller: Caller, links: SourceLinks
    ) -> SearchResult:
        """Hits of `search`, as channels show them; blocks while it encodes."""
        index, hits = self.search(question, course, k, caller=caller)
        chunks = [found_chunk(index, hit, links) for hit in hits]
        return SearchResult(course=index.manifest.course, question=self.valid_question(question), hits=chunks)

    def read_on(self, answer: Answer, *, caller: Caller, links: SourceLinks) -> RelatedSection | None:
        """Best section that an answer does not quote, to go on with; `None` where there is none. Blocks."""
        if answer.status != "answered":
            return None
        return self.pipeline.read_on(answer, self.courses.readable(answer.course, caller), links)

    def valid_question(self, question: str) -> str:
        """`question` without white space around it; raises `InvalidQuestion` where it cannot be asked."""
        return checked_question(question, self._max_question_length)


def _generated_answer(
    answer: Answer, cited_sentences: Sequence[CitedSentence], composer: str, took_ms: float
) -> Answer:
    """`answer` with `cited_sentences` in the place of its own, where there are any; the time counts either way."""
    took = answer.took_ms.model_copy(
        update={
            "compose": round(answer.took_ms.compose + took_ms, 2),
            "total": round(answer.took_ms.total + took_ms, 2),
        }
    )
    if not cited_sentences:
        return answer.model_copy(update={"took_ms": took})
    sentences = [cited_sentence.sentence for cited_sentence in cited_sentences]
    citations = [citation for cited_sentence in cited_sentences for citation in cited_sentence.citations]
    return answer.model_copy(
        update={
            "answer": answer_text(sentences, citations),
            "sentences": sentences,
            "citations": citations,
            "composer": composer,
            "took_ms": took,
        }
    )
