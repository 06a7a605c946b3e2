import asyncio
import json
import shutil
from pathlib import Path

import pytest
from langchain_core.runnables import RunnableLambda, RunnablePassthrough

from reperage.index.address import section_url
from reperage.index.builds import current_build
from reperage.index.errors import DamagedIndex, SearchIndexError, WrongModel
from reperage.index.langchain import RepereRetriever
from reperage.service.contract.answer import Citation

pytestmark = pytest.mark.model

PAGE = Path(__file__).parents[2] / "docs" / "langchain.md"
QUESTION = "Qu'est-ce qu'un port interne ?"


@pytest.fixture
def retriever(index, encoder):
    return RepereRetriever(index=index, encoder=encoder, k=3)


def test_what_the_retriever_gives_is_what_the_span_in_its_metadata_holds(index, retriever):
    found = retriever.invoke(QUESTION)
    assert len(found) == 3
    for document in found:
        source = index.document(document.metadata["document_id"])
        place = document.metadata
        assert source.text[place["start"] : place["end"]] == document.page_content == place["quote"]
        lines = source.text.split("\n")[place["line_start"] - 1 : place["line_end"]]
        assert place["quote"] in "\n".join(lines)
        assert place["quote"].startswith(lines[0].strip()[:5])
        assert place["document_version"] == source.version
        assert place["page"] is None


def test_metadata_has_the_names_of_a_citation(retriever):
    # A chunk is no sentence of an answer: it has no number, and no quote as a reader sees it.
    for document in retriever.invoke(QUESTION):
        assert document.metadata.keys() == {*Citation.model_fields, "course", "score"} - {"number", "shown"}
        Citation(number=1, **document.metadata)


def test_the_retriever_finds_what_the_index_finds_in_its_order(index, encoder):
    hits = index.search(QUESTION, index.encode(QUESTION, encoder), 4)
    found = RepereRetriever(index=index, encoder=encoder).invoke(QUESTION)
    assert [document.id for document in found] == [hit.chunk.id for hit in hits]
    assert [document.metadata["score"] for document in found] == [hit.score for hit in hits]
    best = hits[0].chunk.section
    assert found[0].metadata["heading_path"] == list(best.heading_path)
    assert found[0].metadata["anchor"] == best.anchor
    assert found[0].metadata["course"] == "docker"


def test_addresses_are_those_of_the_service_and_begin_with_the_base(index, encoder):
    [document] = RepereRetriever(index=index, encoder=encoder, k=1, base_url="https://cours.example").invoke(QUESTION)
    place = document.metadata
    source = index.document(place["document_id"])
    section = next(s for s in index.sections(source.id) if s.anchor == place["anchor"])
    assert place["url"] == section_url("https://cours.example", source, section, (place["start"], place["end"]))
    assert place["url"].startswith("https://cours.example/courses/docker/documents/")


def test_it_is_a_part_of_a_chain_alone_in_batches_and_awaited(retriever):
    def titles(documents):
        return [document.metadata["heading_path"] for document in documents]

    chain = retriever | RunnableLambda(titles)
    questions = [QUESTION, "Où sont stockées les images ?"]
    expected = [titles(retriever.invoke(question)) for question in questions]

    assert expected[0] != expected[1]
    assert [chain.invoke(question) for question in questions] == expected
    assert chain.batch(questions) == expected
    assert asyncio.run(chain.ainvoke(QUESTION)) == expected[0]
    assert asyncio.run(chain.abatch(questions)) == expected
    assert list(chain.stream(QUESTION)) == [expected[0]]

    both = {"context": retriever, "question": RunnablePassthrough()} | RunnableLambda(lambda given: given["question"])
    assert both.invoke(QUESTION) == QUESTION


def test_a_course_is_loaded_with_the_model_that_it_was_built_with(home, retriever):
    loaded = RepereRetriever.load(home / "indexes", "docker", 3)
    assert loaded.invoke(QUESTION) == retriever.invoke(QUESTION)
    assert loaded.index.manifest.course == "docker"


def test_a_course_that_is_not_there_is_told_with_those_that_are(home, tmp_path):
    with pytest.raises(SearchIndexError, match=r"'réseau'.*there are: 'docker'.*repere build FOLDER --course réseau"):
        RepereRetriever.load(home / "indexes", "réseau")
    with pytest.raises(SearchIndexError, match=r"there are: none.*REPERE_HOME"):
        RepereRetriever.load(tmp_path / "nowhere", "docker")


def test_another_model_of_the_same_name_is_refused(home, tmp_path):
    root = Path(shutil.copytree(home / "indexes", tmp_path / "indexes"))
    change(root, model_digest="sha256:another")
    with pytest.raises(WrongModel, match="repere build"):
        RepereRetriever.load(root, "docker")
    change(root, parameters={})
    with pytest.raises(DamagedIndex, match=r"manifest\.json.*lacks 'chunking'"):
        RepereRetriever.load(root, "docker")


def test_no_chunks_cannot_be_asked_for(index, encoder):
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        RepereRetriever(index=index, encoder=encoder, k=0)


def test_the_example_of_the_page_runs(home, tmp_path, monkeypatch, capsys):
    (tmp_path / "var").symlink_to(home, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    [example] = PAGE.read_text(encoding="utf-8").split("```python\n")[1:]

    exec(compile(example.partition("```")[0], str(PAGE), "exec"), {})

    printed = capsys.readouterr().out
    assert printed.startswith("[1] Introduction Docker › ")
    assert "port exposé" in printed
    assert "\n\n[3] " in printed


def change(root, **values):
    folder = current_build(root, "docker")
    assert folder is not None
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")
