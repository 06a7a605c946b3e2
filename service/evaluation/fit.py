"""`repere evaluate FOLDER --fit`: a calibration for the embedding model in use, from a set with a removed part.

The features of every question are taken on the whole set without its removed passages, and on small courses cut
from it, as a teacher's course is small: a few titles each, some passages left out, and here and there just the
sentence that holds an answer. A logistic regression is fitted on the questions in even places and checked on the
others.
"""

import random
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression

from reperage.corpus import Course, slug, split
from reperage.index.build import chunking_within
from reperage.index.index import Index
from reperage.service.answering.answerability import ENCODER_FREE, NAMES, Features, features
from reperage.service.answering.calibration import Calibration
from reperage.service.answering.pipeline import find
from reperage.service.answering.question.rewriting import rewrite
from reperage.service.answering.sentence_selection import rank_sentences
from reperage.service.courses.building import BuildProgress
from reperage.service.evaluation.beir import BeirSet, Passage, Query
from reperage.service.evaluation.errors import InvalidSet
from reperage.service.evaluation.indexes import index_of, index_without_removed, load_encoder
from reperage.service.evaluation.measures import abstention
from reperage.service.settings import Settings

if TYPE_CHECKING:
    from reperage.index.encoder import Encoder
    from reperage.index.vectors import Vectors

COURSES = 120
ANSWERED = 0.9
"""The share of the answerable questions, of those fitted on, that the threshold lets through."""

# Set by hand. Encyclopedias are full of numbers and names: what is fitted on one says that they tell little.
_BY_HAND = {"form": -3.5, "definition": -1.5}
_LEFT_OUT, _LOST, _LARGEST = 0.2, 0.5, 40


@dataclass(frozen=True, slots=True)
class Example:
    """The features of one question on one course, whether it can be answered there, and its place in the set.

    `whole`: the course is the whole set without its removed passages.
    """

    features: Features
    answerable: bool
    place: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Fitted:
    """A calibration for the encoder in use, and one that does without the encoder's features."""

    own: Calibration
    without_encoder: Calibration


def fit(found: BeirSet, settings: Settings, own: Settings, building: BuildProgress) -> Fitted:
    """Fit on the set; indexes are built in the home of `own`.

    Raises:
        InvalidSet: the set has no removed part, or all its questions are alike.
    """
    if not found.removed:
        raise InvalidSet(f"the set {found.name!r} has no removed part: nothing tells when to be silent")
    encoder = load_encoder(own)
    index_of(found.course(slug(found.name)), encoder, own, building)
    examples = [*_on_the_whole(found, encoder, own, building), *_on_small_courses(found, encoder, own, building)]
    digest = settings.recipe.model_digest
    return Fitted(
        _calibration(examples, NAMES, settings.embedding_model, digest),
        _calibration(examples, ENCODER_FREE, None, None),
    )


def _on_the_whole(found: BeirSet, encoder: "Encoder", own: Settings, building: BuildProgress) -> Iterator[Example]:
    index = index_without_removed(found, encoder, own, building)
    for place, query in enumerate(found.queries):
        if found.is_judged(query):
            yield _example(index, encoder, query, place, query.id not in found.unanswerable, whole=True)


