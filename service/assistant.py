"""`Assistant.ask`: question → cited answer, the same for every channel."""

import re
import uuid
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, Protocol, TypedDict, Unpack

import anyio
from anyio import CapacityLimiter, to_thread

from reperage.corpus import Section
from reperage.index.index import Hit, Index
from reperage.index.text.analysis import term_set
from reperage.index.vectors import Vectors
from reperage.service.answering.answerability import Answerability, judge
from reperage.service.answering.calibration import Calibration
from reperage.service.answering.citations import answer_text, cite, section_url
from reperage.service.answering.draft import Checked, Draft
from reperage.service.answering.extractive import compose
from reperage.service.answering.question.rewriting import Reading, read
from reperage.service.answering.question.small_talk import small_talk
from reperage.service.answering.sentence_selection import Candidate, candidates
from reperage.service.caller import COMMAND_LINE, Caller
from reperage.service.clock import now
from reperage.service.contract.answer import Answer, AnswerSentence, Citation, RelatedSection, Status, Timings
from reperage.service.contract.stream_events import (
    CitationEvent,
    DoneEvent,
    Event,
    Progress,
    ProgressEvent,
    SentenceEvent,
    last,
)
from reperage.service.conversations.conversations import MOST_QUESTIONS, Conversations
from reperage.service.courses.library import Courses
from reperage.service.errors import InvalidQuestion
from reperage.service.messages import messages

if TYPE_CHECKING:
    from reperage.index.encoder import Encoder  # PyTorch takes seconds to import.
    from reperage.index.reranker import Reranker

_RELATED = 3
_NAMED = 0.7
"""The least share of an empty section's title that a question about it names."""
_HALF = re.compile("[\ud800-\udfff]")
_TWO_LETTERS = re.compile(r"[^\W_].*[^\W_]", re.DOTALL)
_RERANKED = 20
"""Hits that a reranker reads."""


class Options(TypedDict, total=False):
    """What `Assistant.stream` takes beside question and course."""

    caller: Caller
    base_url: str
    conversation_id: str | None
    earlier: Sequence[str] | None
    answer_id: str | None


class Composer(Protocol):
    """What writes an answer in place of the extractive one."""

    @property
    def name(self) -> str:
        """What `Answer.composer` says."""
        ...

    def compose(self, draft: Draft) -> AsyncGenerator[Checked]:
        """Sentences that are borne out, each as soon as it is; none where the extractive answer is to be given."""
        ...


