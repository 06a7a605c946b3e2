"""Rows to train on: a question, a passage, whether it is answered there, and by which characters.

Every source gives groups: rows that are answered, near misses (a passage without its answering sentences, or a question
written to have no answer there) and passages from elsewhere. An epoch takes all of the first two and one of the third.
"""

import gzip
import json
import random
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SENTENCE_END = re.compile(r"(?<=[.!?»])\s+(?=[A-ZÀ-Ý«\"(])|\n+")
_LEAST_LEFT = 120
"""Characters that must be left of a passage whose answering sentences were taken out."""
_LONGEST = 2600
"""Characters; a longer passage is left out."""
_NEAR_FRENCH = frozenset(("fr", "en", "es", "it"))
"""Languages of questions-and-answers pages that are taken; the other sets teach reading in any language."""
_MOST = {
    "idkmrc-id": 800,
    "norquad-no": 0,
    "poquad-pl": 500,
    "afriqa-en": 2000,
    "fairytaleqa-en": 1500,
    "squad-it-test": 2500,
    "selqa-en": 1500,
    "squad11-dev-rest-en": 3000,
}
"""At most so many rows of a set; what is far from French teaches less."""
LAST_TRAINED = 108
"""Passages of a part of the written questions after this one are kept back, for figures."""

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Row:
    """`answer` is the shortest answer; `inside` are the sentences that answer, `None` where that is not known."""

    question: str
    heading: str
    passage: str
    answered: bool
    answer: Range | None = None
    inside: Sequence[Range] | None = None


@dataclass(frozen=True, slots=True)
class Group:
    positives: Sequence[Row] = ()
    near: Sequence[Row] = ()
    negatives: Sequence[Row] = ()


def unanswered(question: str, heading: str, passage: str) -> Row:
    return Row(question, heading, passage, answered=False, inside=())


def with_near_miss(question: str, heading: str, passage: str, answers: Sequence[Range]) -> tuple[Row, Row | None]:
    """The answered row, and the near miss that is left without its answering sentences, if enough is left."""
    ranges = _sentences(passage)
    inside = [r for r in ranges if any(r[0] < end and start < r[1] for start, end in answers)]
    rest = " ".join(passage[start:end] for start, end in ranges if (start, end) not in inside)
    row = Row(question, heading, passage, answered=True, answer=answers[0], inside=inside)
    is_said_elsewhere = any(_folded(passage[start:end]) in _folded(rest) for start, end in answers)
    return row, None if len(rest) <= _LEAST_LEFT or is_said_elsewhere else unanswered(question, heading, rest)


def question_sets(folder: Path, rng: random.Random) -> list[Group]:
    """The public sets of `folder`, but for those that other functions read."""
    groups: list[Group] = []
    for path in sorted(folder.glob("*.jsonl.gz")):
        name = path.name.removesuffix(".jsonl.gz")
        if name.startswith(("courses-", "written-")):
            continue
        rows = [row for row in lines(path) if len(row["passage"]) < _LONGEST]
        if name.startswith("faq-"):
            rows = [row for row in rows if row["lang"] in _NEAR_FRENCH]
        places = sorted(rng.sample(range(len(rows)), min(len(rows), _MOST.get(name, len(rows)))))
        rows = [rows[place] for place in places]
        groups += [_of_set(row, rows[(at + rng.randint(3, 40)) % len(rows)], rng) for at, row in enumerate(rows)]
    return groups


def _of_set(row: dict[str, Any], other: dict[str, Any], rng: random.Random) -> Group:
    question, passage = row["question"], row["passage"]
    if not row["answers"]:
        return Group(near=[unanswered(question, "", passage)])
    spans = [(answer["start"], answer["start"] + len(answer["text"])) for answer in row["answers"]]
    near = None
    if spans[0] == (0, len(passage)):
        positive = Row(question, "", passage, answered=True)
    else:
        positive, near = with_near_miss(question, "", passage, spans)
    is_strange = other["lang"] == row["lang"] and not any(
        _folded(answer["text"]) in _folded(other["passage"]) for answer in row["answers"]
    )
    negatives = [unanswered(question, "", other["passage"])] if is_strange and rng.random() < 0.5 else []
    return Group([positive], [near] if near and rng.random() < 0.5 else [], negatives)


def headings(path: Path) -> list[Group]:
    """Headings of courses as questions for their sections, against other sections of the course."""
    return [
        Group(
            [Row(row["q"], row["path"], row["pos"], answered=True)],
            negatives=[unanswered(row["q"], other["path"], other["text"]) for other in row["neg"]],
        )
        for row in lines(path)
    ]


