"""Documents, sections and chunks of an index on disk.

documents.jsonl      one line a document: its fields but the text, its sections, the row of its first chunk
texts.txt            the texts that spans refer to, one after the other
chunks.jsonl         one line a chunk, read when it is a hit
chunk_offsets.npy    where each line begins, in bytes, and where the last one ends
chunk_titles.npy     a number for the title of the document that each chunk is part of
"""

import json
import mmap
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from reperage.corpus import Chunk, Document, Section, Sentence, Source, SplitDocument
from reperage.corpus.blocks import Item
from reperage.corpus.located import Mark

_PLAIN = 6
"""The fields of a sentence that is neither marked nor in a list nor at the head of a table."""


def write(folder: Path, documents: Iterable[SplitDocument]) -> None:
    """Write documents and their chunks into `folder`, chunks in the order of their rows."""
    offsets = [0]
    titles: dict[str, int] = {}
    chunk_titles: list[int] = []
    with (
        (folder / "documents.jsonl").open("w", encoding="utf-8", newline="\n") as document_lines,
        (folder / "texts.txt").open("wb") as texts,
        (folder / "chunks.jsonl").open("wb") as chunk_lines,
    ):
        for split in documents:
            document = split.document
            start = texts.tell()
            texts.write(document.text.encode())
            place = {"text_bytes": [start, texts.tell()], "sections": _sections(split), "row": len(chunk_titles)}
            document_lines.write(_json(_document_fields(document) | place) + "\n")
            ordinal = {section: i for i, section in enumerate(split.sections)}
            for chunk in split.chunks:
                line = _json(_chunk_fields(chunk, ordinal[chunk.section])) + "\n"
                offsets.append(offsets[-1] + chunk_lines.write(line.encode()))
                chunk_titles.append(titles.setdefault(document.title, len(titles)))
    np.save(folder / "chunk_titles.npy", np.array(chunk_titles, dtype=np.int32))
    np.save(folder / "chunk_offsets.npy", np.array(offsets, dtype=np.int64))


class Store:
    """Reads what `write` wrote. Texts and chunks are read on demand, and a number of them cached.

    All files are opened at once: a folder that is removed meanwhile is read to the end (not so on Windows, which
    keeps it from being removed).
    """

    def __init__(self, folder: Path) -> None:
        self._documents: dict[str, dict[str, Any]] = {}
        self._sections: dict[str, tuple[Section, ...]] = {}
        self._first_rows: dict[str, array[int]] = {}
        self._text_bytes: dict[str, tuple[int, int]] = {}
        with (folder / "documents.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                values = json.loads(line)
                sections = values.pop("sections")
                self._text_bytes[values["id"]] = tuple(values.pop("text_bytes"))
                self._documents[values["id"]] = values
                counts = (section[-1] for section in sections)
                self._first_rows[values["id"]] = array("q", accumulate(counts, initial=values.pop("row")))
                self._sections[values["id"]] = tuple(_section(values["id"], s) for s in sections)
        self._ids = {values["source"]["path"]: name for name, values in self._documents.items()}
        self._offsets = np.load(folder / "chunk_offsets.npy")
        self.chunk_titles = np.load(folder / "chunk_titles.npy")
        self._lines = _mapped(folder / "chunks.jsonl")
        self._texts = _mapped(folder / "texts.txt")
        self.document = lru_cache(maxsize=256)(self._document)
        self.chunk = lru_cache(maxsize=8192)(self._chunk)

    @property
    def document_ids(self) -> Sequence[str]:
        return list(self._documents)

    def sections(self, document_id: str) -> tuple[Section, ...]:
        return self._sections[document_id]

    def section_at(self, document_id: str, place: int) -> Section | None:
        """The section that holds the character `place` of a document; `None` for its front matter and past its end."""
        i = self._ordinal(document_id, place)
        return self._sections[document_id][i] if i >= 0 and place < self._sections[document_id][i].end else None

    def rows(self, section: Section) -> range:
        """The rows of the chunks of `section`."""
        i = self._ordinal(section.document_id, section.start)
        first = self._first_rows[section.document_id]
        return range(first[i], first[i + 1])

    def _ordinal(self, document_id: str, place: int) -> int:
        """Which of a document's sections is the last to begin at or before `place`; -1 for none."""
        return bisect_right(self._sections[document_id], place, key=lambda section: section.start) - 1

    def document_from(self, path: str) -> str | None:
        return self._ids.get(path)

    def title(self, document_id: str) -> str:
        return str(self._documents[document_id]["title"])

    def __len__(self) -> int:
        """The number of chunks."""
        return len(self._offsets) - 1

    def _document(self, document_id: str) -> Document:
        values = self._documents[document_id]
        start, end = self._text_bytes[document_id]
        text = self._texts[start:end].decode()
        pages = tuple((start, end) for start, end in values["pages"])
        return Document(**{**values, "source": Source(**values["source"]), "pages": pages}, text=text)

    def _chunk(self, row: int) -> Chunk:
        values = json.loads(self._lines[self._offsets[row] : self._offsets[row + 1]])
        section = self._sections[values.pop("document")][values.pop("section")]
        sentences = tuple(_sentence(fields) for fields in values.pop("sentences"))
        return Chunk(**values, section=section, sentences=sentences)


def _mapped(path: Path) -> mmap.mmap | bytes:
    """A file's bytes, left on disk until they are read; an empty file cannot be mapped."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""


def _document_fields(document: Document) -> dict[str, Any]:
    fields = asdict(document)
    del fields["text"]
    return fields


def _sections(split: SplitDocument) -> list[list[Any]]:
    """The fields of every section, then the number of its chunks, which are one behind another."""
    chunks = Counter(chunk.section for chunk in split.chunks)
    return [[s.heading_path, s.anchor, s.start, s.end, s.is_empty, chunks[s]] for s in split.sections]


def _section(document_id: str, fields: list[Any]) -> Section:
    path, *others, _ = fields
    return Section(document_id, tuple(path), *others)


def _chunk_fields(chunk: Chunk, section: int) -> dict[str, Any]:
    return {
        "id": chunk.id,
        "document": chunk.section.document_id,
        "section": section,
        "start": chunk.start,
        "end": chunk.end,
        "text": chunk.text,
        "embedded_text": chunk.embedded_text,
        "sentences": [_sentence_fields(sentence) for sentence in chunk.sentences],
    }


def _sentence_fields(s: Sentence) -> list[Any]:
    """The fields of a sentence; what most sentences do not have is left off their ends."""
    marks = [_without_defaults(mark, ("", 0)) for mark in s.marks]
    item = s.item and _without_defaults(s.item, Item())
    fields = (s.start, s.end, s.kind, s.block, s.group, s.shown, marks, item, s.is_header)
    return _without_defaults(fields, ([], None, False))


def _without_defaults(fields: Sequence[Any], defaults: Sequence[Any]) -> list[Any]:
    """`fields` without those at their end that equal `defaults`, their last ones by default."""
    short = list(fields)
    for default in reversed(defaults):
        if short[-1] != default:
            break
        short.pop()
    return short


def _sentence(fields: list[Any]) -> Sentence:
    if len(fields) == _PLAIN:
        return Sentence(*fields)
    start, end, kind, block, group, shown, marks, *others = fields
    item = Item(*others[0]) if others and others[0] is not None else None
    return Sentence(start, end, kind, block, group, shown, tuple(Mark(*mark) for mark in marks), item, len(others) > 1)


def _json(values: object) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
