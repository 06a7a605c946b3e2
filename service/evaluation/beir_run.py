"""One run over a retrieval set: its passages indexed, its queries searched and answered, the figures taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from time import perf_counter
from typing import TYPE_CHECKING

from reperage.corpus import Chunk, slug
from reperage.index.index import Index
from reperage.index.vectors import Vectors
from reperage.service.answering.evidence import Evidence, gather
from reperage.service.answering.extractive import compose
from reperage.service.answering.pipeline import Pipeline, find
from reperage.service.answering.question.rewriting import rewrite
from reperage.service.courses.building import BuildProgress
from reperage.service.evaluation.beir import BeirSet, Query
from reperage.service.evaluation.indexes import index_of, index_without_removed, load_encoder
from reperage.service.evaluation.matching import holds
from reperage.service.evaluation.measures import Abstention, Estimate, abstention, retrieval
from reperage.service.evaluation.report import Answers, Evaluation, QuestionProgress
from reperage.service.loading import load_pipeline
from reperage.service.settings import Settings

if TYPE_CHECKING:
    pass

_CHUNKS = 100
"""Chunks that are ranked: enough for ten passages, and no more candidates than when serving ten."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """Result of one question: passages in their order by stage, the text of the answer, and the time it took."""

    rankings: Mapping[str, Sequence[str]]
    text: str
    seconds: float


def evaluate_beir(
    beir_set: BeirSet,
    queries: Sequence[Query],
    settings: Settings,
    build_settings: Settings,
    build_progress: BuildProgress,
    question_progress: QuestionProgress,
) -> Evaluation:
    """Ask `queries`, on indexes in the home of `build_settings`; the calibration is in that of `settings`."""
    encoder = load_encoder(build_settings)
    name = slug(beir_set.name)
    index = index_of(beir_set.course(name), encoder, build_settings, build_progress)
    index_without = (
        index_without_removed(beir_set, encoder, build_settings, build_progress) if beir_set.removed else None
    )
    pipeline = load_pipeline(settings, encoder)
    encoder.encode_query(["Prêt ?"])

    replies: dict[str, _Reply] = {}
    probabilities: dict[str, float] = {}
    for done, query in enumerate(queries, 1):
        start = perf_counter()
        question = rewrite(query.text, index.vocabulary, ()).question
        vector = index.encode(question, encoder)
        replies[query.id] = _reply(index, question, vector, pipeline, start)
        if index_without is not None:
            # The vocabulary of the smaller index may read the question as another.
            question = rewrite(query.text, index_without.vocabulary, ()).question
            vector = index_without.encode(question, encoder)
            evidence = _evidence(index_without, question, vector, pipeline)
            probabilities[query.id] = evidence.answerability.probability
        question_progress(done, len(queries))

    return Evaluation(
        set=beir_set.name,
        queries=len(queries),
        stages=_stage_figures(beir_set, queries, replies),
        answers=_answer_figures(queries, replies),
        abstention=_abstention_figures(beir_set, probabilities, pipeline.threshold)
        if index_without is not None
        else None,
        questions=None,
        failures=None,
        ms_per_question=1000 * median(reply.seconds for reply in replies.values()),
        files=beir_set.files,
    )


def _reply(
    index: Index,
    question: str,
    vector: Vectors,
    pipeline: Pipeline,
    start: float,
) -> _Reply:
    """Result of a question: composed always, as whether to answer at all is measured apart.

    The time is that of an answer when serving; ranking every stage to the end comes after it.
    """
    evidence = _evidence(index, question, vector, pipeline)
    quotes = compose(index, *evidence.selection(index, question))
    seconds = perf_counter() - start
    stages = index.stages(question, vector, _CHUNKS)
    if pipeline.reranker is not None:
        stages["signals"] = stages.pop("final")
        stages["final"] = [hit.chunk for hit in find(index, question, vector, pipeline.reranker, _CHUNKS)]
    rankings = {stage: _passages(chunks) for stage, chunks in stages.items()}
    return _Reply(rankings, " ".join(quote.sentence.shown for quote in quotes), seconds)


def _evidence(index: Index, question: str, vector: Vectors, pipeline: Pipeline) -> Evidence:
    """What the assistant knows of a question before it answers."""
    evidence = gather(index, question, vector, find(index, question, vector, pipeline.reranker), pipeline.calibration)
    return evidence if pipeline.reader is None else evidence.read(question, pipeline.reader)


def _passages(chunks: Sequence[Chunk]) -> list[str]:
    """Passages that the chunks stand in, each at the place of its best one."""
    return list(dict.fromkeys(chunk.section.document_id for chunk in chunks))


def _stage_figures(
    beir_set: BeirSet, queries: Sequence[Query], replies: Mapping[str, _Reply]
) -> dict[str, dict[str, Estimate]] | None:
    qrels = {query.id: relevant for query in queries if (relevant := beir_set.relevant(query))}
    if not qrels:
        return None
    names = next(iter(replies.values())).rankings
    return {name: retrieval(qrels, {q: replies[q].rankings[name] for q in qrels}) for name in names}


def _answer_figures(queries: Sequence[Query], replies: Mapping[str, _Reply]) -> Answers | None:
    with_spans = [(query, replies[query.id].text) for query in queries if query.answers]
    if not with_spans:
        return None
    return Answers(
        contains_span=fmean(any(holds(text, span) for span in query.answers) for query, text in with_spans),
        mean_words=fmean(len(text.split()) for _, text in with_spans),
    )


def _abstention_figures(beir_set: BeirSet, probabilities: Mapping[str, float], threshold: float) -> Abstention:
    answerable = [p for query, p in probabilities.items() if query not in beir_set.unanswerable]
    unanswerable = [p for query, p in probabilities.items() if query in beir_set.unanswerable]
    return abstention(answerable, unanswerable, threshold)