class Assistant:
    """Answers questions about the courses, with citations, or says that the material does not."""

    def __init__(
        self,
        encoder: "Encoder",
        courses: Courses,
        calibration: Calibration,
        reranker: "Reranker | None" = None,
        max_question_length: int = 2000,
        conversations: Conversations | None = None,
        composer: Composer | None = None,
    ) -> None:
        self.encoder = encoder
        self.courses = courses
        self.calibration = calibration
        self._reranker = reranker
        self._max_question_length = max_question_length
        self.conversations = conversations or Conversations()
        self.limiter = CapacityLimiter(encoder.calls_at_once)
        """Threads that answer side by side: more would only wait for the encoder."""
        self._composer = composer

    @property
    def generates(self) -> bool:
        """Whether a language model writes the answers, which takes its time."""
        return self._composer is not None

    async def stream(
        self, question: str, course: str | None = None, **options: Unpack[Options]
    ) -> AsyncGenerator[Event]:
        """Answer `question` from one course, event by event; links begin with `base_url`.

        `conversation_id` names the conversation that it goes on with; or `earlier` are the questions before it as
        they were typed, oldest first, where the caller keeps the conversation. The answer gets `answer_id` for its
        id, or else one of its own.

        Raises, before the first event:
            InvalidQuestion: it is blank, too short or too long, or holds what is no text.
            CourseRequired, UnknownCourse, CourseUnavailable: as `Courses.readable` does.
            UnknownConversation: as `Conversations.earlier` does.
        """
        asked_at = now()
        draft = await to_thread.run_sync(partial(self.draft, question, course, **options), limiter=self.limiter)
        yield ProgressEvent(_progress(draft.answer))
        sent: list[Checked] = []
        if self._composer is not None and draft.answer.status == "answered":
            began = perf_counter()
            async with aclosing(self._composer.compose(draft)) as composed:
                async for checked in composed:
                    sent.append(checked)
                    for citation in checked.citations:
                        yield CitationEvent(citation)
                    yield SentenceEvent(checked.sentence)
            answer = _generated(draft.answer, sent, self._composer.name, _ms(perf_counter() - began))
        else:
            answer = draft.answer
        if not sent:
            for event in _events(answer):
                yield event
        self._keep(answer, asked_at, **options)
        yield DoneEvent(answer)

    async def answer(self, question: str, course: str | None = None, **options: Unpack[Options]) -> Answer:
        """What the last event of `stream` holds."""
        return await last(self.stream(question, course, **options))

    def ask(self, question: str, course: str | None = None, **options: Unpack[Options]) -> Answer:
        """`answer` for whoever has no event loop, which takes none where no language model writes."""
        if self._composer is not None:
            return anyio.run(partial(self.answer, question, course, **options))
        asked_at = now()
        answer = self.draft(question, course, **options).answer
        self._keep(answer, asked_at, **options)
        return answer

    def draft(
        self,
        question: str,
        course: str | None,
        caller: Caller = COMMAND_LINE,
        base_url: str = "",
        conversation_id: str | None = None,
        earlier: Sequence[str] | None = None,
        answer_id: str | None = None,
    ) -> Draft:
        """The extractive answer; blocks while it encodes. Raises what `stream` does."""
        started = perf_counter()
        typed = self.checked(question)
        index = self.courses.readable(course, caller)
        name = index.manifest.course
        if earlier is not None:
            before: Sequence[str] = self._read_in_turn(earlier, index)
        else:
            before = self.conversations.earlier(conversation_id, name, caller.person) if conversation_id else ()
        if reply := small_talk(typed):
            reading, found = Reading(typed, None), _small_talk(index, reply)
            was_read = encoded = searched = perf_counter()
        else:
            reading = read(typed, index.vocabulary, before)
            was_read = perf_counter()
            vector = index.encode(reading.question, self.encoder)
            encoded = perf_counter()
            hits = find(index, reading.question, vector, self._reranker)
            searched = perf_counter()
            found = _decide(index, reading.question, vector, hits, self.calibration, base_url)
        composed = perf_counter()
        answer = Answer(
            id=answer_id or uuid.uuid4().hex,
            conversation_id=conversation_id or uuid.uuid4().hex,
            course=name,
            language=index.manifest.language,
            question=typed,
            standalone_question=reading.question,
            status=found.status,
            answer=found.answer,
            sentences=found.sentences,
            citations=found.citations,
            related_sections=found.related_sections,
            correction=reading.correction,
            confidence=round(found.confidence, 3),
            composer="extractive",
            took_ms=Timings(
                encode=_ms(encoded - was_read),
                search=_ms(searched - encoded),
                compose=_ms(composed - searched),
                total=_ms(composed - started),
            ),
        )
        return Draft(answer, index, found.candidates, base_url)

    def _read_in_turn(self, questions: Sequence[str], index: Index) -> list[str]:
        """The last of `questions` as they read in their conversation, but for those that cannot be asked."""
        found: list[str] = []
        for typed in questions[-MOST_QUESTIONS:]:
            try:
                asked = self.checked(typed)
            except InvalidQuestion:
                continue
            if not small_talk(asked):
                found.append(read(asked, index.vocabulary, found).question)
        return found

    def _keep(self, answer: Answer, asked_at: int, caller: Caller = COMMAND_LINE, **options: object) -> None:
        self.conversations.add(caller.person, answer, asked_at, caller.tenant)

    def search(
        self, question: str, course: str | None = None, k: int = 10, caller: Caller = COMMAND_LINE
    ) -> tuple[Index, list[Hit]]:
        """The `k` best hits for `question` in one course, and the index that they come from."""
        question = self.checked(question)
        index = self.courses.readable(course, caller)
        return index, find(index, question, index.encode(question, self.encoder), self._reranker, k)

    def read_on(self, answer: Answer, base_url: str, caller: Caller) -> RelatedSection | None:
        """The best section that an answer does not quote, to go on with; `None` where there is none. Blocks."""
        if answer.status != "answered":
            return None
        index, hits = self.search(answer.standalone_question, answer.course, caller=caller)
        quoted = {(citation.document_id, citation.anchor) for citation in answer.citations}
        for section in _sections(hits):
            if not section.is_empty and (section.document_id, section.anchor) not in quoted:
                return _related_section(index, section, base_url)
        return None

    def checked(self, question: str) -> str:
        """`question` without white space around it.

        Raises:
            InvalidQuestion: it cannot be asked; says why.
        """
        stripped = question.strip()
        if len(stripped) > self._max_question_length:
            raise InvalidQuestion(
                f"The question has {len(stripped)} characters; ask it in at most {self._max_question_length}."
            )
        if "\0" in stripped:
            raise InvalidQuestion("The question holds a NUL character; send plain text.")
        if _HALF.search(stripped):
            raise InvalidQuestion("The question holds half of a surrogate pair; send valid Unicode text.")
        if not _TWO_LETTERS.search(stripped):
            raise InvalidQuestion("The question is empty or too short; write at least a word.")
        return stripped


