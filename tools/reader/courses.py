"""Small courses made of the passages that questions were written on, and what search brings for each question there.

A reader that was trained on single passages meets other ones in a course: the windows that search puts first, of which
none need answer. Here a question meets them: each course holds some seventy passages of one source as documents, built
and searched like a teacher's; some passages are left out, so that what they answer is not answered.
"""

import gzip
import json
import random
import re
import tempfile
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reperage.corpus import Sentence, read_course
from reperage.corpus.shipped import shipped_material
from reperage.index.build import build_index
from reperage.index.builds import current_build
from reperage.index.encoder import Encoder
from reperage.index.index import Index
from reperage.index.vectors import Vectors
from reperage.service.answering.answerability import NAMES
from reperage.service.answering.calibration import load_calibration
from reperage.service.answering.evidence import gather
from reperage.service.answering.pipeline import find
from reperage.service.answering.question.rewriting import rewrite
from reperage.service.answering.reading.reader import HITS_READ
from reperage.service.answering.reading.windows import Window, likeliest_windows
from reperage.service.answering.sentence_selection import Candidate
from reperage.service.evaluation.questions import read_questions
from reperage.service.settings import Settings
from tools.reader.rows import is_kept, lines

PASSAGES = 70
"""Of a course, about."""
LEFT_OUT = 0.15
"""The share of the passages that a course lacks."""
WINDOWS = 8
"""Of each question that are written."""
_LEAST_LETTERS = 3
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~$])")


@dataclass(frozen=True, slots=True)
class Passage:
    """`text` is Markdown, or plain text whose marks are `escaped`."""

    title: str
    text: str
    source: str
    questions: tuple["Question", ...]


@dataclass(frozen=True, slots=True)
class Question:
    """`answers` are the sentences of the passage that answer, none for a near miss; `kept`: for figures alone."""

    text: str
    answers: tuple[str, ...]
    kept: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what search brings for it in one course: the probability that it is answered by `search` alone,
    and the candidates; `answering` says of each whether it stands in what answers."""

    question: Question
    text: str
    """The question as it was read."""
    course: int
    answerable: bool
    search: float
    candidates: Sequence[Candidate]
    answering: Sequence[bool]


def read_passages(paths: Sequence[Path]) -> list[Passage]:
    """The passages of files of written questions."""
    rows_of: dict[tuple[str, str, str], list[Question]] = defaultdict(list)
    for path in paths:
        for row in lines(path):
            passage = row["passage"]
            ranges = [row["sentences"][number - 1] for number in row["answering"]]
            answers = tuple(passage[start:end] for start, end in ranges)
            question = Question(row["question"], answers, is_kept(row["id"]))
            rows_of[row["title"], passage, row["source"]].append(question)
    return [
        # Passages that were written on as plain text have no line feeds: their marks are no Markdown.
        Passage(title, text if "\n" in text else _MARKS.sub(r"\\\1", text), source, tuple(questions))
        for (title, text, source), questions in rows_of.items()
    ]


def courses_of(passages: Sequence[Passage], rng: random.Random) -> list[list[Passage]]:
    """The passages in courses of one source each; those of an article stay together."""
    of_source: dict[str, dict[str, list[Passage]]] = defaultdict(lambda: defaultdict(list))
    for passage in passages:
        of_source[passage.source][_titles(passage)[0]].append(passage)
    courses = []
    for _, articles in sorted(of_source.items()):
        titles = sorted(articles)
        rng.shuffle(titles)
        ordered = [passage for title in titles for passage in articles[title]]
        count = max(1, round(len(ordered) / PASSAGES))
        courses += [ordered[i * len(ordered) // count : (i + 1) * len(ordered) // count] for i in range(count)]
    return courses


def cases(passages: Sequence[Passage], rng: random.Random) -> Iterator[Case]:
    """Every question of `passages`, asked in a course."""
    encoder = Encoder.load()
    for number, course in enumerate(courses_of(passages, rng)):
        left_out = set(rng.sample(range(len(course)), int(len(course) * LEFT_OUT)))
        with tempfile.TemporaryDirectory() as folder:
            index = _built([p for i, p in enumerate(course) if i not in left_out], Path(folder), encoder)
            for i, passage in enumerate(course):
                for question in passage.questions:
                    asked = question if i not in left_out else replace(question, answers=())
                    case = _case(asked, index, encoder, number)
                    if case is not None:
                        yield case


def _titles(passage: Passage) -> list[str]:
    return passage.title.split(" > ")[-3:]


def _built(passages: Sequence[Passage], folder: Path, encoder: Encoder) -> Index:
    documents: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        documents[_titles(passage)[0]].append(passage)
    material = folder / "material"
    material.mkdir()
    for number, (title, parts) in enumerate(documents.items()):
        text = [f"# {title}"]
        before: list[str] = []
        for part in parts:
            _, *path = _titles(part)
            text += [
                f"{'#' * (depth + 2)} {heading}"
                for depth, heading in enumerate(path)
                if path[: depth + 1] != before[: depth + 1]
            ]
            before = path
            text.append(part.text.strip())
        (material / f"{number:03}.md").write_text("\n\n".join(text) + "\n", encoding="utf-8")
    return _opened(material, folder, encoder)


def _opened(material: Path, folder: Path, encoder: Encoder) -> Index:
    recipe = Settings(home=folder).recipe
    build_index(read_course(material, "course"), encoder, recipe, folder / "indexes", material="")
    build = current_build(folder / "indexes", "course")
    assert build is not None
    return Index.open(build, recipe)


def _case(
    question: Question, index: Index, encoder: Encoder, course: int, document_id: str | None = None
) -> Case | None:
    """`question` as it is searched for, answered by sentences of that document, of any without it; `None` where nothing
    is found, or not what answers it."""
    found = _searched(question, index, encoder, course)
    if found is None:
        return None
    answers = [_letters(answer) for answer in question.answers]
    answering = [
        document_id in (None, candidate.hit.chunk.section.document_id) and _stands_in(candidate.sentence, answers)
        for candidate in found.candidates
    ]
    if answers and not any(answering):
        return None
    return replace(found, answerable=bool(answers), answering=answering)


def _searched(question: Question, index: Index, encoder: Encoder, course: int) -> Case | None:
    """What search brings for `question`; `None` where it is nothing, or lacks what the question names exactly."""
    text = rewrite(question.text, index.vocabulary, ()).question
    vector: Vectors = index.encode(text, encoder)
    calibration = load_calibration(Path(), index.manifest.model_digest, NAMES)
    evidence = gather(index, text, vector, find(index, text, vector, None), calibration, HITS_READ)
    if not evidence.candidates or evidence.answerability.probability == 0:
        return None
    return Case(question, text, course, False, evidence.answerability.probability, evidence.candidates, ())


def _stands_in(sentence: Sentence, answers: Sequence[str]) -> bool:
    own = _letters(sentence.shown)
    return len(own) >= _LEAST_LETTERS and any(own in answer or answer in own for answer in answers)


def _letters(text: str) -> str:
    """Letters and digits alone, as two ways to cut and to mark a text leave them."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if c.isalnum())


