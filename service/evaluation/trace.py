"""One question step by step: as it was read, what was searched, what was read, what was chosen, and why."""

from collections.abc import Iterator, Sequence

from reperage.index.index import Index
from reperage.service.answering.citations import answer_text
from reperage.service.answering.evidence import Evidence
from reperage.service.answering.extractive import compose
from reperage.service.answering.pipeline import Pipeline
from reperage.service.answering.question.exact import exact_in
from reperage.service.answering.question.rewriting import rewrite
from reperage.service.answering.reading.features import UNREAD, chance
from reperage.service.sources.links import SourceLinks

_HITS = 10
_CANDIDATES = 20
_LONGEST = 110


def trace(pipeline: Pipeline, index: Index, question: str, after: Sequence[str]) -> str:
    """What happens to `question` after those asked before it, as text; the answer itself comes last."""
    before: list[str] = []
    for earlier in after:
        before.append(rewrite(earlier, index.vocabulary, before).question)
    draft = pipeline.draft(index, question, before, SourceLinks())
    text = draft.answer.standalone_question
    evidence = pipeline.evidence(index, text)
    answer = draft.answer
    return "\n".join(
        [
            f"question   {question}",
            f"read as    {text}",
            f"exact      {', '.join(sorted(exact.spelling for exact in exact_in(text))) or '–'}",
            *_searched(evidence),
            *_read(evidence),
            *_chosen(evidence, index, text),
            "",
            f"probability {answer.confidence:.3f}, answered from {pipeline.threshold:g}: {answer.status}",
            "",
            answer_text(answer.sentences, answer.citations) or answer.answer,
        ]
    )


def _searched(evidence: Evidence) -> Iterator[str]:
    yield from ("", "searched   score  cosine  sentence  coverage  section")
    for hit in evidence.written[:_HITS]:
        section = _cut(" › ".join(hit.chunk.section.heading_path) or hit.chunk.heading)
        figures = f"{hit.score:6.2f}  {hit.dense:6.2f}  {hit.sentence:8.2f}  {hit.coverage:8.2f}"
        yield f"{hit.rank:8}  {figures}  {section}"


def _read(evidence: Evidence) -> Iterator[str]:
    yield ""
    if not evidence.readings:
        yield "read       nothing"
        return
    yield "read       answers  best sentence  window"
    for number, reading in enumerate(evidence.readings, 1):
        chunk, places = reading.window.hit.chunk, reading.window.passage.places
        text = " ".join(chunk.sentences[place].shown for place in places)
        best = chance(max(reading.sentences, default=UNREAD))
        yield f"{number:8}  {chance(reading.answered):8.3f}  {best:13.3f}  hit {reading.window.hit.rank}: {_cut(text)}"


def _chosen(evidence: Evidence, index: Index, question: str) -> Iterator[str]:
    question_type, selection = evidence.selection(index, question)
    chosen = {(c.hit.rank, c.place) for c in selection}
    shown = {(q.section, q.sentence.start) for q in compose(index, question_type, selection)}
    yield from ("", f"chosen     score  sentence (* likely part of the answer, + with it); asks for: {question_type}")
    for candidate in evidence.candidates[:_CANDIDATES]:
        is_shown = (candidate.hit.chunk.section, candidate.sentence.start) in shown
        mark = "*" if (candidate.hit.rank, candidate.place) in chosen else "+" if is_shown else " "
        yield f"{mark:>8}  {candidate.score:6.2f}  hit {candidate.hit.rank}: {_cut(candidate.sentence.shown)}"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
