"""Indexes of an evaluation: the real ones, built where they do not stand already."""

import shutil
from typing import TYPE_CHECKING

from reperage.corpus import Course, slug
from reperage.index.builds import find_build
from reperage.index.index import Index
from reperage.service.courses.building import BuildProgress
from reperage.service.evaluation.beir import BeirSet
from reperage.service.settings import Settings

if TYPE_CHECKING:
    from reperage.index.encoder import Encoder  # PyTorch takes seconds to import.


def load_encoder(settings: Settings) -> "Encoder":
    from reperage.index.encoder import Encoder

    return Encoder.load(
        settings.embedding_model,
        threads=settings.encoder_threads,
        query_prompt=settings.query_prompt,
        document_prompt=settings.document_prompt,
    )


def index_of(course: Course, encoder: "Encoder", settings: Settings, build_progress: BuildProgress) -> Index:
    """Index of `course`: one that fits, or a new one."""
    from reperage.index.build import build_index

    root = settings.index_roots[0]
    sources = {document.source.path: document.source.digest for document in course.documents}
    folder = find_build([root], course.id, settings.recipe, sources, course.language)
    if folder is None:
        build = build_index(
            course,
            encoder,
            settings.recipe,
            root,
            material=course.title,
            progress=lambda done, total: build_progress(course.id, done, total),
        )
        folder = build.folder
    return Index.open(folder, settings.recipe)


def index_without_removed(
    beir_set: BeirSet, encoder: "Encoder", settings: Settings, build_progress: BuildProgress
) -> Index:
    """Index without the removed passages; it begins as a copy of the whole one, whose vectors it takes."""
    whole = slug(beir_set.name)
    name = f"{whole}-without-removed"
    root = settings.index_roots[0]
    if not (root / name).exists():
        shutil.copytree(root / whole, root / name)
    return index_of(beir_set.course(name, beir_set.removed), encoder, settings, build_progress)