def asked_cases(paths: Sequence[Path]) -> Iterator[Case]:
    """Every question of courses as they were taught, each in a file of its own: `documents`, and `questions` on them
    all with the `document` and the lines of it that answer, none where nothing of the course does."""
    encoder = Encoder.load()
    for number, path in enumerate(paths):
        asked = json.loads(gzip.decompress(path.read_bytes()))
        with tempfile.TemporaryDirectory() as folder:
            material = Path(folder) / "material"
            material.mkdir()
            for name, text in asked["documents"].items():
                (material / name).write_text(text, encoding="utf-8")
            index = _opened(material, Path(folder), encoder)
            for row in asked["questions"]:
                question = Question(row["question"], tuple(row["answers"]), kept=False)
                case = _case(question, index, encoder, number, index.document_from(row["document"]))
                if case is not None:
                    yield case


def cases_of_set(path: Path, number: int) -> Iterator[Case]:
    """The questions of a file of questions that are answered or not; which sentences answer is not known of them."""
    questions = read_questions(path)
    material = questions.material or shipped_material()[questions.course]
    encoder = Encoder.load()
    with tempfile.TemporaryDirectory() as folder:
        index = _opened(material, Path(folder), encoder)
        for asked in questions.questions:
            if asked.expected not in ("answer", "no answer"):
                continue
            before: list[str] = []
            for earlier in asked.after:
                before.append(rewrite(earlier, index.vocabulary, before).question)
            text = rewrite(asked.text, index.vocabulary, before).question
            case = _searched(Question(text, (), kept=True), index, encoder, number)
            if case is not None:
                yield replace(case, answerable=asked.expected == "answer")


def trained_cases(paths: Sequence[Path], rng: random.Random, times: int = 2) -> Iterator[Case]:
    """The questions that are trained on, each in so many courses."""
    passages = read_passages(paths)
    for _ in range(times):
        yield from (case for case in cases(passages, rng) if not case.question.kept)


def write_windows(cases: Iterable[Case], out: Path) -> None:
    """Write the likeliest windows of every question, a line a question."""
    tokenizer = Encoder.load().model.tokenizer
    with out.open("w", encoding="utf-8") as file:
        for case in cases:
            windows = likeliest_windows(case.candidates, tokenizer, WINDOWS)
            row = {"question": case.text, "windows": [_window(window, case) for window in windows]}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _window(window: Window, case: Case) -> dict[str, object]:
    is_answering = {
        (candidate.hit.rank, candidate.place): answers
        for candidate, answers in zip(case.candidates, case.answering, strict=True)
    }
    text, inside = "", []
    for place in window.passage.places:
        shown = window.hit.chunk.sentences[place].shown
        start = len(text) + bool(text)
        text = f"{text} {shown}" if text else shown
        if is_answering.get((window.hit.rank, place)):
            inside.append((start, len(text)))
    return {"heading": window.hit.chunk.heading, "text": text, "inside": inside}
