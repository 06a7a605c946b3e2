"""A section as JSON: its sentences around what is quoted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reperage.index.index import Index
from reperage.service.errors import UnknownDocument
from reperage.service.sources.links import SourceLinks
from reperage.service.sources.section_view import MOST_SHOWN, SourceSection, source_section
from tests.index.building import RECIPE, build
from tests.service.serving import REFERENCE, Served, assert_problem

LONG = "\n\n".join(f"La phrase **numéro {i}** de la longue section dit une chose." for i in range(1500))
ROWS = "\n".join(f"| ligne {i} | la valeur de la ligne numéro {i} |" for i in range(1500))
COURSE = {
    "a.md": "Avant tout titre.\n\n# Ports\n\nUn **port**. Voir [b](b.md#c).\n\n# Vide\n\nTODO\n\n"
    "# Titres\n\n## Sous\n\nx y\n",
    "long.md": f"# Longue\n\n{LONG}\n\n# Table\n\nVoici :\n\n| nom | valeur |\n|--|--|\n{ROWS}\n\nFin.\n",
    "points.md": "# Points\n\nDébut.\n\n" + "." * 60_000 + "\n\nFin.\n",
    "b.md": "# C\n\nBla bla.\n",
    "rien.md": "",
}
BASE = "https://h"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("cours")
    for name, text in COURSE.items():
        (folder / name).write_text(text, encoding="utf-8")
    return Index.open(build(folder, tmp_path_factory.mktemp("indexes")).folder, RECIPE)


def section(
    course: Index,
    document: str,
    anchor: str | None = None,
    quote: str | tuple[int | None, int | None] = (None, None),
    version: str | None = None,
) -> SourceSection:
    if isinstance(quote, str):
        start = course.document(document).text.index(quote)
        quote = (start, start + len(quote))
    return source_section(course, document, anchor, quote, version, SourceLinks(BASE))


def texts(found: SourceSection) -> list[str]:
    return [sentence.text for sentence in found.sentences]


def quoted(found: SourceSection) -> list[str]:
    return [sentence.text for sentence in found.sentences if sentence.quoted]


def test_a_section_has_its_own_sentences_as_they_are_set(course: Index) -> None:
    found = section(course, "a", "ports", "Un **port**.")
    assert found.heading_path == ["Ports"]
    assert texts(found) == ["Un port.", "Voir b."]
    assert [span.marks for span in found.sentences[0].spans] == [[], ["strong"], []]
    href = found.sentences[1].spans[1].href
    assert href is not None
    assert href.startswith(f"{BASE}/courses/")
    assert href.endswith("#c")
    assert quoted(found) == ["Un port."]
    assert (found.more_before, found.more_after, found.is_empty) == (False, False, False)
    assert "&start=" in found.url


def test_spans_of_sentences_are_the_documents(course: Index) -> None:
    text = course.document("a").text
    assert [text[s.start : s.end] for s in section(course, "a", "ports").sentences] == [
        "Un **port**.",
        "Voir [b](b.md#c).",
    ]


@pytest.mark.parametrize("anchor", [None, ""])
def test_without_an_anchor_the_section_is_the_one_where_the_quote_begins(course: Index, anchor: str | None) -> None:
    found = section(course, "long", anchor, "Voici :")
    assert found.anchor == "table"
    assert section(course, "long", anchor).anchor == "longue"


def test_text_before_the_first_heading_has_an_empty_anchor(course: Index) -> None:
    assert texts(section(course, "a", "", "Avant tout titre.")) == ["Avant tout titre."]
    assert texts(section(course, "a", "")) == ["Avant tout titre."]


def test_an_empty_section_and_one_of_titles_alone_have_no_sentences(course: Index) -> None:
    assert (section(course, "a", "vide").is_empty, texts(section(course, "a", "vide"))) == (True, [])
    assert (section(course, "a", "titres").is_empty, texts(section(course, "a", "titres"))) == (False, [])


def test_of_a_long_section_come_whole_sentences_around_the_quote(course: Index) -> None:
    found = section(course, "long", "longue", "La phrase **numéro 700** de la longue section dit une chose.")
    assert quoted(found) == ["La phrase numéro 700 de la longue section dit une chose."]
    assert found.more_before
    assert found.more_after
    assert MOST_SHOWN * 0.9 < sum(map(len, texts(found))) <= MOST_SHOWN
    at = [sentence.quoted for sentence in found.sentences].index(True)
    assert abs(at - len(found.sentences) / 2) < 3
    numbers = [int(text.split()[3]) for text in texts(found)]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))


def test_of_a_long_section_without_a_quote_comes_its_beginning(course: Index) -> None:
    found = section(course, "long", "longue")
    assert texts(found)[0].startswith("La phrase numéro 0 ")
    assert (found.more_before, found.more_after) == (False, True)


def test_the_end_of_a_long_section_has_nothing_behind_it(course: Index) -> None:
    found = section(course, "long", "longue", "La phrase **numéro 1499** de la longue section dit une chose.")
    assert (found.more_before, found.more_after) == (True, False)


def test_a_table_that_is_cut_keeps_its_head(course: Index) -> None:
    found = section(course, "long", "table", "la valeur de la ligne numéro 1200")
    assert [s.is_header for s in found.sentences].count(True) == 1
    assert texts(found)[0] == "nom | valeur"
    assert found.sentences[0].end < found.sentences[1].start - 1000
    assert found.more_before
    assert quoted(found) == ["ligne 1200 | la valeur de la ligne numéro 1200"]


def test_a_sentence_that_alone_is_too_long_is_cut(course: Index) -> None:
    found = section(course, "points", "points", "." * 60_000)
    assert sum(map(len, texts(found))) <= MOST_SHOWN
    assert any(sentence.quoted for sentence in found.sentences)


def test_spans_of_another_version_mark_nothing(course: Index) -> None:
    found = section(course, "a", "ports", "Un **port**.", version="sha256:autre")
    assert (found.is_current, quoted(found), texts(found)) == (False, [], ["Un port.", "Voir b."])
    assert "&start=" not in found.url
    assert section(course, "a", "ports", version=course.document("a").version).is_current


@pytest.mark.parametrize("quote", [(9, 4), (5, 5), (10**9, 10**12), (0, 1), (None, 40), (40, None)])
def test_a_span_that_marks_nothing_of_the_section_is_no_error(
    course: Index, quote: tuple[int | None, int | None]
) -> None:
    assert quoted(section(course, "a", "ports", quote)) == []


@pytest.mark.parametrize(
    ("document", "anchor", "quote"),
    [
        ("a", "nulle-part", (None, None)),
        ("a", None, (10**9, 10**10)),
        ("rien", None, (None, None)),
        ("rien", "x", (0, 1)),
    ],
)
def test_a_section_that_is_not_there_is_named(course: Index, document: str, anchor: str | None, quote: Any) -> None:
    with pytest.raises(UnknownDocument, match=repr(document)):
        section(course, document, anchor, quote)


@given(
    document=st.sampled_from(["a", "long", "points"]),
    start=st.one_of(st.none(), st.integers(0, 120_000)),
    end=st.one_of(st.none(), st.integers(0, 120_000)),
    anchor=st.sampled_from([None, "", "ports", "longue", "table", "points"]),
)
def test_whatever_is_quoted_sentences_are_in_order_and_bounded(
    course: Index, document: str, start: int | None, end: int | None, anchor: str | None
) -> None:
    try:
        found = section(course, document, anchor, (start, end))
    except UnknownDocument:
        return
    assert [s.start for s in found.sentences] == sorted({s.start for s in found.sentences})
    assert sum(map(len, texts(found))) <= MOST_SHOWN + len("nom | valeur")
    for sentence in found.sentences:
        overlaps = (
            start is not None and end is not None and start < end and sentence.start < end and start < sentence.end
        )
        assert sentence.quoted == overlaps


@pytest.mark.model
def test_what_an_answer_cites_is_quoted_in_its_section(server: Served) -> None:
    answer = server.ask(REFERENCE)
    for sentence in answer["sentences"]:
        (citation,) = (answer["citations"][number - 1] for number in sentence["citations"])
        address = f"/v1/courses/docker/documents/{citation['document_id']}/section"
        names = {"anchor": "anchor", "start": "start", "end": "end", "version": "document_version"}
        response = server.client.get(address, params={name: citation[field] for name, field in names.items()})
        assert response.status_code == 200
        found = response.json()
        assert found["is_current"]
        assert found["url"] == citation["url"]
        (marked,) = (s for s in found["sentences"] if s["quoted"])
        assert {name: marked[name] for name in sentence if name != "citations"} == {
            name: value for name, value in sentence.items() if name != "citations"
        }
    assert any(span["marks"] for sentence in answer["sentences"] for span in sentence["spans"])


@pytest.mark.model
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("anchor=nulle-part", 404),
        ("start=999999999999999999999999", 404),
        ("anchor=concepts&start=-1", 422),
        ("start=un", 422),
        ("end=" + "9" * 5000, 422),
        ("anchor=%00", 404),
        ("anchor=%ED%A0%80", 404),
    ],
)
def test_what_is_wrong_with_a_request_is_said(server: Served, query: str, status: int) -> None:
    address = f"/v1/courses/docker/documents/introduction-docker/section?{query}"
    assert_problem(server.client.get(address), status)


@pytest.mark.model
@pytest.mark.parametrize("path", ["docker/documents/rien", "rien/documents/introduction-docker"])
def test_a_document_or_course_that_is_not_there_is_a_404(server: Served, path: str) -> None:
    assert_problem(server.client.get(f"/v1/courses/{path}/section"), 404)
