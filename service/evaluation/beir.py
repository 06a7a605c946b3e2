"""Retrieval set in the layout of BEIR, read from its folder.

    corpus.jsonl                        a passage a line: `_id`, `text` and, where it has one, `title`
    queries.jsonl                       a question a line: `_id`, `text` and, where they are known, `answers`
    qrels/test.tsv                      query, passage and grade between tabs; the first line may name them
    removed_passages.txt                passages to leave out when abstention is measured, an id a line
    unanswerable_without_removed.txt    the questions that then have no answer left, an id a line

The last two come together or not at all. Thakur et al., BEIR: A Heterogeneous Benchmark for Zero-shot Evaluation of
Information Retrieval Models, 2021.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reperage.corpus import Course, Document, Source, slug
from reperage.corpus.readers.markdown import markdown_document
from reperage.service.evaluation.errors import InvalidSet
from reperage.service.evaluation.files import digests, lines_of

CORPUS = "corpus.jsonl"
QUERIES = "queries.jsonl"
QRELS = "qrels/test.tsv"
REMOVED = "removed_passages.txt"
UNANSWERABLE = "unanswerable_without_removed.txt"

_GRADE = re.compile(r"-?[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Passage:
    """A text that questions are judged against."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """A question; `answers` are the spans of text that would answer it, where the set has them."""

    id: str
    text: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BeirSet:
    """A whole set; `removed` and `unanswerable` are empty where it has no removed part.

    `files` are the sha256 of what was read, by name.
    """

    name: str
    passages: tuple[Passage, ...]
    queries: tuple[Query, ...]
    qrels: dict[str, dict[str, int]]
    removed: frozenset[str]
    unanswerable: frozenset[str]
    files: dict[str, str]

    def with_passages(self, passages: Iterable[Passage]) -> "BeirSet":
        """The same set with other passages."""
        return replace(self, passages=tuple(passages))

    def relevant(self, query: Query) -> dict[str, int]:
        """Grades of the passages that were judged for `query`, where at least one is relevant."""
        grades = self.qrels.get(query.id, {})
        return grades if any(grade > 0 for grade in grades.values()) else {}

    def is_judged(self, query: Query) -> bool:
        """Whether there is anything to measure for `query`; queries of other splits are judged in other files."""
        return bool(self.relevant(query)) or query.id in self.unanswerable

    def course(self, name: str, without: Collection[str] = ()) -> Course:
        """The passages, but those named in `without`, as a course: a document each, which has the passage's id."""
        passages = (passage for passage in self.passages if passage.id not in without)
        return Course(name, self.name, "fr", tuple(_document(passage, slug(self.name)) for passage in passages))


def read_beir(folder: Path) -> BeirSet:
    """Read a set.

    Raises:
        InvalidSet: a file is missing or malformed; names it, the line, and what was expected there.
    """
    passages = tuple(_passages(folder / CORPUS))
    queries = tuple(_queries(folder / QUERIES))
    passage_ids, query_ids = {passage.id for passage in passages}, {query.id for query in queries}
    qrels = _qrels(folder / QRELS, query_ids, passage_ids)
    names = [CORPUS, QUERIES, QRELS]
    removed: frozenset[str] = frozenset()
    unanswerable: frozenset[str] = frozenset()
    if (folder / REMOVED).exists() or (folder / UNANSWERABLE).exists():
        removed = _ids(folder / REMOVED, passage_ids, CORPUS)
        unanswerable = _ids(folder / UNANSWERABLE, query_ids, QUERIES)
        names += [REMOVED, UNANSWERABLE]
    if removed == passage_ids:
        raise InvalidSet(f"{str(folder / REMOVED)!r} names every passage; at least one must be left to search")
    return BeirSet(folder.resolve().name, passages, queries, qrels, removed, unanswerable, digests(folder, names))


def _passages(path: Path) -> Iterator[Passage]:
    for place, record in _records(path):
        title = " ".join(_text(record, "title", place).split()) if record.get("title") else ""
        text = _text(record, "text", place)
        if not title and not text.strip():
            raise InvalidSet(f"{place}: passage {record['_id']!r} has neither a title nor a text")
        yield Passage(record["_id"], title, re.sub(r"\r\n?", "\n", text))


