"""One run over a retrieval set: its passages indexed, its queries searched and answered, the figures taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from time import perf_counter
from typing import TYPE_CHECKING

from reperage.corpus import Chunk, slug
from reperage.index.index import Hit, Index
from reperage.index.vectors import Vectors
from reperage.service.answering.answerability import NAMES, judge
from reperage.service.answering.calibration import Calibration, load_calibration
from reperage.service.answering.extractive import compose
from reperage.service.answering.pipeline import find
from reperage.service.answering.question.rewriting import rewrite
from reperage.service.answering.sentence_selection import rank_sentences
from reperage.service.courses.building import BuildProgress
from reperage.service.evaluation.beir import BeirSet, Query
from reperage.service.evaluation.indexes import index_of, index_without_removed, load_encoder
from reperage.service.evaluation.matching import holds
from reperage.service.evaluation.measures import Abstention, Estimate, abstention, retrieval
from reperage.service.evaluation.report import Answers, Asking, Evaluation
from reperage.service.loading import load_reranker
from reperage.service.settings import Settings

if TYPE_CHECKING:
    from reperage.index.reranker import Reranker

_CHUNKS = 100
"""Chunks that are ranked: enough for ten passages, and no more candidates than when serving ten."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """What one question got: passages in their order by stage, the text of the answer, and the time it took."""

    rankings: Mapping[str, Sequence[str]]
    shown: str
    seconds: float


def evaluate_beir(
    found: BeirSet,
    queries: Sequence[Query],
    settings: Settings,
    own: Settings,
    building: BuildProgress,
    asking: Asking,
) -> Evaluation:
    """Ask `queries` of the set, on indexes in the home of `own`; what was calibrated is in that of `settings`."""
    encoder = load_encoder(own)
    name = slug(found.name)
    index = index_of(found.course(name), encoder, own, building)
    without = index_without_removed(found, encoder, own, building) if found.removed else None
    calibration = load_calibration(settings.home, settings.recipe.model_digest, NAMES)
    reranker = load_reranker(settings)
    encoder.encode_query(["Prêt ?"])

    replies: dict[str, _Reply] = {}
    probabilities: dict[str, float] = {}
    for done, query in enumerate(queries, 1):
        started = perf_counter()
        question = rewrite(query.text, index.vocabulary, ()).question
        vector = index.encode(question, encoder)
        replies[query.id] = _reply(index, question, vector, calibration, reranker, started)
        if without is not None:
            # The vocabulary of the smaller index may read the question as another.
            question = rewrite(query.text, without.vocabulary, ()).question
            vector = without.encode(question, encoder)
            probabilities[query.id] = _probability(without, question, vector, calibration, reranker)
        asking(done, len(queries))

    return Evaluation(
        set=found.name,
        queries=len(queries),
        stages=_stages_measured(found, queries, replies),
        answers=_answers_measured(queries, replies),
        abstention=_abstention_measured(found, probabilities, calibration.threshold) if without is not None else None,
        questions=None,
        failures=None,
        ms_per_question=1000 * median(reply.seconds for reply in replies.values()),
        files=found.files,
    )


def _reply(
    index: Index,
    question: str,
    vector: Vectors,
    calibration: Calibration,
    reranker: "Reranker | None",
    started: float,
) -> _Reply:
    """What a question gets: composed always, as whether to answer at all is measured apart.

    The time is that of an answer when serving; ranking every stage to the end comes after it.
    """
    hits = _written(find(index, question, vector, reranker))
    query_terms = index.query(question)
    likely = rank_sentences(query_terms, question, index, vector, hits)
    judge(query_terms, question, hits, likely, calibration)
    quotes = compose(index, question, likely)
    seconds = perf_counter() - started
    stages = index.stages(question, vector, _CHUNKS)
    if reranker is not None:
        stages["signals"] = stages.pop("final")
        stages["final"] = [hit.chunk for hit in find(index, question, vector, reranker, _CHUNKS)]
    rankings = {stage: _passages(ranked) for stage, ranked in stages.items()}
    return _Reply(rankings, " ".join(quote.sentence.shown for quote in quotes), seconds)


def _probability(
    index: Index, question: str, vector: Vectors, calibration: Calibration, reranker: "Reranker | None"
) -> float:
    """How likely the passages of `index` answer, as the assistant judges it."""
    hits = _written(find(index, question, vector, reranker))
    query_terms = index.query(question)
    likely = rank_sentences(query_terms, question, index, vector, hits)
    return judge(query_terms, question, hits, likely, calibration).probability


def _written(hits: Sequence[Hit]) -> list[Hit]:
    return [hit for hit in hits if not hit.chunk.section.is_empty]


def _passages(chunks: Sequence[Chunk]) -> list[str]:
    """The passages that the chunks stand in, each at the place of its best one."""
    return list(dict.fromkeys(chunk.section.document_id for chunk in chunks))


def _stages_measured(
    found: BeirSet, queries: Sequence[Query], replies: Mapping[str, _Reply]
) -> dict[str, dict[str, Estimate]] | None:
    qrels = {query.id: relevant for query in queries if (relevant := found.relevant(query))}
    if not qrels:
        return None
    names = next(iter(replies.values())).rankings
    return {name: retrieval(qrels, {q: replies[q].rankings[name] for q in qrels}) for name in names}


def _answers_measured(queries: Sequence[Query], replies: Mapping[str, _Reply]) -> Answers | None:
    with_spans = [(query, replies[query.id].shown) for query in queries if query.answers]
    if not with_spans:
        return None
    return Answers(
        contains_span=fmean(any(holds(shown, span) for span in query.answers) for query, shown in with_spans),
        mean_words=fmean(len(shown.split()) for _, shown in with_spans),
    )


def _abstention_measured(found: BeirSet, probabilities: Mapping[str, float], threshold: float) -> Abstention:
    answerable = [p for query, p in probabilities.items() if query not in found.unanswerable]
    unanswerable = [p for query, p in probabilities.items() if query in found.unanswerable]
    return abstention(answerable, unanswerable, threshold)
