"""What the shipped reader makes of the likeliest sentences, and what follows from that."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reperage.index.errors import UnusableModel
from reperage.index.pair_model import LONGEST, PairModel
from reperage.service.answering.answerability import NAMES
from reperage.service.answering.calibration import load_calibration
from reperage.service.answering.evidence import Evidence, gather
from reperage.service.answering.pipeline import Pipeline
from reperage.service.answering.reading.decision import FILE, Decision, likely
from reperage.service.answering.reading.features import ANSWER_NAMES, sentence_features
from reperage.service.answering.reading.reader import Reader
from reperage.service.errors import InvalidCalibration
from reperage.service.loading import load_pipeline, load_reader
from reperage.service.settings import Settings
from reperage.service.sources.links import SourceLinks
from tests.service.small_course import SmallCourse

pytestmark = pytest.mark.model

TEXT = """\
# Trains

## La locomotive

La locomotive Alba a été construite en 1912. Elle tire douze wagons de bois. Son conducteur la graisse chaque matin.

## Le quai

Le quai mesure deux cents mètres. On le balaie le soir.

## Les billets

"""
QUESTION = "Combien de wagons tire la locomotive Alba ?"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(PairModel.load(threads=1), Decision.load(), most=6)


@pytest.fixture
def evidence_of(course: Callable[[str], SmallCourse]) -> Callable[[str], Evidence]:
    small = course(TEXT)

    def gathered(question: str) -> Evidence:
        calibration = load_calibration(Path("nulle-part"), small.index.manifest.model_digest, NAMES)
        vector = small.index.encode(question, small.encoder)
        return gather(small.index, question, vector, small.index.search(question, vector), calibration)

    return gathered


def test_each_window_and_each_of_its_sentences_gets_a_logit(reader: Reader, evidence_of) -> None:
    evidence = evidence_of(QUESTION)
    readings = reader.read(QUESTION, evidence.candidates)
    assert 0 < len(readings) <= 6
    for reading in readings:
        assert len(reading.sentences) == len(reading.window.passage.places)
    best = max(readings, key=lambda reading: reading.answered)
    assert best.window.hit.chunk.section.title == "La locomotive"
    assert reader.read(QUESTION, []) == []


def test_a_question_is_read_the_same_whatever_its_windows_share(reader: Reader, evidence_of) -> None:
    """A longer neighbour pads a window; what is padded is not read."""
    passages = [reading.window.passage.ids for reading in reader.read(QUESTION, evidence_of(QUESTION).candidates)]
    together = reader.model.run(QUESTION, passages)
    for passage, beside_others in zip(passages, together, strict=True):
        [alone] = reader.model.run(QUESTION, [passage])
        assert beside_others.answered == pytest.approx(alone.answered, abs=1.5)
        assert len(beside_others.inside) == len(alone.inside) == len(passage)


def test_a_question_of_any_length_is_read(reader: Reader) -> None:
    [logits] = reader.model.run("pourquoi " * 400, [tuple(range(100, 400))])
    assert 0 < len(logits.inside) < LONGEST


def test_reading_ranks_the_sentences_anew_and_judges(reader: Reader, evidence_of) -> None:
    before = evidence_of(QUESTION)
    after = before.read(QUESTION, reader)
    assert after.readings
    assert {c.sentence.start for c in after.candidates} == {c.sentence.start for c in before.candidates}
    assert after.candidates[0].sentence.shown == "Elle tire douze wagons de bois."
    assert 0 < after.answerability.probability < 1
    assert after.answerability.answers is (after.answerability.probability >= reader.decision.answers.threshold)
    features = sentence_features(before.candidates, after.readings)
    assert len(features) == len(before.candidates)


def test_what_reading_cannot_change_is_not_read(reader: Reader, evidence_of) -> None:
    empty = evidence_of("Parle-moi des billets")
    assert empty.empty is not None
    assert empty.read("Parle-moi des billets", reader) is empty
    evidence = evidence_of(QUESTION)
    hopeless = replace(evidence, answerability=replace(evidence.answerability, probability=0.001))
    assert hopeless.read(QUESTION, reader) is hopeless
    nothing = replace(evidence, candidates=())
    assert nothing.read(QUESTION, reader) is nothing


def test_further_sentences_are_added_while_they_are_likely_and_short(reader: Reader, evidence_of) -> None:
    candidates = evidence_of(QUESTION).candidates[:3]
    sure, unsure = [replace(c, score=5.0) for c in candidates], [replace(c, score=-9.0) for c in candidates]
    assert likely(sure) == sure
    assert likely(unsure) == unsure[:1]
    long = replace(candidates[1].sentence, shown="mot " * 200)
    assert likely([sure[0], replace(sure[1], sentence=long), sure[2]]) == [sure[0], sure[2]]
    assert likely([]) == []


def test_an_answer_says_how_long_reading_took(reader: Reader, course, encoder) -> None:
    small: SmallCourse = course(TEXT)
    calibration = load_calibration(Path("nulle-part"), small.index.manifest.model_digest, NAMES)
    without, with_reader = Pipeline(encoder, calibration), Pipeline(encoder, calibration, reader=reader)
    assert without.draft(small.index, QUESTION, (), SourceLinks()).answer.took_ms.read < 1
    answer = with_reader.draft(small.index, QUESTION, (), SourceLinks()).answer
    assert answer.took_ms.read > 0
    assert answer.took_ms.total >= answer.took_ms.read
    assert with_reader.threshold == reader.decision.answers.threshold


def test_the_reader_is_used_where_it_is_wanted_and_fits(tmp_path: Path, encoder) -> None:
    on = Settings(home=tmp_path, reader="on", reader_windows=3)
    loaded = load_reader(on)
    assert loaded is not None
    assert loaded.most == 3
    assert load_pipeline(on, encoder).reader is not None
    assert load_reader(Settings(home=tmp_path, reader="off")) is None
    # Another model's vectors are none that its decision was fitted with.
    assert load_reader(on.model_copy(update={"embedding_model": str(tmp_path)})) is None


@pytest.mark.parametrize("content", ["", "{}", '{"answers": {}, "sentences": {}}'])
def test_a_damaged_decision_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "decision.json"
    path.write_text(content)
    with pytest.raises(InvalidCalibration, match=r"decision\.json"):
        Decision.load(path)


def test_a_decision_on_other_features_is_refused(tmp_path: Path) -> None:
    values = json.loads(FILE.read_text(encoding="utf-8"))
    assert list(values["answers"]["weights"]) == list(ANSWER_NAMES)
    values["answers"]["weights"]["luck"] = 1.0
    (tmp_path / "decision.json").write_text(json.dumps(values))
    with pytest.raises(InvalidCalibration, match="other features"):
        Decision.load(tmp_path / "decision.json")


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "reader.onnx").write_bytes(b"no model")
    with pytest.raises(UnusableModel, match=r"reader\.onnx"):
        PairModel.load(tmp_path / "reader.onnx")
