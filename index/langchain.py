"""The index as a LangChain retriever, for anybody's chain."""

from pathlib import Path
from typing import Any, Self

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from reperage.corpus import Chunking
from reperage.index.address import section_url
from reperage.index.builds import courses_on, current_build
from reperage.index.encoder import Encoder
from reperage.index.errors import DamagedIndex, SearchIndexError
from reperage.index.index import Hit, Index
from reperage.index.manifest import Manifest, Recipe
from reperage.index.models import model_digest


class RepereRetriever(BaseRetriever):
    """Chunks of one course, best first.

    A document's `id` is the chunk's, its `page_content` the chunk's text. Its metadata has the fields of a citation:
    `document_id`, `document_title`, `heading_path`, `anchor`, `quote`, `start`, `end`, `line_start`, `line_end`,
    `page`, `url` and `document_version`; beside them `course` and `score`, higher for a better one within one search.
    `text[start:end]` of the course's document is the quote, in code points.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    index: Index
    """The course, open."""
    encoder: Encoder
    """The model that the index was built with."""
    k: int = Field(4, ge=1)
    """How many chunks are returned, at most."""
    base_url: str = ""
    """What addresses begin with, without a slash at the end."""

    @classmethod
    def load(
        cls, root: Path | str, course: str, k: int = 4, *, base_url: str = "", query_prompt: str | None = None
    ) -> Self:
        """Open the current build of `course` in a folder of indexes, with the model that it names.

        `query_prompt` is what is put before a question, `None` for the model's own.

        Raises:
            SearchIndexError: there is no such course.
            UnusableIndex: it is damaged, or was built by another version of the program or of the model.
            UnusableModel: its model cannot be loaded.
        """
        folder = current_build(Path(root), course)
        if folder is None:
            names = ", ".join(map(repr, courses_on(Path(root)))) or "none"
            raise SearchIndexError(
                f"there is no index of the course {course!r} in {str(root)!r} (there are: {names}); run "
                f"`repere build FOLDER --course {course}`, or name the folder `indexes` under REPERE_HOME"
            )
        manifest = Manifest.read(folder)
        recipe = _recipe(manifest, folder)
        index = Index.open(folder, recipe)
        encoder = Encoder.load(recipe.model, query_prompt=query_prompt, document_prompt=recipe.document_prompt)
        return cls(index=index, encoder=encoder, k=k, base_url=base_url)

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        hits = self.index.search(query, self.index.encode(query, self.encoder), self.k)
        return [
            Document(id=hit.chunk.id, page_content=hit.chunk.text, metadata=_metadata(self.index, hit, self.base_url))
            for hit in hits
        ]


def _recipe(manifest: Manifest, folder: Path) -> Recipe:
    """What this program would build by with the build's own model, chunk sizes and prompt."""
    try:
        chunking = Chunking(**manifest.parameters["chunking"])
        prompt = manifest.parameters["document_prompt"]
    except (KeyError, TypeError) as error:
        raise DamagedIndex(f"{str(folder / 'manifest.json')!r} lacks {error}; run `repere build`") from error
    return Recipe(manifest.model, model_digest(manifest.model), chunking, prompt)


def _metadata(index: Index, hit: Hit, base_url: str) -> dict[str, Any]:
    chunk, section = hit.chunk, hit.chunk.section
    document = index.document(section.document_id)
    line_start, line_end = document.lines(chunk.start, chunk.end)
    return {
        "course": document.course,
        "document_id": document.id,
        "document_title": document.title,
        "heading_path": list(section.heading_path),
        "anchor": section.anchor,
        "quote": chunk.text,
        "start": chunk.start,
        "end": chunk.end,
        "line_start": line_start,
        "line_end": line_end,
        "page": document.page_at(chunk.start),
        "url": section_url(base_url, document, section, (chunk.start, chunk.end)),
        "document_version": document.version,
        "score": hit.score,
    }
