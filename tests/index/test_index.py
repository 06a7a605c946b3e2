from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from index.analysis import terms
from index.encoder import Encoder
from index.fusion import fuse
from index.index import POOL, Index
from tests.conftest import MakeCourse
from tests.index.building import RECIPE, build, vector_of

TOPICS = ("conteneur", "image", "port", "volume", "réseau", "registre", "démon")
N = 230


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """More chunks than each search puts forward."""
    folder = tmp_path_factory.mktemp("large") / "cours"
    folder.mkdir()
    for i in range(N):
        # Each is longer than the one before, so that no two have the same BM25 score.
        text = f"# Leçon {i}\n\nLe {TOPICS[i % 7]} numéro {i}{' est isolé' * (i % 3)}. Fin {'bla ' * i}.\n"
        (folder / f"{i:03}.md").write_text(text, encoding="utf-8")
    return Index.open(build(folder, folder.parent / "indexes").folder, RECIPE)


def brute_force(index: Index, question: str, vector: np.ndarray) -> dict[str, tuple[float, float, float]]:
    """Fused, dense and lexical score by chunk id, of all candidates, by numpy alone."""
    chunks = [index._store.chunk(i) for i in range(len(index._store))]
    dense = np.array([vector_of(chunk.embedded_text) @ vector for chunk in chunks], dtype=np.float32)
    lexical = index.lexical.scores(terms(question))
    best = set(np.argsort(-dense, kind="stable")[:POOL]) | {
        i for i in np.argsort(-lexical, kind="stable")[:POOL] if lexical[i] > 0
    }
    rows = np.array(sorted(best))
    fused = fuse(dense[rows], lexical[rows])
    return {chunks[row].id: (float(fused[i]), float(dense[row]), float(lexical[row])) for i, row in enumerate(rows)}


@pytest.mark.parametrize("question", ["registre", "Le conteneur isolé 14 ?", "démon numéro 6", "rien de tel", ""])
def test_search_is_brute_force(large: Index, question: str) -> None:
    vector = vector_of(question)
    expected = brute_force(large, question, vector)
    hits = large.search(question, vector, k=20)
    assert [hit.rank for hit in hits] == list(range(1, 21))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    best = sorted((fused for fused, _, _ in expected.values()), reverse=True)
    assert [hit.score for hit in hits] == pytest.approx(best[:20], abs=1e-4)
    for hit in hits:
        assert (hit.score, hit.dense, hit.lexical) == pytest.approx(expected[hit.chunk.id], abs=1e-4)


def test_a_chunk_that_only_its_words_find_is_found(large: Index) -> None:
    far = -vector_of(large._store.chunk(14).embedded_text)
    hits = large.search("leçon 14", far, k=200)
    assert large._store.chunk(14).id in {hit.chunk.id for hit in hits}
    assert len({hit.row for hit in hits}) == len(hits)


@pytest.mark.parametrize("k", [1, 5, N, 10 * N])
def test_no_more_than_k_hits_and_no_more_than_there_are_chunks(large: Index, k: int) -> None:
    assert len(large.search("port", vector_of("port"), k)) == min(k, N)


def test_sentence_vectors_are_those_of_the_hits_sentences(large: Index) -> None:
    for hit in large.search("volume", vector_of("volume"), 5):
        vectors = large.sentence_vectors(hit)
        assert len(vectors) == len(hit.chunk.sentences) == 2
        for sentence, vector in zip(hit.chunk.sentences, vectors, strict=True):
            assert vector @ vector_of(sentence.shown) > 0.999


def test_the_chunks_of_a_section_are_all_of_it_in_order(make_course: MakeCourse, tmp_path: Path) -> None:
    long = " ".join(f"La phrase numéro {i} est isolée." for i in range(150))
    folder = make_course({"a.md": f"# A\n\nun\n\n# B\n\n{long}\n\n# C\n\ntrois"})
    index = Index.open(build(folder, tmp_path / "indexes").folder, RECIPE)
    for hit in index.search("phrase", vector_of("phrase"), 100):
        chunks = index.section_chunks(hit)
        assert hit.chunk in chunks
        assert {chunk.section for chunk in chunks} == {hit.chunk.section}
        assert len(chunks) == (1 if hit.chunk.section.title in "AC" else len(index._store) - 2)
        assert [chunk.start for chunk in chunks] == sorted(chunk.start for chunk in chunks)


def test_many_threads_find_what_one_finds(large: Index) -> None:
    questions = [f"{topic} {i}" for i, topic in enumerate(TOPICS * 10)]
    alone = [large.search(q, vector_of(q), 5) for q in questions]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda q: large.search(q, vector_of(q), 5), questions)) == alone


def test_a_document_that_is_not_there_is_a_key_error(large: Index) -> None:
    with pytest.raises(KeyError):
        large.document("absent")


@pytest.mark.model
@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("Qu'est-ce qu'un port interne ?", "Conteneur Docker"),
        ("Les images sont-elles immuables ?", "Image Docker"),
        ("Que fait le démon Docker ?", "Architecture Docker"),
        ("Can an image be modified by its container?", "Image Docker"),
    ],
)
def test_a_question_finds_its_section_first(index: Index, encoder: Encoder, question: str, title: str) -> None:
    hits = index.search(question, encoder.encode_query([question])[0], 3)
    assert hits[0].chunk.section.title == title
    for hit in hits:
        text = index.document(hit.chunk.section.document_id).text
        assert text[hit.chunk.start : hit.chunk.end] == hit.chunk.text
