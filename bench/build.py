"""A whole course: read, cut, encoded and written, then again with nothing changed, then with one document changed.

The share inside the encoder is the time of `encode_document` against that from the first file read to the index made
current; loading the model is left out. The build with nothing changed is `repere build` in a process of its own; its
time is what the command itself reports, which leaves out Python's start. The changed document is the one of median
length, with a sentence more in the middle; the texts that must be encoded are those that no document held before.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.material import copied
from bench.row import Row, number
from bench.server import REPERE, environment
from reperage.corpus import SplitDocument, read_course, split
from reperage.index.build import BuildResult, build_index, chunking_within
from reperage.index.encoder import Encoder, Vectors
from reperage.service.settings import Settings

COURSE = "bench"
_ADDED = "\n\nCette phrase du banc d'essai ne se trouve dans aucun autre document du cours.\n\n"


class WatchedEncoder(Encoder):
    """Notes how long encoding takes and how many texts it is given."""

    seconds = 0.0
    texts = 0

    def encode_document(self, texts: Sequence[str], progress: Callable[[int], None] = lambda encoded: None) -> Vectors:
        started = perf_counter()
        vectors = super().encode_document(texts, progress)
        self.seconds += perf_counter() - started
        self.texts += len(texts)
        return vectors


def measure(corpus: Path | None) -> list[Row]:
    """The three budgets of building."""
    with TemporaryDirectory() as home, copied(corpus) as folder:
        settings = Settings(home=Path(home))
        encoder = WatchedEncoder.load()
        assert isinstance(encoder, WatchedEncoder)
        seconds, built = _build(settings, folder, encoder)
        share = encoder.seconds / seconds
        counts = built.manifest.counts
        return [
            Row(
                "building an index, share of the time inside the encoder",
                f"{share:.2f} ({encoder.seconds:.1f} of {seconds:.1f} s: {counts['documents']} documents, "
                f"{counts['chunks']:,} chunks, {encoder.texts:,} texts)",
                "at least 0.9",
                share >= 0.9,
            ),
            _unchanged(Path(home), folder),
            _one_changed(settings, folder, encoder),
        ]


def _build(settings: Settings, folder: Path, encoder: Encoder) -> tuple[float, BuildResult]:
    started = perf_counter()
    course = read_course(folder, COURSE)
    built = build_index(course, encoder, settings.recipe, settings.index_roots[0], material=str(folder))
    return perf_counter() - started, built


def _unchanged(home: Path, folder: Path) -> Row:
    command = [sys.executable, *REPERE, "build", str(folder), "--course", COURSE, "--json"]
    started = perf_counter()
    done = subprocess.run(command, env=environment(home), check=True, stdout=subprocess.PIPE)
    wall = perf_counter() - started
    (report,) = json.loads(done.stdout)["courses"]
    return Row(
        "building again, nothing changed",
        f"{report['seconds']:.2f} s beyond start-up ({wall:.2f} s in all), {report['encoded']} texts encoded",
        "under 1 s beyond start-up, no encoder call",
        report["seconds"] < 1 and not report["changed"] and not report["encoded"],
    )


def _one_changed(settings: Settings, folder: Path, encoder: WatchedEncoder) -> Row:
    chunking = chunking_within(settings.recipe.chunking, encoder)
    before = read_course(folder, COURSE).documents
    chosen = sorted(before, key=lambda document: len(document.text))[len(before) // 2]
    path = folder / chosen.source.path
    text = path.read_text(encoding="utf-8")
    at = text.find("\n\n", len(text) // 2)
    path.write_text(text[:at] + _ADDED + text[at:], encoding="utf-8")
    changed = next(d for d in read_course(folder, COURSE).documents if d.id == chosen.id)

    known = {text for document in before for text in _texts(split(document, encoder.count_tokens, chunking))}
    texts = _texts(split(changed, encoder.count_tokens, chunking))
    new = texts - known
    encoder.texts = 0
    seconds, _ = _build(settings, folder, encoder)
    return Row(
        f"one document of {len(before)} changed",
        f"{encoder.texts} texts encoded, {len(new)} of the document's {len(texts)} are new; {number(seconds)} s",
        "only its changed chunks are encoded",
        encoder.texts == len(new) < len(texts),
    )


def _texts(document: SplitDocument) -> set[str]:
    """Every text that is encoded for a document."""
    chunks = document.chunks
    return {chunk.embedded_text for chunk in chunks} | {s.shown for chunk in chunks for s in chunk.sentences}
