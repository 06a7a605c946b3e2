"""Selection of the sentences that answer, among those of the hits: how likely each one holds the answer, and how many
it takes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import log1p
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reperage.corpus import Sentence
from reperage.index.index import Hit, Index
from reperage.index.query import Query
from reperage.index.text.analysis import term_set
from reperage.index.text.folding import fold
from reperage.index.vectors import Vectors
from reperage.service.answering.question.answer_type import answer_type_of, holds_answer_type
from reperage.service.answering.question.exact import exact_in, speaks_of_another
from reperage.service.answering.question.question_type import QuestionType, question_type_of, sides
from reperage.service.answering.unanswering import unanswering

HITS = 5
"""How many chunks sentences are selected from, where none is read."""

ENOUGH = 0.78
"""Sentences are added until one of the selection holds the answer with this probability."""

_MOST_WORDS = 120
_LEAST_PER_WORD = 0.004
"""A further sentence must be this likely to hold the answer, per word of it."""

# Fitted on the even questions of PIAF, a softmax over the sentences of a question's hits, and rounded.
_SIMILARITY, _OVERLAP, _PASSAGE, _CHUNK, _COVERAGE, _LENGTH = 42.0, 1.2, 2.0, 0.3, 3.0, 0.47
_LACKS_ANSWER_TYPE = -1.85

_VERB = re.compile(
    r"\b(?:est|sont|designe\w*|signifie\w*|represente\w*|correspond\w*|consiste\w*|permet\w*|sert|servent|is|are|means?)\b"
)
_CALLED = re.compile(r"\b(?:appel(?:le|lent|ee?s?|ons)|nomm(?:e|ent|ee?s?|ons)|parle (?:alors )?de?|dit|called)\b")
# "LIFO (Last In First Out)", "une pile : …", "des couches qui représentent …".
_EXPLAINED = re.compile(r"(\w[\w’'-]*) ?(?:\(|: | = |, c['’]est| qui (?!est\b)|\)$|\)(?=,|\s\w))")


class _Text(NamedTuple):
    """A sentence by its text alone."""

    terms: frozenset[str]
    length: float
    asks: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a hit, at `place` in its chunk, and its score: the logarithm of its odds to hold the answer.

    `similarity` is its cosine to the question, or that of a question before it; `overlap` the share of the question
    that it holds, `passage` the share of the question that it holds with its heading and the sentence before it;
    `lacks_answer_type`: the question asks for a number, a name or the like, and it has none, or for a difference from
    what no sentence speaks of.
    """

    hit: Hit
    place: int
    sentence: Sentence
    similarity: float
    overlap: float
    passage: float
    lacks_answer_type: bool
    score: float


def rank_sentences(
    query: Query, question: str, index: Index, vector: Vectors, hits: Sequence[Hit], most: int = HITS
) -> list[Candidate]:
    """The sentences of the first `most` hits, likeliest first, each text once.

    `vector` is the question's unit vector, float32 [dimensions].
    """
    folded, wanted = fold(question), exact_in(question)
    asked = frozenset(stem for term in query.terms for stem in term.stems)
    answer_type = answer_type_of(folded)
    candidates: list[Candidate] = []
    seen: set[str] = set()
    for hit in hits[:most]:
        similarity: list[float] = (index.sentence_vectors(hit) @ vector).tolist()
        heading = query.places_in(term_set(hit.chunk.heading))
        silent = unanswering(hit.chunk, question)
        before: frozenset[int] = frozenset()
        of_question_before = -1.0
        for i, sentence in enumerate(hit.chunk.sentences):
            text = _text(sentence.shown)
            places = query.places_in(text.terms)
            passage = query.share(places | before | heading)
            before = places
            near = max(similarity[i], of_question_before)
            # A question in the text is no answer; what follows it is.
            of_question_before = near if text.asks else -1.0
            if (
                sentence.shown in seen
                or i in silent
                or speaks_of_another(wanted, sentence)
                or _is_other_row(sentence, hit.chunk.sentences, asked)
            ):
                continue
            seen.add(sentence.shown)
            source = hit.chunk.text[sentence.start - hit.chunk.start : sentence.end - hit.chunk.start]
            lacks_answer_type = answer_type is not None and not holds_answer_type(
                answer_type, sentence.shown, source, folded, sentence.kind
            )
            overlap = query.share(places)
            score = (
                _SIMILARITY * near
                + _OVERLAP * overlap
                + _PASSAGE * passage
                + _CHUNK * (hit.score - hits[0].score)
                + _COVERAGE * hit.coverage
                + _LENGTH * text.length
                + _LACKS_ANSWER_TYPE * lacks_answer_type
            )
            candidates.append(Candidate(hit, i, sentence, near, overlap, passage, lacks_answer_type, score))
    candidates.sort(key=lambda candidate: -candidate.score)
    if question_type_of(question) == "difference" and sides(question) and not both_sides(index, question, candidates):
        return [replace(candidate, lacks_answer_type=True) for candidate in candidates]
    return candidates


