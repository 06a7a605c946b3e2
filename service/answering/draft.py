"""The extractive answer and its sources: where a language model begins, if there is one."""

from collections.abc import Sequence
from dataclasses import dataclass

from reperage.index.index import Index
from reperage.service.answering.sentence_selection import Candidate
from reperage.service.contract.answer import Answer, AnswerSentence, Citation
from reperage.service.sources.links import SourceLinks


@dataclass(frozen=True, slots=True)
class Draft:
    """`candidates` are the sentences that `answer` was chosen from, likeliest first; `links` made its addresses."""

    answer: Answer
    index: Index
    candidates: Sequence[Candidate]
    links: SourceLinks


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A sentence of an answer, and those of its citations that no sentence before it rests on."""

    sentence: AnswerSentence
    citations: list[Citation]