def find(index: Index, question: str, vector: Vectors, reranker: "Reranker | None", k: int = 10) -> list[Hit]:
    """The `k` best hits for `question`, whose unit vector is `vector`, float32 [dimensions]; read again by
    `reranker` where there is one."""
    if reranker is None:
        return index.search(question, vector, k)
    hits = index.search(question, vector, max(k, _RERANKED))
    return [*reranker.rerank(question, hits[:_RERANKED]), *hits[_RERANKED:]][:k]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a question: the fields of `Answer` that depend on the hits."""

    status: Status
    answer: str
    confidence: float
    sentences: list[AnswerSentence] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    related_sections: list[RelatedSection] = field(default_factory=list)
    candidates: Sequence[Candidate] = ()


def _decide(
    index: Index, question: str, vector: Vectors, hits: Sequence[Hit], calibration: Calibration, base_url: str
) -> _Outcome:
    """Answer from `hits`, or say that a section is empty or that the material does not answer."""
    empty, written = _empty_section(index, question, hits)
    query = index.query(question)
    found = [] if empty else candidates(query, question, index, vector, written)
    judged = judge(query, question, [empty] if empty else written, found, calibration)
    text = messages(index.manifest.language)
    if judged.answers and empty is not None:
        answer = text["section_empty"].format(title=empty.chunk.section.title)
        related = _related(index, [empty, *written], judged, base_url)
        return _Outcome("section_empty", answer, judged.probability, related_sections=related)
    if judged.answers:
        sentences, citations = cite(index, compose(index, question, found), base_url)
        if sentences:
            answer = answer_text(sentences, citations)
            return _Outcome("answered", answer, judged.probability, sentences, citations, candidates=found)
    related = _related(index, written, judged, base_url)
    answer = text["not_in_material_related" if related else "not_in_material"]
    return _Outcome("not_in_material", answer, judged.probability, related_sections=related)


def _progress(answer: Answer) -> Progress:
    return Progress(
        course=answer.course,
        status=answer.status,
        standalone_question=answer.standalone_question,
        correction=answer.correction,
    )


def _generated(answer: Answer, sent: Sequence[Checked], composer: str, took_ms: float) -> Answer:
    """`answer` with what was sent in the place of its own sentences, where anything was; the time counts either way."""
    took = answer.took_ms.model_copy(
        update={
            "compose": round(answer.took_ms.compose + took_ms, 2),
            "total": round(answer.took_ms.total + took_ms, 2),
        }
    )
    if not sent:
        return answer.model_copy(update={"took_ms": took})
    sentences = [checked.sentence for checked in sent]
    citations = [citation for checked in sent for citation in checked.citations]
    return answer.model_copy(
        update={
            "answer": answer_text(sentences, citations),
            "sentences": sentences,
            "citations": citations,
            "composer": composer,
            "took_ms": took,
        }
    )


def replayed(answer: Answer) -> Iterator[Event]:
    """The events that an answer was given with."""
    yield ProgressEvent(_progress(answer))
    yield from _events(answer)
    yield DoneEvent(answer)


def _events(answer: Answer) -> Iterator[Event]:
    """Sentences and citations, each citation before the first sentence that rests on it."""
    citations = iter(answer.citations)
    sent = 0
    for sentence in answer.sentences:
        for citation in islice(citations, max(0, max(sentence.citations) - sent)):
            sent = citation.number
            yield CitationEvent(citation)
        yield SentenceEvent(sentence)


def _small_talk(index: Index, reply: str) -> _Outcome:
    text = messages(index.manifest.language)[reply]
    return _Outcome("small_talk", text.format(course=index.manifest.title), confidence=1.0)


def _empty_section(index: Index, question: str, hits: Sequence[Hit]) -> tuple[Hit | None, list[Hit]]:
    """The best hit, where it is an empty section whose title the question names; and the written ones."""
    written = [hit for hit in hits if not hit.chunk.section.is_empty]
    best = next(iter(hits), None)
    if best is None or not best.chunk.section.is_empty:
        return None, written
    # By weight: of "Volume Docker" a course about Docker is asked by "volume" alone.
    title = index.query(best.chunk.section.title)
    return (best if title.share(title.held(term_set(question))) >= _NAMED else None), written


def _related(index: Index, hits: Sequence[Hit], judged: Answerability, base_url: str) -> list[RelatedSection]:
    """The best sections, where at least one word of the question was found; none where nothing was."""
    if judged.coverage == 0:
        return []
    return [_related_section(index, section, base_url) for section in _sections(hits)[:_RELATED]]


def _sections(hits: Sequence[Hit]) -> list[Section]:
    """The sections in which words of the question were found, best first."""
    return list(dict.fromkeys(hit.chunk.section for hit in hits if hit.lexical > 0))


def _related_section(index: Index, section: Section, base_url: str) -> RelatedSection:
    return RelatedSection(
        document_id=section.document_id,
        heading_path=list(section.heading_path) or [index.document_title(section.document_id)],
        anchor=section.anchor,
        url=section_url(base_url, index.document(section.document_id), section),
        is_empty=section.is_empty,
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
