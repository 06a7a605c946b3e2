"""The extractive answer, and what it was made from: where a language model begins, if there is one."""

from collections.abc import Sequence
from dataclasses import dataclass

from reperage.index.index import Index
from reperage.service.answering.sentence_selection import Candidate
from reperage.service.contract.answer import Answer, AnswerSentence, Citation
from reperage.service.sources.links import SourceLinks


@dataclass(frozen=True, slots=True)
class Draft:
    """`found` are the sentences that `answer` was chosen from, likeliest first; `links` made its addresses."""

    answer: Answer
    index: Index
    found: Sequence[Candidate]
    links: SourceLinks


@dataclass(frozen=True, slots=True)
class Checked:
    """A sentence that is let through, and the citations that it rests on and that none before it did."""

    sentence: AnswerSentence
    citations: list[Citation]
