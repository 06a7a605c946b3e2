from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from reperage.index.encoder import Encoder
from reperage.index.fusion import _COVERAGE, _DENSE, _HEADING, _LEXICAL, _NEIGHBOUR, _SENTENCE, fuse, standardise
from reperage.index.index import POOL, SHORTLIST, Index
from reperage.index.text.analysis import term_set
from tests.conftest import MakeCourse
from tests.index.building import RECIPE, build, vector_of

TOPICS = ("conteneur", "image", "port", "volume", "réseau", "registre", "démon")
N = 230


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """More chunks than each search puts forward; three lessons share a title, every twentieth is empty."""
    folder = tmp_path_factory.mktemp("large") / "cours"
    folder.mkdir()
    for i in range(N):
        # Each is longer than the one before, so that no two have the same BM25 score.
        text = f"Le {TOPICS[i % 7]} numéro {i}{' est isolé' * (i % 3)}. Fin {'bla ' * i}." if i % 20 != 19 else ""
        (folder / f"{i:03}.md").write_text(f"# Leçon {i // 3}\n\n{text}\n", encoding="utf-8")
    return Index.open(build(folder, folder.parent / "indexes").folder, RECIPE)


def pool_by_hand(index: Index, question: str, vector: np.ndarray) -> list[tuple[int, float, float]]:
    """Row, cosine and BM25 score of every candidate, by the fused score, by numpy alone."""
    dense = np.array([vector_of(index._store.chunk(i).embedded_text) @ vector for i in range(N)], dtype=np.float32)
    lexical = index.lexical.scores(index.query(question).stems)
    best = set(np.argsort(-dense, kind="stable")[:POOL]) | {
        i for i in np.argsort(-lexical, kind="stable")[:POOL] if lexical[i] > 0
    }
    rows = np.array(sorted(best))
    fused = fuse(dense[rows], lexical[rows])
    order = np.argsort(-fused, kind="stable")
    return [(int(row), float(dense[row]), float(lexical[row])) for row in rows[order]]


def shortlist_by_hand(index: Index, question: str, vector: np.ndarray) -> dict[int, dict[str, float]]:
    """The score and the signals of the shortlist by row, each from the chunk's own text."""
    query = index.query(question)
    sections = Counter(index._store.chunk(i).heading for i in range(N))
    found: dict[int, dict[str, float]] = {}
    for row, dense, lexical in pool_by_hand(index, question, vector)[:SHORTLIST]:
        chunk = index._store.chunk(row)
        held = [term.weight for term in query.terms if term.stems & term_set(chunk.embedded_text)]
        apart = sections[chunk.heading] ** -0.5
        found[row] = {
            "dense": dense,
            "lexical": lexical,
            "sentence": max([vector_of(chunk.in_context(s)) @ vector for s in chunk.sentences], default=dense),
            "coverage": sum(held) / sum(term.weight for term in query.terms) if held else 0.0,
            "heading": apart * (vector_of(chunk.heading) @ vector) + (1 - apart) * dense,
        }
    weights = {"dense": _DENSE, "lexical": _LEXICAL, "sentence": _SENTENCE, "coverage": _COVERAGE, "heading": _HEADING}
    standard = {name: standardise(np.array([signals[name] for signals in found.values()])) for name in weights}
    own = {row: sum(w * standard[name][i] for name, w in weights.items()) for i, row in enumerate(found)}
    for row, signals in found.items():
        beside = [own[r] for r in (row - 1, row + 1) if r in own and r // 3 == row // 3]
        signals["score"] = own[row] + _NEIGHBOUR * max([0.0, *beside])
    return found


@pytest.mark.parametrize(
    "question", ["registre", "Le conteneur isolé 14 ?", "démon numéro 6", "rien de tel", "", "fin"]
)
def test_search_is_brute_force(large: Index, question: str) -> None:
    vector = vector_of(question)
    expected = shortlist_by_hand(large, question, vector)
    hits = large.search(question, vector, k=20)
    assert [hit.rank for hit in hits] == list(range(1, 21))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    # Sentences are stored as float16.
    best = sorted((signals["score"] for signals in expected.values()), reverse=True)
    assert [hit.score for hit in hits] == pytest.approx(best[:20], abs=0.01)
    for hit in hits:
        signals = expected[hit.row]
        assert hit.chunk == large._store.chunk(hit.row)
        assert (hit.score, hit.sentence) == pytest.approx((signals["score"], signals["sentence"]), abs=0.01)
        assert (hit.dense, hit.lexical) == pytest.approx((signals["dense"], signals["lexical"]), abs=1e-4)
        assert hit.coverage == pytest.approx(signals["coverage"], abs=1e-4)


def test_what_is_not_looked_at_by_sentences_comes_last_by_the_fused_score(large: Index) -> None:
    question = "démon numéro 6"
    vector = vector_of(question)
    rows = [row for row, _, _ in pool_by_hand(large, question, vector)][:POOL]
    hits = large.search(question, vector, k=POOL)
    assert {hit.row for hit in hits[:SHORTLIST]} == set(rows[:SHORTLIST])
    assert [hit.row for hit in hits[SHORTLIST:]] == rows[SHORTLIST:]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_the_last_stage_is_the_search_and_each_has_its_own_order(large: Index) -> None:
    question = "démon numéro 6"
    vector = vector_of(question)
    by_hand = pool_by_hand(large, question, vector)
    stages = large.stages(question, vector, 10)
    assert list(stages)[-1] == "final"
    assert stages["final"] == [hit.chunk for hit in large.search(question, vector, 10)]
    assert stages["fused"] == [large._store.chunk(row) for row, _, _ in by_hand[:10]]
    for name, place in (("dense", 1), ("lexical", 2)):
        best = sorted(by_hand, key=lambda candidate, place=place: -candidate[place])[:10]
        assert stages[name] == [large._store.chunk(row) for row, _, _ in best]


def test_a_chunk_that_only_its_words_find_is_found(large: Index) -> None:
    far = -vector_of(large._store.chunk(14).embedded_text)
    hits = large.search("numéro 14", far, k=200)
    assert large._store.chunk(14).id in {hit.chunk.id for hit in hits}
    assert len({hit.row for hit in hits}) == len(hits)


@pytest.mark.parametrize("k", [1, 5, N, 10 * N])
def test_no_more_than_k_hits_and_no_more_than_there_are_chunks(large: Index, k: int) -> None:
    assert len(large.search("port", vector_of("port"), k)) == min(k, N)


def test_sentence_vectors_are_those_of_the_hits_sentences(large: Index) -> None:
    for hit in large.search("volume", vector_of("volume"), 5):
        vectors = large.sentence_vectors(hit)
        assert len(vectors) == len(hit.chunk.sentences)
        for sentence, vector in zip(hit.chunk.sentences, vectors, strict=True):
            assert vector @ vector_of(hit.chunk.in_context(sentence)) > 0.999


def test_the_chunks_of_a_section_are_all_of_it_in_order(make_course: MakeCourse, tmp_path: Path) -> None:
    long = " ".join(f"La phrase numéro {i} est isolée." for i in range(150))
    folder = make_course({"a.md": f"# A\n\nun\n\n# B\n\n{long}\n\n# C\n\ntrois"})
    index = Index.open(build(folder, tmp_path / "indexes").folder, RECIPE)
    for hit in index.search("phrase", vector_of("phrase"), 100):
        chunks = index.section_chunks(hit.chunk.section)
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
