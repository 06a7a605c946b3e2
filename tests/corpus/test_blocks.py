import pytest

from tests.corpus.reading import blocks_of, shown


def kinds(text: str) -> list[tuple[str, str]]:
    return [(b.kind, b.shown.text) for b in blocks_of(text)]


def sources(text: str) -> list[str]:
    return [text[b.start : b.end] for b in blocks_of(text)]


def test_a_quote_with_lazy_lines_and_marks_without_a_space_is_one_paragraph() -> None:
    text = ">**!!! Important !!!**\n>Une\n> image\nimmuable\n\n>  autre"
    assert kinds(text) == [("paragraph", "!!! Important !!! Une image immuable"), ("paragraph", "autre")]
    assert sources(text) == ["**!!! Important !!!**\n>Une\n> image\nimmuable", "autre"]


def test_items_of_nested_lists_are_blocks_of_one_group() -> None:
    text = "- un\n  - deux\n    1. trois\n       suite\n- quatre\n\nfin\n\n- autre\n"
    assert kinds(text) == [
        ("list", "un"),
        ("list", "deux"),
        ("list", "trois suite"),
        ("list", "quatre"),
        ("paragraph", "fin"),
        ("list", "autre"),
    ]
    groups = [b.group for b in blocks_of(text)]
    assert len(set(groups[:4])) == 1
    assert len(set(groups)) == 3
    assert [b.number for b in blocks_of(text)] == list(range(6))


def test_numbers_and_bullets_are_not_shown() -> None:
    assert shown("3. trois\n4. quatre\n\n* a\n+ b\n- [ ] c") == ["trois", "quatre", "a", "b", "[ ] c"]


def test_a_table_is_a_block_a_row_without_the_line_under_its_head() -> None:
    text = "| Commande | **Effet** |\n|:--|--:|\n| `a \\| b` | x\\|y |\n| | seul |\n| **gras** | *fin* |\n| un |\n"
    assert kinds(text) == [
        ("table", "Commande | Effet"),
        ("table", "a | b | x|y"),
        ("table", "seul"),
        ("table", "gras | fin"),
        ("table", "un"),
    ]
    assert sources(text) == [
        "Commande | **Effet**",
        "`a \\| b` | x\\|y",
        "seul",
        "**gras** | *fin*",
        "un",
    ]
    assert len({b.group for b in blocks_of(text)}) == 1


def test_a_row_of_more_cells_than_the_head_and_a_table_in_a_quote_keep_their_places() -> None:
    text = "> a | b\n> --- | ---\n> c | d | e\n> f | g\n"
    assert shown(text) == ["a | b", "c | d", "f | g"]
    assert sources(text) == ["a | b", "c | d", "f | g"]


def test_code_keeps_its_lines_and_indentation() -> None:
    text = "```sh title\n\n  docker run\n\tls\n\n```\n\n    a\n\n      b\n"
    assert kinds(text) == [("code", "  docker run\n\tls"), ("code", "a\n\n  b")]
    assert sources(text) == ["  docker run\n\tls", "a\n\n      b"]


def test_code_in_a_quote_or_an_item_shows_no_marks() -> None:
    assert shown("> ```\n> a\n>  b\n> ```\n\n- x\n\n  ```\n  c\n    d\n  ```") == ["a\n b", "x", "c\n  d"]


def test_a_tab_that_indentation_cuts_into_keeps_the_rest_of_its_line_in_place() -> None:
    text = "  ```\n\tlong\n  ```"
    (block,) = blocks_of(text)
    assert block.shown.text == "  long"
    assert [text[p] for p in block.shown.starts[2:]] == list("long")


def test_html_shows_its_text_without_tags_comments_scripts_and_styles() -> None:
    text = "<div class='a>b'>\nUn &eacute;t&eacute;<br>deux <b>mots</b>\n<!-- non --></div>\n"
    assert shown(text.replace("'a>b'", "a")) == [" Un été\ndeux mots  "]
    assert shown("<script>\nvar a;\n</script>\n\n<style>\na {}\n</style>\n\n<!-- a\n\nb -->\n\n<p>\n</p>") == []


def test_inline_html_comments_and_pictures_are_not_shown() -> None:
    assert shown("Un <b>port</b><!-- non --> ![image](a.png) là.") == ["Un port  là."]


def test_an_entity_or_escape_shows_what_it_stands_for_and_knows_its_span() -> None:
    text = "l&#39;&eacute;t&eacute; &nope; \\* &amp;"
    (block,) = blocks_of(text)
    assert block.shown.text == "l'été &nope; * &"
    at = block.shown.text.index("é")
    assert text[block.shown.starts[at] : block.shown.ends[at]] == "&eacute;"
    assert text[block.shown.starts[-1] : block.shown.ends[-1]] == "&amp;"


@pytest.mark.parametrize(
    ("text", "text_shown"),
    [
        ("[lien](http://a.b) et <http://c.d>", "lien et http://c.d"),
        ("**`gras`** ~~non~~ _oui_ a_b_c 2*3", "gras non oui a_b_c 2*3"),
        ("`` a`b `` ` ` `\\`", "a`b   \\"),
        ("[ref][a]\n\n[a]: http://b", "ref"),
        ("A\\\nB  \nC\nD", "A\nB\nC D"),
        ("été\u00a0! 👩‍🏫 e\u0301", "été\u00a0! 👩‍🏫 e\u0301"),
    ],
)
def test_marks_and_targets_are_not_shown(text: str, text_shown: str) -> None:
    assert shown(text) == [text_shown]


def test_every_shown_character_is_the_source_at_its_place() -> None:
    text = "> Un **port `a  b`** [lié](c)\n> - [x](y) _z_\n>\n> | a | `b` |\n> |---|---|\n> | **c** | d |\n"
    for block in blocks_of(text):
        for c, start, end in zip(block.shown.text, block.shown.starts, block.shown.ends, strict=True):
            assert text[start:end] == c or (c in " |" and block.kind == "table") or (c, text[start]) == (" ", "\n")