def written(path: Path, rng: random.Random, *, kept: bool) -> list[Group]:
    """Questions and near misses that were written for this; `kept`: those that are for figures alone."""
    rows = [row for row in lines(path) if is_kept(row["id"]) is kept]
    groups = []
    for row in rows:
        question, title, passage = row["question"], row["title"], row["passage"]
        if not row["answering"]:
            groups.append(Group(near=[unanswered(question, title, passage)]))
            continue
        ranges: list[Range] = [tuple(pair) for pair in row["sentences"]]
        inside = [ranges[number - 1] for number in row["answering"]]
        rest = " ".join(passage[start:end] for start, end in ranges if (start, end) not in inside)
        near = [unanswered(question, title, rest)] if len(rest) > _LEAST_LEFT and rng.random() < 0.35 else []
        far = rng.choice(rows)
        is_strange = far["passage"] != passage and rng.random() < 0.25
        negatives = [unanswered(question, far["title"], far["passage"])] if is_strange else []
        groups.append(Group([Row(question, title, passage, answered=True, inside=inside)], near, negatives))
    return groups


def is_kept(row_id: str) -> bool:
    """Whether a written question, `set:part-passage:number`, is kept back."""
    return int(row_id.split(":")[1].split("-")[1]) > LAST_TRAINED


def encyclopedia(folder: Path) -> list[Group]:
    """A retrieval set with answers: near misses without the answer, negatives from the same article."""
    passages = {row["_id"]: row for row in lines(folder / "corpus.jsonl")}
    folded = {key: _folded(row["text"]) for key, row in passages.items()}
    of_title: dict[str, list[str]] = {}
    for key, row in passages.items():
        of_title.setdefault(row["title"], []).append(key)
    relevant: dict[str, str] = {}
    for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines():
        query, passage, grade = line.split("\t")
        if grade.isdigit() and int(grade):
            relevant.setdefault(query, passage)
    groups = []
    for row in lines(folder / "queries.jsonl"):
        key = relevant.get(row["_id"])
        if key is None:
            continue
        title, text = passages[key]["title"], passages[key]["text"]
        spans = [(at, at + len(answer)) for answer in row.get("answers", []) if (at := text.find(answer)) >= 0]
        if not spans:
            continue
        positive, near = with_near_miss(row["text"], title, text, spans)
        answers = [_folded(answer) for answer in row["answers"]]
        others = [k for k in of_title[title] if k != key and not any(answer in folded[k] for answer in answers)]
        negatives = [unanswered(row["text"], title, passages[k]["text"]) for k in others]
        groups.append(Group([positive], [near] if near else [], negatives))
    return groups


def windows(path: Path, rng: random.Random, most: int = 2) -> list[Group]:
    """What `tools.reader.courses` wrote: windows that search brings, one that answers and `most` of those that do not;
    with more than two of these, every one that answers."""
    groups = []
    for row in lines(path):
        question = row["question"]
        rows = [
            Row(question, window["heading"], window["text"], answered=bool(window["inside"]), inside=window["inside"])
            for window in row["windows"]
        ]
        answering = [row for row in rows if row.answered]
        others = [row for row in rows if not row.answered]
        if most > 2:
            groups.append(Group(answering, others[:most]))
            continue
        # The first are the hardest, and what is read first decides.
        chosen = [other for at, other in enumerate(others) if rng.random() < 0.6 / (1 + at)][:most]
        groups.append(Group(answering[:1], chosen))
    return groups


def epoch(groups: Sequence[Group], rng: random.Random) -> list[Row]:
    """All rows of `groups` but of the negatives, of which each group gives one; shuffled."""
    rows = [row for g in groups for row in (*g.positives, *g.near, *([rng.choice(g.negatives)] if g.negatives else []))]
    rng.shuffle(rows)
    return rows


def as_typed(row: Row, rng: random.Random) -> tuple[str, str]:
    """Question and heading as they may come: in small letters, without accents or mark; a shorter heading or none."""
    question, heading = row.question, row.heading
    if rng.random() < 0.15:
        question = question.lower()
    if rng.random() < 0.12:
        question = "".join(c for c in unicodedata.normalize("NFD", question) if not unicodedata.combining(c))
    if rng.random() < 0.15:
        question = question.rstrip(" ?.")
    chance = rng.random()
    return question, "" if chance < 0.2 else re.split(r" [>›] ", heading)[-1] if chance < 0.4 else heading


def _folded(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))


def _sentences(text: str) -> list[Range]:
    ranges, start = [], 0
    for match in _SENTENCE_END.finditer(text):
        if match.start() > start:
            ranges.append((start, match.start()))
        start = match.end()
    return [*ranges, (start, len(text))]


def lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