def _on_small_courses(found: BeirSet, encoder: "Encoder", own: Settings, building: BuildProgress) -> Iterator[Example]:
    chance = random.Random(0)
    by_title: dict[str, list[Passage]] = {}
    for passage in found.passages:
        by_title.setdefault(passage.title, []).append(passage)
    titles = sorted(title for title, passages in by_title.items() if len(passages) > 1)
    asked: dict[str, list[int]] = {}
    for place, query in enumerate(found.queries):
        for passage_id in found.relevant(query):
            asked.setdefault(passage_id, []).append(place)
    for number in range(COURSES if titles else 0):
        chosen = chance.sample(titles, min(len(titles), chance.choice([1, 1, 1, 2, 3, 5])))
        passages = [passage for title in chosen for passage in by_title[title]]
        chance.shuffle(passages)
        left_out = max(1, int(len(passages) * _LEFT_OUT))
        kept = passages[left_out:][:_LARGEST]
        lost: set[int] = set()
        cut = [_without_an_answer(p, found, asked, encoder, chance, lost) for p in kept]
        course = found.with_passages(cut).course(f"{slug(found.name)}-small")
        index = _small_index(found, course, encoder, own, building)
        here = [place for passage in kept for place in asked.get(passage.id, ())]
        elsewhere = [place for passage in passages[:left_out] for place in asked.get(passage.id, ())]
        others = chance.sample(range(len(found.queries)), min(len(found.queries), len(here) // 6 + 1))
        held = {passage.id for passage in kept}
        for place in dict.fromkeys([*here, *elsewhere, *others]):
            query = found.queries[place]
            answerable = place not in lost and not held.isdisjoint(found.relevant(query))
            yield _example(index, encoder, query, place, answerable, whole=False)
        building(f"{number + 1} of {COURSES} small courses", number + 1, COURSES)


def _without_an_answer(
    passage: Passage,
    found: BeirSet,
    asked: Mapping[str, Sequence[int]],
    encoder: "Encoder",
    chance: random.Random,
    lost: set[int],
) -> Passage:
    """The passage as it is, or without the sentences that answer one of its questions; these are added to `lost`."""
    places = asked.get(passage.id, ())
    if not places or chance.random() > _LOST:
        return passage
    answers = found.queries[chance.choice(places)].answers
    document = found.with_passages([passage]).course("one").documents[0]
    chunks = split(document, encoder.count_tokens, chunking_within(Settings().recipe.chunking, encoder)).chunks
    sentences = [sentence.shown for chunk in chunks for sentence in chunk.sentences]
    left = [sentence for sentence in sentences if not any(answer in sentence for answer in answers)]
    if not left or len(left) == len(sentences):
        return passage
    text = " ".join(left)
    lost.update(place for place in places if not any(answer in text for answer in found.queries[place].answers))
    return Passage(passage.id, passage.title, text)


def _small_index(found: BeirSet, course: Course, encoder: "Encoder", own: Settings, building: BuildProgress) -> Index:
    """The index of a small course; it begins as a copy of the whole one, whose vectors it takes."""
    root = own.index_roots[0]
    shutil.rmtree(root / course.id, ignore_errors=True)
    shutil.copytree(root / slug(found.name), root / course.id)
    return index_of(course, encoder, own, lambda name, done, total: None)


def _example(index: Index, encoder: "Encoder", query: Query, place: int, answerable: bool, whole: bool) -> Example:
    question = rewrite(query.text, index.vocabulary, ()).question
    vector: Vectors = index.encode(question, encoder)
    hits = [hit for hit in find(index, question, vector, None) if not hit.chunk.section.is_empty]
    terms = index.query(question)
    judged = features(terms, question, hits, rank_sentences(terms, question, index, vector, hits))
    return Example(judged, answerable, place, whole)


def _calibration(
    examples: Sequence[Example], names: Sequence[str], model: str | None, digest: str | None
) -> Calibration:
    """Fitted on the questions in even places, checked on the others of the whole set."""
    fitted_on = [example for example in examples if example.place % 2 == 0]
    values = np.array([[getattr(example.features, name) for name in names] for example in fitted_on])
    answerable = np.array([example.answerable for example in fitted_on])
    if answerable.all() or not answerable.any():
        raise InvalidSet("the questions in even places can all be answered, or none can: nothing to tell apart")
    mean, deviation = values.mean(axis=0), values.std(axis=0) + 1e-9
    regression = LogisticRegression(max_iter=1000)
    regression.fit((values - mean) / deviation, answerable, sample_weight=_balanced(fitted_on))
    weights = dict(zip(names, (regression.coef_[0] / deviation).tolist(), strict=True))
    intercept = float(regression.intercept_[0] - sum(regression.coef_[0] * mean / deviation))
    weights = {name: round(weight, 3) for name, weight in weights.items()} | _BY_HAND
    plain = Calibration(model, digest, weights, round(intercept, 3), 0.0, {})

    def probabilities(odd: bool, answerable: bool) -> list[float]:
        chosen = (e for e in examples if e.whole and e.place % 2 == odd and e.answerable == answerable)
        return [plain.probability(example.features.by_name()) for example in chosen]

    threshold = round(float(np.quantile(probabilities(False, True), 1 - ANSWERED)), 2)
    checked = abstention(probabilities(True, True), probabilities(True, False), threshold)
    figures = {
        "auroc": checked.auroc,
        "answered": checked.answered,
        "refused": checked.refused,
        "refused_at_90_answered": checked.refused_at_90_answered,
    }
    rounded = {name: round(value, 3) for name, value in figures.items() if value is not None}
    return Calibration(model, digest, weights, plain.intercept, threshold, rounded)


def _balanced(examples: Sequence[Example]) -> list[float]:
    """Weights by which answerable questions count as much as others, and the whole set as much as small courses."""
    groups = Counter((example.whole, example.answerable) for example in examples)
    return [len(examples) / (len(groups) * groups[example.whole, example.answerable]) for example in examples]
