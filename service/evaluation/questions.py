"""Questions of a teacher about a course, in YAML, and whether an answer is what they expect.

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
ANSWERS = "answers.yaml"

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
_RIGHT = ("answer", "why", "file")
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
        """Complaint about `answer`: what is wrong with it; `None` where nothing is."""
        if self.expected == "answer":
            return self._complaint_of_answer(answer)
        if answer.status not in _STATUSES[self.expected]:
            return f"the status is {answer.status!r}"
        return f"cites {len(answer.citations)} quote(s)" if answer.citations else None

    def _complaint_of_answer(self, answer: Answer) -> str | None:
        if answer.status not in _STATUSES["answer"]:
            return f"the status is {answer.status!r}"
        cited_headings = {" › ".join(c.heading_path) or c.document_title for c in answer.citations}
        if self.sections and not cited_headings & set(self.sections):
            return f"cites {_word_list(sorted(cited_headings))}, not {_word_list(self.sections, 'or')}"
        text = " ".join(sentence.text for sentence in answer.sentences)
        missing = [words for words in self.words if not holds_folded(text, words)]
        return f"does not show {_word_list(missing)}" if missing else None


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A file of questions; `material` is `None` where the course is one that Repère has already. `right` is what its
    author says of the right answer, by question."""

    name: str
    path: Path
    course: str
    material: Path | None
    questions: tuple[Question, ...]
    right: dict[str, str]
    files: dict[str, str]


def read_questions(path: Path) -> QuestionSet:
    """Read a file of questions.

    Raises:
        InvalidSet: it is malformed; names the entry and what was expected there.
    """
    document, place = _loaded(path), repr(str(path))
    if not isinstance(document, dict):
        raise InvalidSet(f"{place}: expected the keys {_word_list(_TOP)}, found {_description(document)}")
    _check_keys(document, _TOP, place)
    entries = document.get("questions")
    if not isinstance(entries, list) or not entries:
        raise InvalidSet(f"{place}: `questions` is {_description(entries)}; expected a list with at least one question")
    material = _text_field(document, "material", place)
    folder = path.parent / material if material else None
    if folder and not folder.is_dir():
        raise InvalidSet(f"{place}: `material` is {material!r}, which is no folder beside this file")
    return QuestionSet(
        name=path.resolve().parent.name if path.name == QUESTIONS else path.stem,
        path=path,
        course=_text_field(document, "course", place, is_needed=True),
        material=folder,
        questions=tuple(_question(entry, number, place) for number, entry in enumerate(entries, 1)),
        right=_right_answers(path.parent / ANSWERS),
        files=digests(path.parent, [path.name]),
    )


def _loaded(path: Path) -> Any:
    text = text_of(path)
    try:
        _check_events(yaml.parse(text, Loader=_LOADER), repr(str(path)))
        return yaml.load(text, Loader=_LOADER)
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidSet(f"{str(path)!r} is no YAML: {' '.join(str(error).split())}") from error


def _right_answers(path: Path) -> dict[str, str]:
    """What stands in `answers.yaml`, by question: its `answer` and the `file` that holds it, or `why` there is none."""
    if not path.exists():
        return {}
    document, place = _loaded(path), repr(str(path))
    if not isinstance(document, dict):
        raise InvalidSet(f"{place}: expected a mapping by question, found {_description(document)}")
    right = {}
    for question, entry in document.items():
        own = f"{place}, {question!r}"
        if not isinstance(entry, dict):
            raise InvalidSet(f"{own}: expected {_word_list(_RIGHT, 'or')}, found {_description(entry)}")
        _check_keys(entry, _RIGHT, own)
        texts = [_text_field(entry, key, own) for key in _RIGHT]
        right[" ".join(str(question).split())] = " – ".join(text for text in texts if text)
    return right


def _check_events(events: Iterable[yaml.Event], place: str) -> None:
    """Check that a text may be loaded: libyaml's composer recurses until the process dies, and of a key that stands
    twice the last one counts without a word.

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
        raise InvalidSet(f"{place}: expected the key 'question' and what belongs to it, found {_description(entry)}")
    _check_keys(entry, _ENTRY, place)
    expectation = _text_field(entry, "expect", place) or "answer"
    expected = next((status_name for status_name in _STATUSES if status_name == expectation), None)
    if expected is None:
        raise InvalidSet(f"{place}: `expect` is {expectation!r}; expected {_word_list(list(_STATUSES), 'or')}")
    if expected != "answer" and (extra := [key for key in ("section", "words") if key in entry]):
        raise InvalidSet(f"{place}: {_word_list(extra)} belong to a question that expects an answer, not {expected!r}")
    return Question(
        number=number,
        text=_text_field(entry, "question", place, is_needed=True),
        shape=_text_field(entry, "shape", place),
        after=_text_list_field(entry, "after", place),
        sections=_text_list_field(entry, "section", place, may_be_one=True),
        words=_text_list_field(entry, "words", place),
        expected=expected,
    )


def _check_keys(mapping: dict[Any, Any], known_keys: Sequence[str], place: str) -> None:
    if unknown := [key for key in mapping if key not in known_keys]:
        raise InvalidSet(f"{place}: no such key: {_word_list(unknown)}; there are {_word_list(known_keys)}")


def _text_field(mapping: dict[str, Any], key: str, place: str, *, is_needed: bool = False) -> str:
    value = mapping.get(key, "")
    if not isinstance(value, str):
        raise InvalidSet(f"{place}: {key!r} is {_description(value)}; expected a text")
    if is_needed and not value.strip():
        raise InvalidSet(f"{place}: {key!r} is missing or blank")
    return " ".join(value.split())


def _text_list_field(mapping: dict[str, Any], key: str, place: str, *, may_be_one: bool = False) -> tuple[str, ...]:
    value = mapping.get(key, [])
    values = [value] if may_be_one and isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(v, str) and fold(v).strip() for v in values):
        raise InvalidSet(f"{place}: {key!r} is {value!r}; expected {'a text or ' * may_be_one}a list of texts")
    return tuple(" ".join(v.split()) for v in values)


def _description(value: object) -> str:
    if value is None or value == "":
        return "nothing"
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)


def _word_list(words: Sequence[str], last: str = "and") -> str:
    *others, final = (repr(word) for word in words)
    return f"{', '.join(others)} {last} {final}" if others else final
