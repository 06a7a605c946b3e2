from reperage.corpus.markdown import front_matter, parse
from tests.corpus.reading import headings_of


def titles(text: str) -> list[str]:
    return [h.title for h in headings_of(text) if h.is_top_level]


def test_both_kinds_of_heading_are_headings() -> None:
    text = "# A\n\nB\n=\n\nC\nc\n---\n###### D ##\n####### E\n#F\n"
    assert [(h.level, h.title) for h in headings_of(text)] == [(1, "A"), (1, "B"), (2, "C c"), (6, "D")]
    assert [text[h.start : h.end] for h in headings_of(text)] == ["# A", "B\n=", "C\nc\n---", "###### D ##"]


def test_a_hash_in_a_fence_is_no_heading() -> None:
    assert titles("```sh\n# non\n```\n\n~~~\n# non\n```\n~~~\n# oui\n```\n# non") == ["oui"]


def test_a_hash_in_indented_code_is_no_heading() -> None:
    assert titles("    # non\n\n   # oui\n\n\t# non") == ["oui"]


def test_a_hash_in_a_comment_or_html_block_is_no_heading() -> None:
    assert titles("<!--\n# non\n-->\n\n<pre>\n# non\n\n# non\n</pre>\n\n# oui") == ["oui"]


def test_front_matter_is_no_text_and_an_unclosed_one_is() -> None:
    text = "---\ntitle: A\n---\n# B"
    assert front_matter(text, parse(text)) == ({"title": "A"}, 17)
    text = "---\ntitle: A\n\n# B"
    assert front_matter(text, parse(text)) == ({}, 0)
    assert titles(text) == ["B"]


def test_every_inline_character_knows_where_it_stands() -> None:
    text = (
        "# Un *titre*  #\n\n> - Un  \n>   point `a  b`\nparesseux\n>\tb\n\n| a\\|b | `c` |\n|:-|-:|\n| d | \\|e |\n\n"
        "Deux\nlignes\n===\n"
    )
    for token in parse(text):
        if token.type == "inline":
            assert token.content
            assert "".join(text[p] for p in token.meta["positions"]) == token.content
            for child in token.children or ():
                if child.type == "text":
                    at = child.meta["at"]
                    assert token.content[at : at + len(child.content)] == child.content
