"""Answers that no model was needed for."""

import uuid

from reperage.service.contract.answer import Answer, AnswerSentence, Citation, Status, Timings


def answer(
    question: str = "C'est quoi un port ?",
    conversation_id: str = "c",
    course: str = "docker",
    status: Status = "answered",
    quote: str = "Un port est une porte.",
) -> Answer:
    """An answer with one sentence and its citation, or none where it is not answered."""
    answered = status == "answered"
    citation = Citation(
        number=1,
        document_id="introduction",
        document_title="Introduction",
        heading_path=["Ports"],
        anchor="ports",
        quote=quote,
        start=10,
        end=10 + len(quote),
        line_start=3,
        line_end=3,
        page=None,
        url="http://localhost/courses/docker/documents/introduction",
        document_version="sha256:0",
    )
    sentence = AnswerSentence(text=quote, citations=[1], kind="paragraph", block=0, group=0)
    return Answer(
        id=uuid.uuid4().hex,
        conversation_id=conversation_id,
        course=course,
        language="fr",
        question=question,
        standalone_question=question,
        status=status,
        answer=quote,
        sentences=[sentence] if answered else [],
        citations=[citation] if answered else [],
        related_sections=[],
        correction=None,
        confidence=0.9,
        composer="extractive",
        took_ms=Timings(encode=1, search=1, compose=1, total=3),
    )
