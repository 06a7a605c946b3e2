import pytest
from hypothesis import given
from hypothesis import strategies as st

from reperage.corpus import MATERIAL, Chunking, read_course, shown_text, split
from reperage.index.encoder import Encoder
from tests.conftest import at_most
from tests.corpus.generated import documents
from tests.corpus.reading import check_laws, document_of, quotes_of, sentences_of, split_text, words

SMALL = Chunking(target=24, limit=40, heading_limit=10)


def test_a_chunk_embeds_its_title_and_heading_path_then_what_its_sentences_show() -> None:
    text = "# Cours\n\n## Ports\n\nUn **port**. Deux.\n\n- a\n- b\n\n```\nx\n```\n"
    (chunk,) = split_text(text).chunks
    assert chunk.embedded_text == "Cours › Ports\nUn port. Deux.\na\nb\nx"
    assert chunk.text == "Un **port**. Deux.\n\n- a\n- b\n\n```\nx"
    assert shown_text(chunk.sentences) == "Un port. Deux.\na\nb\nx"


def test_an_empty_section_is_one_chunk_of_its_heading() -> None:
    text = "# Cours\n\nbla\n\n## Volume Docker\n\nTODO\n"
    chunk = split_text(text).chunks[-1]
    assert (chunk.text, chunk.sentences, chunk.embedded_text) == ("## Volume Docker", (), "Cours › Volume Docker")
    assert chunk.section.is_empty


def test_a_heading_without_text_over_written_ones_has_no_chunk() -> None:
    assert [c.section.heading_path for c in split_text("# A\n## B\ntexte\n# C\ntexte").chunks] == [("A", "B"), ("C",)]


def test_no_chunk_crosses_a_heading() -> None:
    chunks = split_text("# A\nun\n# B\ndeux\n# C\ntrois").chunks
    assert [c.text for c in chunks] == ["un", "deux", "trois"]


def test_chunks_of_a_long_section_are_of_about_one_size() -> None:
    text = "# A\n\n" + " ".join(f"La phrase {i:03} est courte." for i in range(100))
    sizes = [words([c.embedded_text])[0] for c in split_text(text).chunks]
    assert len(sizes) == 4
    assert max(sizes) - min(sizes) < 20


@at_most(50)
@given(text=documents)
def test_a_sentence_is_cut_only_where_it_alone_is_too_long(text: str) -> None:
    unlimited = split_text(text, Chunking(10**6, 10**6, SMALL.heading_limit))
    whole = {(s.start, s.end) for chunk in unlimited.chunks for s in chunk.sentences}
    for chunk in split_text(text, SMALL).chunks:
        for sentence in chunk.sentences:
            if (sentence.start, sentence.end) not in whole:
                outer = next((a, b) for a, b in whole if a <= sentence.start and sentence.end <= b)
                # What is shown and the heading share the limit, so that 29 tokens of it are the text's at least.
                assert (outer[1] - outer[0]) > 4 * (SMALL.limit - SMALL.heading_limit - 2)


@pytest.mark.parametrize(
    "text",
    [
        "```\n" + "docker run image\n" * 60 + "```",
        "mot " * 400,
        "x" * 5000,
        "| " + "mot " * 200 + "| b |\n|---|---|\n| c | d |",
        "&eacute;" * 1000,
    ],
)
def test_what_is_too_long_alone_is_cut_and_nothing_of_it_is_lost(text: str) -> None:
    result = split_text(text, SMALL)
    check_laws(result, SMALL)
    together = "".join(s.shown for c in result.chunks for s in c.sentences)
    (whole,) = {"".join(s.shown for s in sentences_of(text))}
    assert "".join(together.split()) == "".join(whole.split())


def test_long_code_is_cut_at_the_ends_of_lines() -> None:
    text = "```\n" + "    docker run image\n" * 60 + "```"
    pieces = [s for c in split_text(text, SMALL).chunks for s in c.sentences]
    assert len(pieces) > 5
    assert {line for s in pieces for line in text[s.start : s.end].split("\n")} == {"    docker run image"}


def test_a_heading_path_that_is_too_long_drops_its_outermost_titles_first() -> None:
    text = "# Cours\n## " + "a" * 30 + "\n### Fin\ntexte\n# " + "b" * 500 + "\nautre"
    near, far = split_text(text, SMALL).chunks
    assert near.embedded_text.split("\n")[0].endswith(" › Fin")
    assert "Cours" not in near.embedded_text
    assert words([far.embedded_text.split("\n")[0]])[0] <= SMALL.heading_limit


def test_an_id_depends_on_document_span_and_text_only() -> None:
    ids = [c.id for c in split_text("# A\n\nun\n\n# B\n\ndeux").chunks]
    assert [c.id for c in split_text("# A\n\nun\n\n# C\n\ndeux").chunks] == ids
    first, second = (c.id for c in split_text("# A\n\nun\n\n# B\n\ntrois").chunks)
    assert first == ids[0]
    assert second != ids[1]
    assert split_text("# AB\n\nun\n\n# B\n\ndeux").chunks[0].id != ids[0]


def test_a_list_item_of_several_sentences_has_a_unit_for_each() -> None:
    text = "- Un port. Deux ports.\n- Trois"
    assert quotes_of(text) == ["Un port.", "Deux ports.", "Trois"]
    assert [s.block for s in sentences_of(text)] == [0, 0, 1]


@pytest.mark.model
@given(
    texts=st.lists(
        st.sampled_from(["conteneur", "🐳", "l'été", "&eacute;", "x.Y.z", "```a```", "déjà-vu", "\xa0!", "漢字", "…"]),
        max_size=300,
    )
)
def test_no_embedded_text_is_longer_than_the_model_reads(encoder: Encoder, texts: list[str]) -> None:
    chunking = Chunking(32, 64, 16)
    document = document_of("# Un titre assez long pour compter\n\n" + " ".join(texts) + "\n\n" + "".join(texts))
    result = split(document, encoder.count_tokens, chunking)
    for chunk in result.chunks:
        assert encoder.count_tokens([chunk.embedded_text])[0] <= chunking.limit


@pytest.mark.model
def test_the_shipped_course_fits_into_the_model(encoder: Encoder) -> None:
    (document,) = read_course(MATERIAL / "docker", "docker").documents
    chunks = split(document, encoder.count_tokens, Chunking()).chunks
    assert max(encoder.count_tokens([c.embedded_text for c in chunks])) <= Chunking().limit <= encoder.max_tokens