def _queries(path: Path) -> Iterator[Query]:
    for place, record in _records(path):
        text = _text(record, "text", place).strip()
        if not text:
            raise InvalidSet(f"{place}: the `text` of query {record['_id']!r} is blank; expected a question")
        answers = record.get("answers") or []
        if not isinstance(answers, list) or not all(isinstance(a, str) and a.strip() for a in answers):
            raise InvalidSet(f"{place}: `answers` is {answers!r}; expected a list of texts that are not blank")
        yield Query(record["_id"], text, tuple(answers))


def _records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Objects of a file of JSON lines, each with an `_id` of its own and the place to name in errors."""
    line_of_id: dict[str, int] = {}
    for number, line in lines_of(path):
        place = f"{str(path)!r}, line {number}"
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InvalidSet(f"{place}: no JSON ({error}); expected an object on a line of its own") from error
        if not isinstance(record, dict):
            raise InvalidSet(f"{place}: {line[:60]!r}; expected a JSON object")
        name = _text(record, "_id", place)
        if not name.strip():
            raise InvalidSet(f"{place}: `_id` is {name!r}; expected a name")
        if name in line_of_id:
            raise InvalidSet(
                f"{place}: the `_id` {name!r} stands on line {line_of_id[name]} already; each must be the only"
            )
        line_of_id[name] = number
        yield place, record
    if not line_of_id:
        raise InvalidSet(f"{str(path)!r} is empty; expected a JSON object a line")


def _text(record: dict[str, Any], key: str, place: str) -> str:
    if key not in record:
        raise InvalidSet(f"{place}: no {key!r}; expected it beside {', '.join(map(repr, record)) or 'nothing'}")
    value = record[key]
    if not isinstance(value, str):
        raise InvalidSet(f"{place}: {key!r} is {value!r}; expected a text between quotation marks")
    if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise InvalidSet(f"{place}: {key!r} holds a NUL or half of a surrogate pair; expected valid Unicode text")
    return value


def _qrels(path: Path, queries: Collection[str], passages: Collection[str]) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    for number, line in lines_of(path):
        place = f"{str(path)!r}, line {number}"
        fields = line.split("\t")
        if len(fields) != 3:
            raise InvalidSet(f"{place}: {len(fields)} field(s); expected query, passage and grade between tabs")
        query, passage, grade = (field.strip() for field in fields)
        if number == 1 and query not in queries and passage not in passages and not _GRADE.fullmatch(grade):
            continue  # The names of the fields.
        if query not in queries:
            raise InvalidSet(f"{place}: {query!r} is no `_id` of {QUERIES}")
        if passage not in passages:
            raise InvalidSet(f"{place}: {passage!r} is no `_id` of {CORPUS}")
        if not _GRADE.fullmatch(grade):
            raise InvalidSet(f"{place}: the grade is {grade[:20]!r}; expected a whole number of at most 6 digits")
        grades = qrels.setdefault(query, {})
        if passage in grades:
            raise InvalidSet(f"{place}: {query!r} and {passage!r} are judged on a line before; each pair stands once")
        grades[passage] = int(grade)
    if not any(grade > 0 for grades in qrels.values() for grade in grades.values()):
        raise InvalidSet(f"{str(path)!r} names no relevant passage; expected at least one grade above 0")
    return qrels


def _ids(path: Path, known_ids: Collection[str], where: str) -> frozenset[str]:
    ids: set[str] = set()
    for number, line in lines_of(path):
        if line.strip() not in known_ids:
            raise InvalidSet(f"{str(path)!r}, line {number}: {line.strip()!r} is no `_id` of {where}")
        ids.add(line.strip())
    if not ids:
        raise InvalidSet(f"{str(path)!r} is empty; expected an `_id` a line")
    return frozenset(ids)


def _document(passage: Passage, course: str) -> Document:
    """A passage as Markdown; the name of a file would become the title of one that has none."""
    text = f"# {passage.title}\n\n{passage.text}" if passage.title else passage.text
    digest = hashlib.sha256(text.encode()).hexdigest()
    document = markdown_document(text, passage.id, course, Source("", "markdown", digest), "fr")
    return replace(document, source=Source(f"{passage.id}.md", "markdown", digest))
