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
ANSWERED_SHARE = 0.9
"""The share of the answerable questions, of those fitted on, that the threshold lets through."""

# Set by hand. Encyclopedias are full of numbers and names: what is fitted on one says that they tell little.
_WEIGHTS_BY_HAND = {"form": -3.5}
_LEFT_OUT_SHARE, _LOST_PROBABILITY, _MOST_PASSAGES = 0.2, 0.5, 40


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
class FittedCalibrations:
    """A calibration for the encoder in use, and one that does without the encoder's features."""

    with_encoder: Calibration
    without_encoder: Calibration


def fit(
    beir_set: BeirSet, settings: Settings, build_settings: Settings, build_progress: BuildProgress
) -> FittedCalibrations:
    """Fit on the set; indexes are built in the home of `build_settings`.

    Raises:
        InvalidSet: the set has no removed part, or all its questions are alike.
    """
    if not beir_set.removed:
        raise InvalidSet(f"the set {beir_set.name!r} has no removed part: nothing tells when to be silent")
    encoder = load_encoder(build_settings)
    index_of(beir_set.course(slug(beir_set.name)), encoder, build_settings, build_progress)
    examples = [
        *_whole_set_examples(beir_set, encoder, build_settings, build_progress),
        *_small_course_examples(beir_set, encoder, build_settings, build_progress),
    ]
    digest = settings.recipe.model_digest
    return FittedCalibrations(
        _calibration(examples, NAMES, settings.embedding_model, digest),
        _calibration(examples, ENCODER_FREE, None, None),
    )


def _whole_set_examples(
    beir_set: BeirSet, encoder: "Encoder", build_settings: Settings, build_progress: BuildProgress
) -> Iterator[Example]:
    index = index_without_removed(beir_set, encoder, build_settings, build_progress)
    for place, query in enumerate(beir_set.queries):
        if beir_set.is_judged(query):
            yield _example(index, encoder, query, place, query.id not in beir_set.unanswerable, whole=True)


