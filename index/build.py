"""Building an index from the chunks of a course: encode what is new, write a new folder, make it the current one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from reperage.corpus import Chunk, Chunking, Course, Section, SplitDocument, split
from reperage.index import store
from reperage.index.builds import current_build, new_build
from reperage.index.encoder import Encoder, Vectors
from reperage.index.errors import UnusableIndex
from reperage.index.index import Index
from reperage.index.lexical import Lexical
from reperage.index.manifest import Manifest, Recipe, file_digest
from reperage.index.text.analysis import terms
from reperage.index.text.vocabulary import Vocabulary
from reperage.index.vectors import ChunkVectors, HeadingVectors, SentenceVectors

Progress = Callable[[int, int], None]
"""Called with how many of how many texts are encoded."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """A finished build: its folder, its manifest, and how many texts the encoder had to read."""

    folder: Path
    manifest: Manifest
    encoded: int


def build_index(
    course: Course,
    encoder: Encoder,
    recipe: Recipe,
    root: Path,
    material: str,
    progress: Progress = lambda done, total: None,
) -> BuildResult:
    """Build the index of `course` under `root` and make it the current one.

    Vectors of texts that the index before already holds are taken from it.

    Raises:
        BuildInProgress: another process builds this course.
        OSError: the disk is full or refuses; the index before stays as it was.
    """
    with new_build(root, course.id) as folder:
        documents = [
            split(d, encoder.count_tokens, chunking_within(recipe.chunking, encoder)) for d in course.documents
        ]
        chunks = [chunk for document in documents for chunk in document.chunks]
        sentences = [chunk.in_context(sentence) for chunk in chunks for sentence in chunk.sentences]
        headings = list(dict.fromkeys(chunk.heading for chunk in chunks))
        texts = [*(chunk.embedded_text for chunk in chunks), *headings, *sentences]
        vectors, encoded = _encode(texts, encoder, _known_vectors(root, course.id, recipe), progress)
        of_chunks, of_headings, of_sentences = np.split(vectors, [len(chunks), len(chunks) + len(headings)])

        store.write(folder, documents)
        ChunkVectors.build(of_chunks).save(folder / "vectors.faiss")
        _heading_vectors(of_headings, headings, chunks).save(folder)
        first = np.cumsum([0, *(len(chunk.sentences) for chunk in chunks)], dtype=np.int64)
        SentenceVectors(of_sentences.astype(np.float16), first).save(folder)
        _vocabulary(chunks).save(folder)
        Lexical.build([terms(chunk.embedded_text) for chunk in chunks]).save(folder / "lexical")
        manifest = _manifest(course, documents, recipe, encoder, material, len(sentences))
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        checksums = {path.relative_to(folder).as_posix(): file_digest(path) for path in files}
        manifest = replace(manifest, checksums=checksums)
        manifest.write(folder)
    build = current_build(root, course.id)
    assert build is not None
    return BuildResult(build, manifest, encoded)


def chunking_within(chunking: Chunking, encoder: Encoder) -> Chunking:
    """`chunking` within what the encoder reads of a text."""
    limit = min(chunking.limit, encoder.max_tokens)
    return Chunking(min(chunking.target, limit), limit, min(chunking.heading_limit, limit // 4))


def _known_vectors(root: Path, course: str, recipe: Recipe) -> dict[str, Vectors]:
    """Vectors by text, of the current index where it was made with the same model and prompt."""
    folder = current_build(root, course)
    if folder is None:
        return {}
    try:
        index = Index.open(folder, recipe=None)
    except UnusableIndex:
        return {}
    return index.vectors_by_text() if index.manifest.has_vectors_of(recipe) else {}


def _encode(
    texts: Sequence[str], encoder: Encoder, known: dict[str, Vectors], progress: Progress
) -> tuple[Vectors, int]:
    """The vectors of `texts`, each text encoded once and only if it is not known, and how many were."""
    new = [text for text in dict.fromkeys(texts) if text not in known]
    done = 0

    def count(encoded: int) -> None:
        nonlocal done
        done += encoded
        progress(done, len(new))

    if new:
        progress(0, len(new))
        known = known | dict(zip(new, encoder.encode_document(new, count), strict=True))
    vectors = np.empty((len(texts), encoder.dimensions), dtype=np.float32)
    for i, text in enumerate(texts):
        vectors[i] = known[text]
    return vectors, len(new)


def _heading_vectors(vectors: Vectors, headings: Sequence[str], chunks: Sequence[Chunk]) -> HeadingVectors:
    places = {heading: i for i, heading in enumerate(headings)}
    sections: dict[str, set[Section]] = {}
    for chunk in chunks:
        sections.setdefault(chunk.heading, set()).add(chunk.section)
    shared = np.array([len(sections[heading]) for heading in headings], dtype=np.int32)
    return HeadingVectors(vectors, np.array([places[chunk.heading] for chunk in chunks], dtype=np.int32), shared)


def _vocabulary(chunks: Sequence[Chunk]) -> Vocabulary:
    sentences = [sentence for chunk in chunks for sentence in chunk.sentences]
    headings = dict.fromkeys(title for chunk in chunks for title in chunk.section.heading_path)
    prose = [*headings, *(sentence.shown for sentence in sentences if sentence.kind != "code")]
    return Vocabulary.build(prose, (sentence.shown for sentence in sentences if sentence.kind == "code"))


def _manifest(
    course: Course,
    documents: Sequence[SplitDocument],
    recipe: Recipe,
    encoder: Encoder,
    material: str,
    sentences: int,
) -> Manifest:
    return Manifest(
        course=course.id,
        title=course.title,
        language=course.language,
        material=material,
        model=recipe.model,
        model_digest=recipe.model_digest,
        dimensions=encoder.dimensions,
        parameters=recipe.parameters(),
        sources={d.source.path: d.source.digest for d in course.documents},
        documents={d.id: d.version for d in course.documents},
        passed_over=course.passed_over,
        counts={
            "documents": len(documents),
            "sections": sum(len(d.sections) for d in documents),
            "empty_sections": sum(s.is_empty for d in documents for s in d.sections),
            "chunks": sum(len(d.chunks) for d in documents),
            "sentences": sentences,
        },
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
