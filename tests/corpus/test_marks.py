"""Bold, code, links, lists and tables of the material are carried from the source, never looked for."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reperage.corpus import Chunking
from reperage.corpus.blocks import Item
from reperage.corpus.located import Located, Mark
from tests.conftest import at_most
from tests.corpus.generated import documents
from tests.corpus.reading import blocks_of, sentences_of, split_text

SMALL = Chunking(target=24, limit=40, heading_limit=10)


def marked(text: str) -> list[tuple[str, str]]:
    """What each mark of each sentence covers, and its kind."""
    return [(s.shown[m.start : m.end], m.kind) for s in sentences_of(text) for m in s.marks]


def items(text: str) -> list[tuple[str, Item | None]]:
    return [(block.shown.text, block.item) for block in blocks_of(text)]


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("Un **port** là", [("port", "strong")]),
        ("**`port exposé`**", [("port exposé", "strong"), ("port exposé", "code")]),
        ("*un **deux*** trois", [("un deux", "emphasis"), ("deux", "strong")]),
        ("***tout***", [("tout", "emphasis"), ("tout", "strong")]),
        ("~~non~~ __oui__ _peut-être_", [("non", "strikethrough"), ("oui", "strong"), ("peut-être", "emphasis")]),
        ("`` a`b ``", [("a`b", "code")]),
        ("[un **lien**](a.md)", [("un lien", "link"), ("lien", "strong")]),
        ("<https://a.b/c>", [("https://a.b/c", "link")]),
        ("l&#39;**&eacute;t&eacute;**", [("été", "strong")]),
        ("a\\*b **c\\*d**", [("c*d", "strong")]),
        ("[![image](a.png)](b.md) ****", []),
        ("snake_case_name 2*3*4", [("3", "emphasis")]),
        ("```\n**rien** `ici`\n```", []),
        ("<p>Un <b>mot</b> **là**</p>", []),
    ],
)
def test_a_mark_covers_what_it_sets(text: str, marks: list[tuple[str, str]]) -> None:
    assert marked(text) == marks


def test_a_link_carries_its_target_as_it_is_written() -> None:
    (sentence,) = sentences_of("Voir [a](b.md#c) et [d][e] et [f](<g h>).\n\n[e]: https://i.j")
    assert [mark.href for mark in sentence.marks] == ["b.md#c", "https://i.j", "g%20h"]


def test_marks_are_cut_where_sentences_are() -> None:
    text = "Un **port. Deux `ports`. Trois** ports."
    assert [(s.shown, s.marks) for s in sentences_of(text)] == [
        ("Un port.", (Mark(3, 8, "strong"),)),
        ("Deux ports.", (Mark(0, 11, "strong"), Mark(5, 10, "code"))),
        ("Trois ports.", (Mark(0, 5, "strong"),)),
    ]


def test_cells_are_marked_with_their_columns_and_empty_ones_count() -> None:
    text = "| a | **b** | c |\n|--|--|--|\n| | `d` | |\n| | | e |\n| f \\| g |\n"
    rows = [[(s.shown[m.start : m.end], m.column) for m in s.marks if m.kind == "cell"] for s in sentences_of(text)]
    assert rows == [[("a", 0), ("b", 1), ("c", 2)], [("d", 1)], [("e", 2)], [("f | g", 0)]]


def test_the_first_row_of_a_table_is_its_header() -> None:
    text = "| a | b |\n|--|--|\n| c | d |\n\ntexte\n\n| e |\n|--|\n| f |\n"
    assert [s.shown for s in sentences_of(text) if s.is_header] == ["a | b", "e"]


def test_items_know_their_level_and_number() -> None:
    text = "3. trois\n4. quatre\n   - puce\n     1. un\n   - autre\n5. cinq\n\ntexte\n\n- [ ] fin"
    assert items(text) == [
        ("trois", Item(1, 3)),
        ("quatre", Item(1, 4)),
        ("puce", Item(2)),
        ("un", Item(3, 1)),
        ("autre", Item(2)),
        ("cinq", Item(1, 5)),
        ("texte", None),
        ("[ ] fin", Item(1)),
    ]


def test_numbers_count_up_from_the_first_whatever_is_written() -> None:
    assert [item and item.ordinal for _, item in items("0. a\n0. b\n7. c")] == [0, 1, 2]


def test_only_the_first_block_that_an_item_shows_begins_it() -> None:
    text = "1. un\n\n   suite\n\n   ```\n   code\n   ```\n   - dedans\n\n   fin\n2. ![image](a.png)\n\n   deux\n"
    assert items(text) == [
        ("un", Item(1, 1)),
        ("suite", Item(1, None, True)),
        ("code", Item(1, None, True)),
        ("dedans", Item(2)),
        ("fin", Item(1, None, True)),
        ("deux", Item(1, 2)),
    ]


def test_sentences_of_one_block_share_its_item() -> None:
    assert [s.item for s in sentences_of("2. Un port. Deux ports.")] == [Item(1, 2), Item(1, 2)]


@given(text=documents)
def test_marks_are_ordered_nested_and_within_what_is_shown(text: str) -> None:
    for chunk in split_text(text, SMALL).chunks:
        for sentence in chunk.sentences:
            open_ends: list[int] = []
            for mark in sentence.marks:
                assert 0 <= mark.start < mark.end <= len(sentence.shown)
                while open_ends and open_ends[-1] <= mark.start:
                    open_ends.pop()
                assert not open_ends or mark.end <= open_ends[-1]
                open_ends.append(mark.end)
            assert all(a.start <= b.start for a, b in pairwise(sentence.marks))


_PIECES = st.lists(
    st.tuples(
        st.text(alphabet="abcéœ8", min_size=1, max_size=6),
        st.sets(st.sampled_from(["strong", "emphasis", "strikethrough", "code", "link"])),
    ),
    min_size=1,
    max_size=8,
)


@given(pieces=_PIECES)
def test_every_character_is_set_as_it_was_written(pieces: list[tuple[str, set[str]]]) -> None:
    written = []
    for word, kinds in pieces:
        text = f"`{word}`" if "code" in kinds else word
        text = f"*{text}*" if "emphasis" in kinds else text
        text = f"~~{text}~~" if "strikethrough" in kinds else text
        text = f"[{text}](b.md)" if "link" in kinds else text
        written.append(f"__{text}__" if "strong" in kinds else text)
    (block,) = blocks_of("x " + " ".join(written))
    shown = block.shown
    at = 2
    for word, kinds in pieces:
        assert shown.text[at : at + len(word)] == word
        for i in range(at, at + len(word)):
            assert {mark.kind for mark in shown.marks if mark.start <= i < mark.end} == kinds
        at += len(word) + 1
    assert all({mark.kind for mark in shown.marks if mark.start <= i < mark.end} == set() for i in (0, 1))


@at_most(100)
@given(text=documents, data=st.data())
def test_parts_carry_the_marks_that_reach_into_them(text: str, data: st.DataObject) -> None:
    for block in blocks_of(text):
        shown = block.shown
        cuts = sorted(data.draw(st.sets(st.integers(0, len(shown.text)), max_size=6)))
        ranges = list(zip(cuts[::2], cuts[1::2], strict=False))
        for (start, end), part in zip(ranges, shown.parts(ranges), strict=True):
            assert part.text == shown.text[start:end]
            assert (part.starts, part.ends) == (shown.starts[start:end], shown.ends[start:end])
            assert _by_character(part) == _by_character(shown)[start:end]


def _by_character(shown: Located) -> list[list[tuple[str, str, int]]]:
    return [
        [(mark.kind, mark.href, mark.column) for mark in shown.marks if mark.start <= i < mark.end]
        for i in range(len(shown.text))
    ]
