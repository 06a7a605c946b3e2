"""Text of the material that answers no question on its matter.

Questions, statements of exercises, checklists, tables of contents, aims, labels, the source of diagrams.
"""

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

from reperage.corpus import Chunk, Sentence
from reperage.index.text.analysis import term_set
from reperage.index.text.folding import fold
from reperage.service.answering.question.question_type import question_type_of

_CHECKBOX = re.compile(r"\[[ xX]\]\s")
# How the source of a diagram opens: of Mermaid, PlantUML, Graphviz.
_DIAGRAM = re.compile(
    r"\s*(?:%%\s*\{|(?:graph|flowchart) (?:T[BD]|BT|LR|RL)\b|(?:sequence|class|state|er|object|block)Diagram"
    r"|(?:gantt|gitGraph|mindmap|journey|timeline|pie)[ \t]*\n|pie title|@start\w+|(?:strict )?(?:di)?graph \w*\s*\{)"
)
_NUMBERING = re.compile(r"^(?:[^\w]|\d|[ivx]+(?=[.)])|(?:partie|chapitre) (?:\d+|[ivx]+))+")
_NAME_ENDS = re.compile(r"\s*(?:$|n°|[\d:(–—-])")
_INTERNAL = re.compile(r"#\S*|(?!\w+:|//)[^#\s]*(?:\.md|\.html?)(?:#\S*)?")
_LEAST_TASKS = 2


def unanswering(chunk: Chunk, question: str) -> frozenset[int]:
    """The places of the sentences of `chunk` that say nothing on the matter that `question` asks about."""
    kind = _kind_of_section(chunk.section.heading_path)
    if kind and not re.search(rf"\b{re.escape(kind)}s?\b", fold(question)):
        return frozenset(range(len(chunk.sentences)))
    # How something is done is told in the same form as what is to be done.
    if not kind and _states_tasks(chunk) and question_type_of(question) != "how_to":
        return frozenset(range(len(chunk.sentences)))
    entries = [place for place, sentence in enumerate(chunk.sentences) if _is_entry(sentence, chunk)]
    others = [place for place, sentence in enumerate(chunk.sentences) if _answers_nothing(sentence, chunk)]
    return frozenset([*entries, *others])


def _answers_nothing(sentence: Sentence, chunk: Chunk) -> bool:
    match sentence.kind:
        case "code":
            return bool(_DIAGRAM.match(sentence.shown))
        case "list":
            return sentence.shown.endswith("?") or bool(_CHECKBOX.match(sentence.shown))
        case "paragraph":
            return sentence.shown.endswith("?") or _is_label(sentence, chunk)
    return False


def _is_label(sentence: Sentence, chunk: Chunk) -> bool:
    """Whether it is a paragraph of its own that calls for attention: "Important !"."""
    if not sentence.shown.endswith("!") or len(term_set(sentence.shown)) > 1 or re.search(r"[\d=(]", sentence.shown):
        return False
    return sum(other.block == sentence.block for other in chunk.sentences) == 1


def _is_entry(sentence: Sentence, chunk: Chunk) -> bool:
    """Whether it is an item of a list of links within the course, and nothing else: a table of contents."""
    if sentence.kind != "list" or not _is_link(sentence):
        return False
    return all(_is_link(other) for other in chunk.sentences if other.group == sentence.group)


def _is_link(sentence: Sentence) -> bool:
    links = [mark for mark in sentence.marks if mark.kind == "link" and _INTERNAL.fullmatch(mark.href)]
    return any(len(sentence.shown) - (mark.end - mark.start) <= 1 for mark in links)


@lru_cache(maxsize=4096)
def _kind_of_section(heading_path: tuple[str, ...]) -> str:
    """The word by which a question would ask for a section that says nothing on the matter; empty for any other.

    A heading names its kind and no more, but for a number and a title after it; above others, not even that: what
    stands below "TP 1 : Docker" may teach.
    """
    for depth, title in enumerate(heading_path, 1):
        folded = _NUMBERING.sub("", fold(title).replace("’", "'"))
        for phrase in _lines("sections", "phrases"):
            rest = folded.removeprefix(phrase)
            is_named = not rest.strip() or (depth == len(heading_path) and bool(_NAME_ENDS.match(rest)))
            if rest != folded and is_named:
                return phrase.rstrip("s")
    return ""


def _states_tasks(chunk: Chunk) -> bool:
    """Whether half of a chunk tells its reader to explain, to determine, to compare …"""
    prose = [sentence.shown for sentence in chunk.sentences if sentence.kind in ("paragraph", "list")]
    tasks = sum(_is_task(shown) for shown in prose)
    return tasks >= max(_LEAST_TASKS, len(prose) / 2)


def _is_task(shown: str) -> bool:
    words = _NUMBERING.sub("", fold(shown[:40])).split(maxsplit=1)
    return bool(words) and words[0] in _verbs()


@cache
def _verbs() -> frozenset[str]:
    return frozenset(word for line in _lines("tasks", "verbs") for word in line.split())


@cache
def _lines(table: str, key: str) -> tuple[str, ...]:
    text = (Path(__file__).parent / "unanswering.toml").read_text(encoding="utf-8")
    value: str = tomllib.loads(text)[table][key]
    return tuple(value.splitlines())
