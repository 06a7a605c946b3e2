"""A teacher's own questions about a course, in YAML, and whether an answer is what they expect.

course: networks
material: ../networks       # a folder, from where this file stands; without it the course of that name is asked
questions:
  - question: C'est quoi un port exposé ?
    section: Conteneurs › Ports
    words: [machine locale]
  - question: Qui a gagné le match ?
    expect: no answer
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from reperage.index.text.folding import fold
from reperage.service.contract.answer import Answer, Status
from reperage.service.evaluation.errors import InvalidSet
from reperage.service.evaluation.files import digests, text_of
from reperage.service.evaluation.matching import holds_folded

QUESTIONS = "questions.yaml"

Expected = Literal["answer", "no answer", "empty section", "small talk"]

# Texts as they are written: a question may be `oui`, a word `1970`. PyYAML's own scanner, unlike libyaml's, stumbles
# over the question mark of `[Et après ?]` (https://github.com/yaml/pyyaml/issues/128).
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_STATUSES: dict[Expected, tuple[Status, ...]] = {
    "answer": ("answered",),
    "no answer": ("not_in_material", "section_empty"),
    "empty section": ("section_empty",),
    "small talk": ("small_talk",),
}
_DEEPEST = 10
_TOP = ("course", "material", "questions")
_ENTRY = ("question", "shape", "after", "section", "words", "expect")


@dataclass(frozen=True, slots=True)
class Question:
    """One entry; `number` is its place in the file from 1.

    `after` are the questions asked before it in the same conversation. Where an answer is expected, one of
    `sections` must be cited and all of `words` be shown; nothing is asked of either where it is empty.
    """

    number: int
    text: str
    shape: str
    after: tuple[str, ...]
    sections: tuple[str, ...]
    words: tuple[str, ...]
    expected: Expected

    def complaint(self, answer: Answer) -> str | None:
        """What is wrong with `answer`; `None` where nothing is."""
        if self.expected == "answer":
            return self._complaint_of_answer(answer)
        if answer.status not in _STATUSES[self.expected]:
            return f"the status is {answer.status!r}"
        return f"cites {len(answer.citations)} quote(s)" if answer.citations else None

    def _complaint_of_answer(self, answer: Answer) -> str | None:
        if answer.status not in _STATUSES["answer"]:
            return f"the status is {answer.status!r}"
        cited = {" › ".join(c.heading_path) or c.document_title for c in answer.citations}
        if self.sections and not cited & set(self.sections):
            return f"cites {_listed(sorted(cited))}, not {_listed(self.sections, 'or')}"
        shown = " ".join(sentence.text for sentence in answer.sentences)
        missing = [words for words in self.words if not holds_folded(shown, words)]
        return f"does not show {_listed(missing)}" if missing else None


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A file of questions; `material` is `None` where the course is one that Repère has already."""

    name: str
    path: Path
    course: str
    material: Path | None
    questions: tuple[Question, ...]
    files: dict[str, str]


def read_questions(path: Path) -> QuestionSet:
    """Read a file of questions.

    Raises:
        InvalidSet: it is malformed; names the entry and what was expected there.
    """
    text = text_of(path)
    try:
        _check_events(yaml.parse(text, Loader=_LOADER), repr(str(path)))
        found = yaml.load(text, Loader=_LOADER)
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidSet(f"{str(path)!r} is no YAML: {' '.join(str(error).split())}") from error
    place = repr(str(path))
    if not isinstance(found, dict):
        raise InvalidSet(f"{place}: expected the keys {_listed(_TOP)}, found {_kind(found)}")
    _check_keys(found, _TOP, place)
    entries = found.get("questions")
    if not isinstance(entries, list) or not entries:
        raise InvalidSet(f"{place}: `questions` is {_kind(entries)}; expected a list with at least one question")
    material = _line(found, "material", place)
    folder = path.parent / material if material else None
    if folder and not folder.is_dir():
        raise InvalidSet(f"{place}: `material` is {material!r}, which is no folder beside this file")
    return QuestionSet(
        name=path.resolve().parent.name if path.name == QUESTIONS else path.stem,
        path=path,
        course=_line(found, "course", place, is_needed=True),
        material=folder,
        questions=tuple(_question(entry, number, place) for number, entry in enumerate(entries, 1)),
        files=digests(path.parent, [path.name]),
    )