@lru_cache(maxsize=16384)
def _text(shown: str) -> _Text:
    """Cached, as the same sentences are looked at for many questions."""
    return _Text(term_set(shown), log1p(len(shown.split())), shown.endswith("?"))


def _is_other_row(sentence: Sentence, others: Sequence[Sentence], asked: frozenset[str]) -> bool:
    """Whether it is a row of a table of which the question, with the stems `asked`, names another row."""
    if sentence.kind != "table" or sentence.is_header or _row_name(sentence) <= asked:
        return False
    rows = [other for other in others if other.group == sentence.group and not other.is_header]
    named = [name for name in map(_row_name, rows) if name and name <= asked]
    # "Quel langage donne son style à une page HTML ?" is answered by the row that speaks of style.
    return bool(named) and not (term_set(sentence.shown) & asked).difference(*named)


def _row_name(row: Sentence) -> frozenset[str]:
    """The stems of a row's first cell."""
    first = [mark for mark in row.marks if mark.kind == "cell" and mark.column == 0]
    return frozenset(stem for mark in first for stem in term_set(row.shown[mark.start : mark.end]))


def select(index: Index, question: str, candidates: Sequence[Candidate]) -> tuple[QuestionType, list[Candidate]]:
    """The type of the question, and those of the candidates that answer it, likeliest first."""
    question_type = question_type_of(question)
    if question_type == "difference" and (both := both_sides(index, question, candidates)):
        return question_type, both
    return question_type, _enough(candidates)


def _enough(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The likeliest candidates: as few as hold the answer with the probability `ENOUGH`, in few words."""
    if not candidates:
        return []
    chances = _softmax([candidate.score for candidate in candidates])
    selection: list[Candidate] = []
    words, chance = 0, 0.0
    for candidate, own in zip(candidates, chances, strict=True):
        length = len(candidate.sentence.shown.split())
        if selection and chance >= ENOUGH:
            break
        if selection and (words + length > _MOST_WORDS or own < _LEAST_PER_WORD * max(length, 8)):
            continue
        selection.append(candidate)
        words += length
        chance += float(own)
    return selection


def both_sides(index: Index, question: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The likeliest sentence for each side of a difference, after the likeliest of all where it speaks of both; none
    where a side is not spoken of."""
    both = sides(question)
    if both is None:
        return []
    one, other = (_stems(index.query(side)) for side in both)
    likeliest = term_set(candidates[0].sentence.shown) if candidates else frozenset()
    selection = [candidates[0]] if likeliest & (one - other) and likeliest & (other - one) else []
    for own, others in ((one - other, other - one), (other - one, one - other)):
        # "tableau" and "tableau dynamique": what one side has alone may be nothing.
        best = (
            _best_about(candidates, own, others) if own else _best_about(candidates, one & other, others, strictly=True)
        )
        if best is None:
            return []
        selection.append(best)
    return list(dict.fromkeys(selection))


def _best_about(
    candidates: Iterable[Candidate], stems: frozenset[str], others: frozenset[str], *, strictly: bool = False
) -> Candidate | None:
    """Of the candidates that hold most of `stems`, the likeliest: those that define it before the rest, then those
    that do not speak of `others` as well; none of those that do where `strictly` is set."""

    def fit(candidate: Candidate) -> tuple[int, bool, bool, float]:
        shown = candidate.sentence.shown
        own = term_set(shown)
        return len(own & stems), _subject_is(shown, stems), own.isdisjoint(others), candidate.score

    about = [c for c in candidates if (own := term_set(c.sentence.shown)) & stems and not (strictly and own & others)]
    return max(about, key=fit, default=None)


def _stems(query: Query) -> frozenset[str]:
    return frozenset(stem for term in query.terms for stem in term.stems)


def _subject_is(text: str, stems: frozenset[str]) -> bool:
    """Whether a sentence says what `stems` name: they are its subject, or what something is called."""
    folded = fold(text)
    if verb := _VERB.search(folded):
        subject = term_set(text[: verb.start()])
        if subject & stems and len(subject - stems) <= 1:
            return True
    if (called := _CALLED.search(folded)) and stems & term_set(text[called.end() :]):
        return True
    return any(stems & term_set(explained.group(1)) for explained in _EXPLAINED.finditer(text))


def _softmax(scores: Sequence[float]) -> NDArray[np.float64]:
    shifted = np.exp(np.array(scores) - max(scores))
    chances: NDArray[np.float64] = shifted / shifted.sum()
    return chances
