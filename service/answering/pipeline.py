"""Question → answer, from one course's index: read it, search, decide whether the material answers, and cite."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

from reperage.corpus import Section
from reperage.index.index import Hit, Index
from reperage.index.vectors import Vectors
from reperage.service.answering.answerability import Answerability
from reperage.service.answering.calibration import Calibration
from reperage.service.answering.citations import answer_text, cite
from reperage.service.answering.draft import Draft
from reperage.service.answering.evidence import Evidence, gather
from reperage.service.answering.extractive import compose
from reperage.service.answering.question.rewriting import RewrittenQuestion, rewrite
from reperage.service.answering.question.small_talk import small_talk
from reperage.service.answering.reading.reader import HITS_READ, Reader
from reperage.service.answering.sentence_selection import HITS, Candidate
from reperage.service.contract.answer import Answer, AnswerSentence, Citation, RelatedSection, Status, Timings
from reperage.service.contract.search_result import FoundChunk
from reperage.service.messages import messages
from reperage.service.sources.links import SourceLinks

if TYPE_CHECKING:
    from reperage.index.encoder import Encoder  # PyTorch takes seconds to import.
    from reperage.index.reranker import Reranker

_RELATED = 3
_RERANKED = 20
"""Hits that a reranker reads."""


@dataclass(frozen=True, slots=True)
class Searched:
    """A question once its course was searched: how it was read and what was found, or the `reply` to small talk."""

    index: Index
    question: str
    rewritten: RewrittenQuestion
    reply: str | None
    evidence: Evidence | None
    started: float
    encode_ms: float
    search_ms: float


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What answers are made with; blocks while it encodes."""

    encoder: "Encoder"
    calibration: Calibration
    reranker: "Reranker | None" = None
    reader: Reader | None = None

    @property
    def threshold(self) -> float:
        """The probability from which a question that was read, where there is a reader, is answered."""
        return self.calibration.threshold if self.reader is None else self.reader.decision.answers.threshold

    def draft(
        self,
        index: Index,
        question: str,
        before: Sequence[str],
        links: SourceLinks,
        *,
        answer_id: str | None = None,
        conversation_id: str | None = None,
        started: float | None = None,
    ) -> Draft:
        """The extractive answer to `question`, which can be asked, after the questions `before` it as they were read.

        `answer_id` and `conversation_id` are made where they are not given; `started` is when the question came, by
        `perf_counter`, now by default.
        """
        return self.read(self.searched(index, question, before, started), links, answer_id, conversation_id)

    def searched(self, index: Index, question: str, before: Sequence[str], started: float | None = None) -> Searched:
        """`question` once its course was searched, the first half of `draft`; `read` is the second."""
        started = perf_counter() if started is None else started
        if reply := small_talk(question):
            return Searched(index, question, RewrittenQuestion(question, None), reply, None, started, 0.0, 0.0)
        rewritten = rewrite(question, index.vocabulary, before)
        was_rewritten = perf_counter()
        vector = index.encode(rewritten.question, self.encoder)
        encoded = perf_counter()
        evidence = self._gather(index, rewritten.question, vector)
        took = milliseconds(encoded - was_rewritten), milliseconds(perf_counter() - encoded)
        return Searched(index, question, rewritten, None, evidence, started, *took)

    def reads(self, searched: Searched) -> bool:
        """Whether windows of the course are read before it is decided."""
        return self.reader is not None and searched.evidence is not None and searched.evidence.is_worth_reading

    def read(
        self,
        searched: Searched,
        links: SourceLinks,
        answer_id: str | None = None,
        conversation_id: str | None = None,
    ) -> Draft:
        """The draft of a question whose course was searched."""
        index, rewritten, evidence = searched.index, searched.rewritten, searched.evidence
        start = perf_counter()
        if self.reader is not None and evidence is not None:
            evidence = evidence.read(rewritten.question, self.reader)
        was_read = perf_counter()
        if evidence is None:
            assert searched.reply is not None
            outcome = _small_talk(index, searched.reply)
        else:
            outcome = _decide(index, rewritten.question, evidence, links)
        composed = perf_counter()
        answer = Answer(
            id=answer_id or uuid.uuid4().hex,
            conversation_id=conversation_id or uuid.uuid4().hex,
            course=index.manifest.course,
            language=index.manifest.language,
            question=searched.question,
            standalone_question=rewritten.question,
            status=outcome.status,
            answer=outcome.answer,
            sentences=outcome.sentences,
            citations=outcome.citations,
            related_sections=outcome.related_sections,
            correction=rewritten.correction,
            confidence=round(outcome.confidence, 3),
            composer="extractive",
            took_ms=Timings(
                encode=searched.encode_ms,
                search=searched.search_ms,
                read=milliseconds(was_read - start),
                compose=milliseconds(composed - was_read),
                total=milliseconds(composed - searched.started),
            ),
        )
        return Draft(answer, index, outcome.candidates, links)

    def evidence(self, index: Index, question: str) -> Evidence:
        """The evidence for `question`, read where there is a reader."""
        evidence = self._gather(index, question, index.encode(question, self.encoder))
        return evidence if self.reader is None else evidence.read(question, self.reader)

    def _gather(self, index: Index, question: str, vector: Vectors) -> Evidence:
        hits = find(index, question, vector, self.reranker)
        most = HITS if self.reader is None else HITS_READ
        return gather(index, question, vector, hits, self.calibration, most)

    def search(self, index: Index, question: str, k: int = 10) -> list[Hit]:
        """The `k` best hits for `question`."""
        return find(index, question, index.encode(question, self.encoder), self.reranker, k)

    def read_on(self, answer: Answer, index: Index, links: SourceLinks) -> RelatedSection | None:
        """The best section that an answer does not quote, to go on with; `None` where there is none."""
        quoted = {(citation.document_id, citation.anchor) for citation in answer.citations}
        for section in _sections(self.search(index, answer.standalone_question)):
            if not section.is_empty and (section.document_id, section.anchor) not in quoted:
                return _related_section(index, section, links)
        return None


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


