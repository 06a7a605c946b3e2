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

_CHECKBOX = re.compile(r"\[[ xX]\]\s")
# How the source of a diagram opens: of Mermaid, PlantUML, Graphviz.
_DIAGRAM = re.compile(
    r"\s*(?:%%|(?:graph|flowchart) (?:T[BD]|BT|LR|RL)\b|(?:sequence|class|state|er|object|block)Diagram|gantt\b"
    r"|gitGraph|mindmap\b|journey\b|pie(?: title|\n)|timeline\n|@start\w+|(?:strict )?(?:di)?graph \w*\s*\{)"
)
_NUMBERING = re.compile(r"^[\W\d]+")
_INTERNAL = re.compile(r"(?!\w+:|//)[^#\s]*?(?:\.md|\.html?|/)?(?:#\S*)?")
_LEAST_TASKS = 2


def answers_nothing(sentence: Sentence, chunk: Chunk, question: str) -> bool:
    """Whether a sentence of `chunk` says nothing on the matter that `question`, folded, asks about."""
    if sentence.shown.endswith("?") or _CHECKBOX.match(sentence.shown) or _is_entry(sentence):
        return True
    if _is_label(sentence, chunk):
        return True
    if sentence.kind == "code" and _DIAGRAM.match(sentence.shown):
        return True
    kind = _kind_of_section(chunk.section.heading_path)
    return kind not in question if kind else _states_tasks(chunk)


def _is_label(sentence: Sentence, chunk: Chunk) -> bool:
    """Whether it is a paragraph of its own with one word that tells and no end: "Important !", unlike "Oui."."""
    if sentence.kind != "paragraph" or sentence.shown.endswith((":", ".")) or len(term_set(sentence.shown)) > 1:
        return False
    is_alone = sum(other.block == sentence.block for other in chunk.sentences) == 1
    return is_alone and not re.search(r"\d", sentence.shown)


def _is_entry(sentence: Sentence) -> bool:
    """Whether it is the entry of a table of contents: a link within the course, in a list, and nothing else."""
    links = [mark for mark in sentence.marks if mark.kind == "link" and _INTERNAL.fullmatch(mark.href)]
    return sentence.kind == "list" and any(len(sentence.shown) - (mark.end - mark.start) <= 1 for mark in links)


@lru_cache(maxsize=4096)
def _kind_of_section(heading_path: tuple[str, ...]) -> str:
    """The word by which a question would ask for a section that says nothing on the matter; empty for any other."""
    for title in heading_path:
        folded = _NUMBERING.sub("", fold(title).replace("’", "'"))
        for phrase in _lines("sections", "phrases"):
            if re.match(rf"{re.escape(phrase)}(?![\w'-])", folded):
                return phrase.rstrip("s")
    return ""


@lru_cache(maxsize=4096)
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
    return tuple(value.split("\n")[1:-1])
