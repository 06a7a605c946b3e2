"""The steps from a question to what is quoted, on a course of one document; where their signatures are known."""

from dataclasses import dataclass
from pathlib import Path

from reperage.corpus import read_course
from reperage.index.build import build_index
from reperage.index.encoder import Encoder
from reperage.index.index import Hit, Index
from reperage.index.manifest import Recipe
from reperage.service.answering.answerability import NAMES, Answerability, Features, features, judge
from reperage.service.answering.calibration import Calibration, load_calibration
from reperage.service.answering.extractive import Quote, compose
from reperage.service.answering.question.question_type import QuestionType
from reperage.service.answering.sentence_selection import Candidate, rank_sentences, select


@dataclass(frozen=True)
class SmallCourse:
    """An index and the encoder that asks it."""

    index: Index
    encoder: Encoder

    def hits(self, question: str) -> list[Hit]:
        return self.index.search(question, self.encoder.encode_query([question])[0])

    def candidates(self, question: str) -> list[Candidate]:
        vector = self.encoder.encode_query([question])[0]
        return rank_sentences(self.index.query(question), question, self.index, vector, self.hits(question))

    def select(self, question: str) -> tuple[QuestionType, list[Candidate]]:
        return select(self.index, question, self.candidates(question))

    def compose(self, question: str) -> list[Quote]:
        return compose(self.index, *self.select(question))

    def features(self, question: str, hits: list[Hit] | None = None) -> Features:
        found = self.candidates(question)
        return features(self.index.query(question), question, hits or self.hits(question), found)

    def judge(self, question: str, calibration: Calibration, hits: list[Hit] | None = None) -> Answerability:
        hits = self.hits(question) if hits is None else hits
        return judge(self.features(question, hits) if hits else None, calibration)


def course_of(folder: Path, root: Path, encoder: Encoder, recipe: Recipe) -> SmallCourse:
    """The documents in `folder`, built under `root`."""
    built = build_index(read_course(folder), encoder, recipe, root, material=str(folder))
    return SmallCourse(Index.open(built.folder, recipe), encoder)


def shipped_calibration(recipe: Recipe) -> Calibration:
    return load_calibration(Path("nulle-part"), recipe.model_digest, NAMES)
