"""The index as a LangChain retriever, for anybody's chain."""

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from index.encoder import Encoder
from index.index import Index


class CourseRetriever(BaseRetriever):
    """Chunks of one course, best first.

    A document's `page_content` is the chunk's text; its metadata holds the document's id and version, the heading
    path, the anchor, the span (`text[start:end]` of the document is the content) and the score.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    index: Index
    encoder: Encoder
    k: int = 4

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        hits = self.index.search(query, self.index.encode(query, self.encoder), self.k)
        return [
            Document(
                id=hit.chunk.id,
                page_content=hit.chunk.text,
                metadata={
                    "course": self.index.manifest.course,
                    "document_id": hit.chunk.section.document_id,
                    "document_version": self.index.document(hit.chunk.section.document_id).version,
                    "heading_path": list(hit.chunk.section.heading_path),
                    "anchor": hit.chunk.section.anchor,
                    "start": hit.chunk.start,
                    "end": hit.chunk.end,
                    "score": hit.score,
                },
            )
            for hit in hits
        ]
