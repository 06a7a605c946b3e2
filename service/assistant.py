"""`Assistant.ask`: question → cited answer, the same for every channel."""

import uuid
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import structlog

from corpus import Document, Section
from index.analysis import terms
from index.index import Hit, Index
from service.answer import Answer, AnswerSentence, Citation, RelatedSection, Status, Timings
from service.answerability import Answerability, judge
from service.catalogue import messages
from service.compose import Quote, compose
from service.courses import Courses
from service.errors import InvalidQuestion

if TYPE_CHECKING:
    from index.encoder import Encoder  # PyTorch takes seconds to import.

_RELATED = 3
log = structlog.get_logger(__name__)


class Assistant:
    """Answers questions about the courses, with citations, or says that the material does not."""

    def __init__(self, encoder: "Encoder", courses: Courses, max_question_length: int = 2000) -> None:
        self.encoder = encoder
        self.courses = courses
        self._max_question_length = max_question_length

    def ask(
        self,
        question: str,
        course: str | None = None,
        *,
        base_url: str = "",
        conversation_id: str | None = None,
    ) -> Answer:
        """Answer `question` from one course; links begin with `base_url`.

        Raises:
            InvalidQuestion: it is blank, too short or too long, or holds what is no text.
            CourseRequired, UnknownCourse, CourseUnavailable: as `Courses.index` does.
        """
        started = perf_counter()
        question = self.checked(question)
        index = self.courses.index(course)
        vector = self.encoder.encode_query([question])[0]
        encoded = perf_counter()
        hits = index.search(question, vector)
        empty, hits = _empty_section(question, hits)
        searched = perf_counter()
        judged = judge(index, question, empty or next(iter(hits), None))
        text = messages(index.manifest.language)
        status: Status = "not_in_material"
        sentences: list[AnswerSentence] = []
        citations: list[Citation] = []
        related: list[RelatedSection] = []
        if judged.answers and empty is None:
            quotes = compose(index, question, vector, hits)
            sentences, citations = _cite(index, quotes, base_url)
        if sentences:
            status, answer = "answered", _text(sentences, citations)
        elif judged.answers and empty is not None:
            status, answer = "section_empty", text["section_empty"].format(title=empty.chunk.section.title)
            related = _related(index, [empty, *hits], judged, base_url)
        else:
            related = _related(index, hits, judged, base_url)
            answer = text["not_in_material_related" if related else "not_in_material"]
        composed = perf_counter()
        return Answer(
            id=uuid.uuid4().hex,
            conversation_id=conversation_id or uuid.uuid4().hex,
            course=index.manifest.course,
            language=index.manifest.language,
            question=question,
            standalone_question=question,
            status=status,
            answer=answer,
            sentences=sentences,
            citations=citations,
            related_sections=related,
            correction=None,
            confidence=round(judged.probability, 3),
            composer="extractive",
            took_ms=Timings(
                encode=_ms(encoded - started),
                search=_ms(searched - encoded),
                compose=_ms(composed - searched),
                total=_ms(composed - started),
            ),
        )

    def search(self, question: str, course: str | None = None, k: int = 10) -> tuple[Index, list[Hit]]:
        """The `k` best hits for `question` in one course, and the index that they come from."""
        question = self.checked(question)
        index = self.courses.index(course)
        return index, index.search(question, self.encoder.encode_query([question])[0], k)

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
        if any("\ud800" <= c <= "\udfff" for c in stripped):
            raise InvalidQuestion("The question holds half of a surrogate pair; send valid Unicode text.")
        if sum(c.isalnum() for c in stripped) < 2:
            raise InvalidQuestion("The question is empty or too short; write at least a word.")
        return stripped


def section_url(
    base_url: str, document: Document, section: Section | None, quote_span: tuple[int, int] | None = None
) -> str:
    """The address that opens a document, at a section, the quote highlighted where its span is given."""
    query = {"version": document.version}
    if quote_span:
        query |= {"start": str(quote_span[0]), "end": str(quote_span[1])}
    path = f"/courses/{quote(document.course)}/documents/{quote(document.id)}"
    anchor = f"#{quote(section.anchor)}" if section and section.anchor else ""
    return f"{base_url}{path}?{urlencode(query, safe=':')}{anchor}"


def _empty_section(question: str, hits: Sequence[Hit]) -> tuple[Hit | None, list[Hit]]:
    """The best hit, where it is an empty section whose whole title the question names; and the written ones."""
    written = [hit for hit in hits if not hit.chunk.section.is_empty]
    best = next(iter(hits), None)
    if best is None or not best.chunk.section.is_empty:
        return None, written
    title = set(terms(best.chunk.section.title))
    return (best if title and title <= set(terms(question)) else None), written


def _cite(index: Index, quotes: Sequence[Quote], base_url: str) -> tuple[list[AnswerSentence], list[Citation]]:
    """Sentences and citations for the quotes that stand in their documents, checked here, last of all."""
    sentences: list[AnswerSentence] = []
    citations: list[Citation] = []
    for found in quotes:
        section, sentence = found.section, found.sentence
        document = index.document(section.document_id)
        start, end = sentence.start, sentence.end
        if document.text[start:end] != found.text:
            log.error("quote_does_not_stand", document=document.id, start=start, end=end)
            continue
        number = len(citations) + 1
        line_start = document.text.count("\n", 0, start) + 1
        citations.append(
            Citation(
                number=number,
                document_id=document.id,
                document_title=document.title,
                heading_path=list(section.heading_path),
                anchor=section.anchor,
                quote=found.text,
                start=start,
                end=end,
                line_start=line_start,
                line_end=line_start + found.text.count("\n"),
                page=document.page_at(start),
                url=section_url(base_url, document, section, (start, end)),
                document_version=document.version,
            )
        )
        sentences.append(
            AnswerSentence(
                text=sentence.shown,
                citations=[number],
                kind=sentence.kind,
                block=sentence.block,
                group=sentence.group,
            )
        )
    return sentences, citations


def _text(sentences: Sequence[AnswerSentence], citations: Sequence[Citation]) -> str:
    """The answer as one text: sentences of a block run on, each with its number; an empty line parts sections."""
    parts: list[str] = []
    for i, sentence in enumerate(sentences):
        if i and _place(citations[i]) != _place(citations[i - 1]):
            parts.append("\n\n")
        elif i:
            parts.append(" " if sentence.block == sentences[i - 1].block else "\n")
        numbers = "".join(f"[{number}]" for number in sentence.citations)
        bullet = "- " if sentence.kind == "list" and (not i or parts[-1] != " ") else ""
        parts.append(f"{bullet}{sentence.text}{chr(10) if sentence.kind == 'code' else ' '}{numbers}")
    return "".join(parts)


def _place(citation: Citation) -> tuple[str, str]:
    return citation.document_id, citation.anchor


def _related(index: Index, hits: Sequence[Hit], judged: Answerability, base_url: str) -> list[RelatedSection]:
    """The best sections, where at least one word of the question was found; none where nothing was."""
    if judged.coverage == 0:
        return []
    sections = list(dict.fromkeys(hit.chunk.section for hit in hits if hit.lexical > 0))[:_RELATED]
    return [
        RelatedSection(
            document_id=section.document_id,
            heading_path=list(section.heading_path) or [index.document_title(section.document_id)],
            anchor=section.anchor,
            url=section_url(base_url, index.document(section.document_id), section),
            is_empty=section.is_empty,
        )
        for section in sections
    ]


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