def _small_course_examples(
    beir_set: BeirSet, encoder: "Encoder", build_settings: Settings, build_progress: BuildProgress
) -> Iterator[Example]:
    chance = random.Random(0)
    by_title: dict[str, list[Passage]] = {}
    for passage in beir_set.passages:
        by_title.setdefault(passage.title, []).append(passage)
    titles = sorted(title for title, passages in by_title.items() if len(passages) > 1)
    places_of_passage: dict[str, list[int]] = {}
    for place, query in enumerate(beir_set.queries):
        for passage_id in beir_set.relevant(query):
            places_of_passage.setdefault(passage_id, []).append(place)
    for number in range(COURSES if titles else 0):
        course_titles = chance.sample(titles, min(len(titles), chance.choice([1, 1, 1, 2, 3, 5])))
        passages = [passage for title in course_titles for passage in by_title[title]]
        chance.shuffle(passages)
        count_left_out = max(1, int(len(passages) * _LEFT_OUT_SHARE))
        course_passages = passages[count_left_out:][:_MOST_PASSAGES]
        lost_places: set[int] = set()
        shortened_passages = [
            _without_an_answer(p, beir_set, places_of_passage, encoder, chance, lost_places) for p in course_passages
        ]
        course = beir_set.with_passages(shortened_passages).course(f"{slug(beir_set.name)}-small")
        index = _small_index(beir_set, course, encoder, build_settings, build_progress)
        here = [place for passage in course_passages for place in places_of_passage.get(passage.id, ())]
        elsewhere = [place for passage in passages[:count_left_out] for place in places_of_passage.get(passage.id, ())]
        others = chance.sample(range(len(beir_set.queries)), min(len(beir_set.queries), len(here) // 6 + 1))
        course_passage_ids = {passage.id for passage in course_passages}
        for place in dict.fromkeys([*here, *elsewhere, *others]):
            query = beir_set.queries[place]
            answerable = place not in lost_places and not course_passage_ids.isdisjoint(beir_set.relevant(query))
            yield _example(index, encoder, query, place, answerable, whole=False)
        build_progress(f"{number + 1} of {COURSES} small courses", number + 1, COURSES)


def _without_an_answer(
    passage: Passage,
    beir_set: BeirSet,
    places_of_passage: Mapping[str, Sequence[int]],
    encoder: "Encoder",
    chance: random.Random,
    lost_places: set[int],
) -> Passage:
    """`passage` as it is, or without the sentences that answer one of its questions.

    The places of questions that are lost with them are added to `lost_places`.
    """
    places = places_of_passage.get(passage.id, ())
    if not places or chance.random() > _LOST_PROBABILITY:
        return passage
    answers = beir_set.queries[chance.choice(places)].answers
    document = beir_set.with_passages([passage]).course("one").documents[0]
    chunks = split(document, encoder.count_tokens, chunking_within(Settings().recipe.chunking, encoder)).chunks
    sentences = [sentence.shown for chunk in chunks for sentence in chunk.sentences]
    sentences_left = [sentence for sentence in sentences if not any(answer in sentence for answer in answers)]
    if not sentences_left or len(sentences_left) == len(sentences):
        return passage
    text = " ".join(sentences_left)
    lost_places.update(
        place for place in places if not any(answer in text for answer in beir_set.queries[place].answers)
    )
    return Passage(passage.id, passage.title, text)


def _small_index(
    beir_set: BeirSet, course: Course, encoder: "Encoder", build_settings: Settings, build_progress: BuildProgress
) -> Index:
    """Index of a small course; it begins as a copy of the whole one, whose vectors it takes."""
    root = build_settings.index_roots[0]
    shutil.rmtree(root / course.id, ignore_errors=True)
    shutil.copytree(root / slug(beir_set.name), root / course.id)
    return index_of(course, encoder, build_settings, lambda name, done, total: None)


def _example(index: Index, encoder: "Encoder", query: Query, place: int, answerable: bool, whole: bool) -> Example:
    question = rewrite(query.text, index.vocabulary, ()).question
    vector: Vectors = index.encode(question, encoder)
    hits = [hit for hit in find(index, question, vector, None) if not hit.chunk.section.is_empty]
    terms = index.query(question)
    question_features = features(terms, question, hits, rank_sentences(terms, question, index, vector, hits))
    return Example(question_features, answerable, place, whole)


def _calibration(
    examples: Sequence[Example], names: Sequence[str], model: str | None, digest: str | None
) -> Calibration:
    """Calibration fitted on the questions in even places, checked on the others of the whole set."""
    fit_examples = [example for example in examples if example.place % 2 == 0]
    values = np.array([[getattr(example.features, name) for name in names] for example in fit_examples])
    answerable = np.array([example.answerable for example in fit_examples])
    if answerable.all() or not answerable.any():
        raise InvalidSet("the questions in even places can all be answered, or none can: nothing to tell apart")
    mean, deviation = values.mean(axis=0), values.std(axis=0) + 1e-9
    regression = LogisticRegression(max_iter=1000)
    regression.fit((values - mean) / deviation, answerable, sample_weight=_balanced_weights(fit_examples))
    weights = dict(zip(names, (regression.coef_[0] / deviation).tolist(), strict=True))
    intercept = float(regression.intercept_[0] - sum(regression.coef_[0] * mean / deviation))
    weights = {name: round(weight, 3) for name, weight in weights.items()} | _WEIGHTS_BY_HAND
    plain = Calibration(model, digest, weights, round(intercept, 3), 0.0, {})

    def probabilities(odd: bool, answerable: bool) -> list[float]:
        checked_examples = (e for e in examples if e.whole and e.place % 2 == odd and e.answerable == answerable)
        return [plain.probability(example.features.by_name()) for example in checked_examples]

    threshold = round(float(np.quantile(probabilities(False, True), 1 - ANSWERED_SHARE)), 2)
    abstention_figures = abstention(probabilities(True, True), probabilities(True, False), threshold)
    figures = {
        "auroc": abstention_figures.auroc,
        "answered": abstention_figures.answered,
        "refused": abstention_figures.refused,
        "refused_at_90_answered": abstention_figures.refused_at_90_answered,
    }
    rounded = {name: round(value, 3) for name, value in figures.items() if value is not None}
    return Calibration(model, digest, weights, plain.intercept, threshold, rounded)


def _balanced_weights(examples: Sequence[Example]) -> list[float]:
    """Weights by which answerable questions count as much as others, and the whole set as much as small courses."""
    groups = Counter((example.whole, example.answerable) for example in examples)
    return [len(examples) / (len(groups) * groups[example.whole, example.answerable]) for example in examples]
