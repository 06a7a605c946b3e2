"""Teaching material: files into documents, sections and chunks with exact spans."""

from reperage.corpus.chunk import Chunk, Chunking, CountTokens, Sentence, shown_text
from reperage.corpus.course import (
    Course,
    SplitDocument,
    document_paths,
    has_section,
    read_course,
    source_digests,
    split,
)
from reperage.corpus.document import Document, Source, slug, text_version
from reperage.corpus.section import Section
from reperage.corpus.shipped import MATERIAL

__all__ = [
    "MATERIAL",
    "Chunk",
    "Chunking",
    "CountTokens",
    "Course",
    "Document",
    "Section",
    "Sentence",
    "Source",
    "SplitDocument",
    "document_paths",
    "has_section",
    "read_course",
    "shown_text",
    "slug",
    "source_digests",
    "split",
    "text_version",
]