def _check_events(events: Iterable[yaml.Event], place: str) -> None:
    """Whether a text may be loaded: libyaml's composer recurses until the process dies, and of a key that stands twice
    the last one counts without a word.

    Raises:
        InvalidSet: it nests too deep, or a mapping has a key twice; names the line.
    """
    # For each open collection the keys of a mapping so far, `None` for a list; and whether a key is next.
    collections: list[set[str] | None] = []
    wants_key: list[bool] = []
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.CollectionEndEvent):
            collections.pop()
            wants_key.pop()
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        if collections and (keys := collections[-1]) is not None:
            if wants_key[-1] and isinstance(event, yaml.ScalarEvent):
                if event.value in keys:
                    raise InvalidSet(f"{place}, line {line}: the key {event.value!r} stands twice; expected it once")
                keys.add(event.value)
            wants_key[-1] = not wants_key[-1]
        if isinstance(event, yaml.CollectionStartEvent):
            if len(collections) == _DEEPEST:
                raise InvalidSet(f"{place}, line {line}: more than {_DEEPEST} levels; expected a list of questions")
            collections.append(set() if isinstance(event, yaml.MappingStartEvent) else None)
            wants_key.append(True)


def _question(entry: Any, number: int, file: str) -> Question:
    place = f"{file}, question {number}"
    if not isinstance(entry, dict):
        raise InvalidSet(f"{place}: expected the key 'question' and what belongs to it, found {_kind(entry)}")
    _check_keys(entry, _ENTRY, place)
    said = _line(entry, "expect", place) or "answer"
    expected = next((known for known in _STATUSES if known == said), None)
    if expected is None:
        raise InvalidSet(f"{place}: `expect` is {said!r}; expected {_listed(list(_STATUSES), 'or')}")
    if expected != "answer" and (extra := [key for key in ("section", "words") if key in entry]):
        raise InvalidSet(f"{place}: {_listed(extra)} belong to a question that expects an answer, not {expected!r}")
    return Question(
        number=number,
        text=_line(entry, "question", place, is_needed=True),
        shape=_line(entry, "shape", place),
        after=_lines(entry, "after", place),
        sections=_lines(entry, "section", place, may_be_one=True),
        words=_lines(entry, "words", place),
        expected=expected,
    )


def _check_keys(found: dict[Any, Any], known: Sequence[str], place: str) -> None:
    if unknown := [key for key in found if key not in known]:
        raise InvalidSet(f"{place}: no such key: {_listed(unknown)}; there are {_listed(known)}")


def _line(found: dict[str, Any], key: str, place: str, *, is_needed: bool = False) -> str:
    value = found.get(key, "")
    if not isinstance(value, str):
        raise InvalidSet(f"{place}: {key!r} is {_kind(value)}; expected a text")
    if is_needed and not value.strip():
        raise InvalidSet(f"{place}: {key!r} is missing or blank")
    return " ".join(value.split())


def _lines(found: dict[str, Any], key: str, place: str, *, may_be_one: bool = False) -> tuple[str, ...]:
    value = found.get(key, [])
    values = [value] if may_be_one and isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(v, str) and fold(v).strip() for v in values):
        raise InvalidSet(f"{place}: {key!r} is {value!r}; expected {'a text or ' * may_be_one}a list of texts")
    return tuple(" ".join(v.split()) for v in values)


def _kind(value: object) -> str:
    if value is None or value == "":
        return "nothing"
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)


def _listed(words: Sequence[str], last: str = "and") -> str:
    *others, final = (repr(word) for word in words)
    return f"{', '.join(others)} {last} {final}" if others else final
