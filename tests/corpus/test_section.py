import pytest

from reperage.corpus import Section
from tests.corpus.reading import split_text


def sections(text: str) -> list[Section]:
    return list(split_text(text).sections)


def paths(text: str) -> list[tuple[str, ...]]:
    return [s.heading_path for s in sections(text)]


def empties(text: str) -> list[bool]:
    return [s.is_empty for s in sections(text)]


def test_the_single_top_heading_is_left_out_of_heading_paths() -> None:
    assert paths("# Cours\n\n## A\n\n### B\n\n## C\n") == [(), ("A",), ("A", "B"), ("C",)]


def test_several_top_headings_all_stay_in_heading_paths() -> None:
    assert paths("# A\n## B\n# C\n") == [("A",), ("A", "B"), ("C",)]


def test_a_single_top_heading_stays_where_the_document_has_another_title() -> None:
    assert paths("---\ntitle: Titre\n---\n# A\n## B\n") == [("A",), ("A", "B")]


def test_a_top_heading_that_is_not_first_stays() -> None:
    assert paths("## A\n# B\n## C\n") == [("A",), ("B",), ("B", "C")]


def test_a_skipped_level_is_no_gap_in_the_path() -> None:
    assert paths("# A\n#### B\n## C\n# D") == [("A",), ("A", "B"), ("A", "C"), ("D",)]


def test_text_before_the_first_heading_is_a_section_without_a_title() -> None:
    before, after = sections("Avant.\n\n# A\n\nAprès.\n")
    assert (before.heading_path, before.anchor, before.start, before.title) == ((), "", 0, "")
    assert after.start == before.end == 8


@pytest.mark.parametrize("text", ["", "\n\n", "---\ntitle: A\n---\n", "<!-- rien -->", "[a]: b"])
def test_a_document_that_shows_nothing_has_no_section(text: str) -> None:
    assert sections(text) == []
    assert split_text(text).chunks == ()


@pytest.mark.parametrize("text", ["> # A\n>\n> texte", "- # A\n\n  texte"])
def test_a_heading_in_a_quote_or_list_opens_no_section(text: str) -> None:
    assert paths(text) == [()]


@pytest.mark.parametrize(
    "body",
    ["", "TODO", "**TODO**", "À compléter", "à venir…", "_En construction._", "(tbd)", "<!-- à écrire -->", "```\n```"],
)
def test_a_heading_with_a_placeholder_only_is_empty(body: str) -> None:
    assert empties(f"# A\n\ntexte\n\n# B\n\n{body}\n") == [False, True]


@pytest.mark.parametrize("body", ["TODO list", "Rien.", "`x`", "- a", "|a|\n|-|"])
def test_a_heading_with_any_text_is_not_empty(body: str) -> None:
    assert empties(f"# A\n\n{body}\n") == [False]


def test_a_heading_is_empty_only_when_all_its_subsections_are() -> None:
    assert empties("# A\n## B\ntexte\n# C\n## D\nTODO\n## E\n") == [False, False, True, True, True]


def test_sections_tile_the_body() -> None:
    text = "---\na: b\n---\n\n# A\n\nun\n\nDeux\n----\n\n# C"
    found = sections(text)
    assert [text[s.start : s.end] for s in found] == ["# A\n\nun\n\n", "Deux\n----\n\n", "# C"]
