"""Answers to questions on small texts, as the whole program gives them with the shipped models."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from reperage.index.text.folding import fold
from reperage.service.answering.pipeline import Pipeline
from reperage.service.answering.question.rewriting import rewrite
from reperage.service.contract.answer import Answer
from reperage.service.loading import load_pipeline
from reperage.service.settings import Settings
from reperage.service.sources.links import SourceLinks
from tests.service.small_course import SmallCourse

pytestmark = pytest.mark.model

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "answers.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory, encoder) -> Pipeline:
    return load_pipeline(Settings(home=tmp_path_factory.mktemp("home"), reader="on"), encoder)


def plain(text: str) -> str:
    return " ".join(fold(text.replace("\u00ad", "").replace("\u200b", "")).split())


def faults(expected: dict[str, Any], answer: Answer) -> list[str]:
    """What is not as it is expected."""
    shown = [plain(sentence.text) for sentence in answer.sentences]
    text = " ".join(shown)
    found = [f"does not show {words!r}" for words in expected.get("shows", []) if plain(words) not in text]
    found += [f"shows {words!r}" for words in expected.get("hides", []) if plain(words) in text]
    if "only" in expected and shown != [plain(words) for words in expected["only"]]:
        found.append(f"shows {shown}")
    if "first" in expected and plain(expected["first"]) not in "".join(shown[:1]):
        found.append(f"begins with {shown[:1]}")
    if answer.status != ("not_in_material" if expected.get("refuses") else "answered"):
        found.append(f"is {answer.status}: {shown}")
    if expected.get("header") and not any(sentence.is_header for sentence in answer.sentences):
        found.append("has no header")
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_answer_is_what_the_text_says(
    case: dict[str, Any], course: Callable[[str], SmallCourse], pipeline: Pipeline
) -> None:
    index = course(case["text"]).index
    found = {}
    for expected in case["ask"]:
        before: list[str] = []
        for earlier in expected.get("after", []):
            before.append(rewrite(earlier, index.vocabulary, before).question)
        answer = pipeline.draft(index, expected["q"], before, SourceLinks()).answer
        if wrong := faults(expected, answer):
            found[expected["q"]] = wrong
    assert found == {}
