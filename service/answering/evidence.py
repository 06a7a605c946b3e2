"""Evidence: what is known of a question once its course was searched, and once the likeliest sentences were read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reperage.index.index import Hit, Index
from reperage.index.text.analysis import term_set
from reperage.index.vectors import Vectors
from reperage.service.answering.answerability import Answerability, features, judge
from reperage.service.answering.calibration import Calibration
from reperage.service.answering.question.exact import missing
from reperage.service.answering.question.question_type import QuestionType, question_type_of
from reperage.service.answering.reading.decision import SURELY_NOT, likely
from reperage.service.answering.reading.features import Reading
from reperage.service.answering.reading.reader import Reader
from reperage.service.answering.sentence_selection import HITS, Candidate, both_sides, rank_sentences, select

_NAMED = 0.7
"""The least share of an empty section's title that a question about it names."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Hits, their sentences and whether they answer.

    `empty` is the best hit where it is an empty section whose title the question names, `written` are the hits that are
    not empty, `candidates` the sentences of the latter, likeliest first; `readings` are what the reader made of them,
    none where it did not read.
    """

    empty: Hit | None
    written: Sequence[Hit]
    candidates: Sequence[Candidate]
    answerability: Answerability
    readings: Sequence[Reading] = ()

    @property
    def is_worth_reading(self) -> bool:
        """Whether reading can change the answer."""
        return self.empty is None and bool(self.candidates) and self.answerability.probability >= SURELY_NOT

    def read(self, question: str, reader: Reader) -> "Evidence":
        """The evidence with its likeliest sentences read, where reading can change the answer."""
        if not self.is_worth_reading:
            return self
        readings = reader.read(question, self.candidates)
        if not readings:
            return self
        probability = reader.decision.probability(self.answerability.probability, readings)
        return replace(
            self,
            candidates=reader.decision.rank(self.candidates, readings),
            answerability=replace(
                self.answerability, probability=probability, answers=probability >= reader.decision.answers.threshold
            ),
            readings=readings,
        )

    def selection(self, index: Index, question: str) -> tuple[QuestionType, list[Candidate]]:
        """The type of the question, and the candidates that answer it, likeliest first."""
        if not self.readings:
            return select(index, question, self.candidates)
        question_type, chosen = question_type_of(question), likely(self.candidates)
        if question_type == "difference":
            # One side may be far likelier than the other.
            chosen = [*dict.fromkeys([*chosen, *both_sides(index, question, self.candidates)])]
        return question_type, chosen


def gather(
    index: Index, question: str, vector: Vectors, hits: Sequence[Hit], calibration: Calibration, most: int = HITS
) -> Evidence:
    """The evidence of the first `most` of `hits`, best first; `vector` is the question's unit vector, float32
    [dimensions]."""
    empty, written = _empty_section(index, question, hits)
    query = index.query(question)
    candidates = [] if empty else rank_sentences(query, question, index, vector, written, most)
    judged = [empty] if empty else written
    answerability = judge(features(query, question, judged, candidates) if judged else None, calibration)
    if missing(question, judged) or not (empty or candidates):
        answerability = replace(answerability, probability=0.0, answers=False)
    return Evidence(empty, written, candidates, answerability)


def _empty_section(index: Index, question: str, hits: Sequence[Hit]) -> tuple[Hit | None, list[Hit]]:
    """The best hit, where it is an empty section whose title the question names; and the written ones."""
    written = [hit for hit in hits if not hit.chunk.section.is_empty]
    best = next(iter(hits), None)
    if best is None or not best.chunk.section.is_empty:
        return None, written
    # By weight: of "Volume Docker" a course about Docker is asked by "volume" alone.
    title = index.query(best.chunk.section.title)
    return (best if title.share(title.places_in(term_set(question))) >= _NAMED else None), written
