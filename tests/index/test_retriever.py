import pytest

from index.encoder import Encoder
from index.index import Index
from index.retriever import CourseRetriever

pytestmark = pytest.mark.model


def test_what_the_retriever_gives_is_what_the_span_in_its_metadata_holds(index: Index, encoder: Encoder) -> None:
    found = CourseRetriever(index=index, encoder=encoder, k=3).invoke("Qu'est-ce qu'un port interne ?")
    assert len(found) == 3
    for document in found:
        source = index.document(document.metadata["document_id"])
        assert source.text[document.metadata["start"] : document.metadata["end"]] == document.page_content
        assert document.metadata["document_version"] == source.version


def test_the_retriever_finds_what_the_index_finds_in_its_order(index: Index, encoder: Encoder) -> None:
    question = "Où sont stockées les images ?"
    hits = index.search(question, encoder.encode_query([question])[0], 4)
    found = CourseRetriever(index=index, encoder=encoder).invoke(question)
    assert [document.id for document in found] == [hit.chunk.id for hit in hits]
    assert [document.metadata["score"] for document in found] == [hit.score for hit in hits]
    assert found[0].metadata["heading_path"] == list(hits[0].chunk.section.heading_path)
    assert found[0].metadata["anchor"] == hits[0].chunk.section.anchor
    assert found[0].metadata["course"] == "docker"