def _decide(index: Index, question: str, evidence: Evidence, links: SourceLinks) -> _Outcome:
    """Answer by the evidence, or say that a section is empty or that the material does not answer."""
    answerability, written = evidence.answerability, evidence.written
    text = messages(index.manifest.language)
    if answerability.answers and evidence.empty is not None:
        answer = text["section_empty"].format(title=evidence.empty.chunk.section.title)
        related = _related(index, [evidence.empty, *written], answerability, links)
        return _Outcome("section_empty", answer, answerability.probability, related_sections=related)
    if answerability.answers:
        sentences, citations = cite(index, compose(index, *evidence.selection(index, question)), links)
        if sentences:
            answer = answer_text(sentences, citations)
            return _Outcome(
                "answered", answer, answerability.probability, sentences, citations, candidates=evidence.candidates
            )
    related = _related(index, written, answerability, links)
    answer = text["not_in_material_related" if related else "not_in_material"]
    return _Outcome("not_in_material", answer, answerability.probability, related_sections=related)


def _small_talk(index: Index, reply: str) -> _Outcome:
    text = messages(index.manifest.language)[reply]
    return _Outcome("small_talk", text.format(course=index.manifest.title), confidence=1.0)


def _related(
    index: Index, hits: Sequence[Hit], answerability: Answerability, links: SourceLinks
) -> list[RelatedSection]:
    """The best sections, where at least one word of the question was found; none where nothing was."""
    if answerability.coverage == 0:
        return []
    return [_related_section(index, section, links) for section in _sections(hits)[:_RELATED]]


def _sections(hits: Sequence[Hit]) -> list[Section]:
    """The sections in which words of the question were found, best first."""
    return list(dict.fromkeys(hit.chunk.section for hit in hits if hit.lexical > 0))


def _related_section(index: Index, section: Section, links: SourceLinks) -> RelatedSection:
    return RelatedSection(
        document_id=section.document_id,
        heading_path=list(section.heading_path) or [index.document_title(section.document_id)],
        anchor=section.anchor,
        url=links.to(index.document(section.document_id), section),
        is_empty=section.is_empty,
    )


def milliseconds(seconds: float) -> float:
    """Seconds as milliseconds, to two digits."""
    return round(seconds * 1000, 2)


def found_chunk(index: Index, hit: Hit, links: SourceLinks) -> FoundChunk:
    """A hit as channels show it."""
    chunk, section = hit.chunk, hit.chunk.section
    document = index.document(section.document_id)
    return FoundChunk(
        rank=hit.rank,
        score=round(hit.score, 4),
        dense=round(hit.dense, 4),
        lexical=round(hit.lexical, 4),
        chunk_id=chunk.id,
        document_id=document.id,
        document_title=document.title,
        heading_path=list(section.heading_path),
        anchor=section.anchor,
        text=chunk.text,
        start=chunk.start,
        end=chunk.end,
        url=links.to(document, section, (chunk.start, chunk.end)),
    )
