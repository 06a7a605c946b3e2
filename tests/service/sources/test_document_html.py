"""The page of a document: harmless, with the anchors of its sections, and exactly the quote marked."""

import re
import shutil
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reperage.corpus import Chunking, Document, Sentence, Source, SplitDocument, split
from reperage.corpus.readers.markdown import markdown_document
from reperage.service.messages import messages
from reperage.service.settings import Settings
from reperage.service.sources.document_html import render_document
from tests.service.serving import Page, Served, build_course, serving, solid

MISSING = "[{alt}]"


def document(text: str, path: str = "cours/un.md") -> Document:
    return markdown_document(text, "un", "cours", Source(path, "markdown", "0"), "fr")


def parts(read: Document) -> SplitDocument:
    return split(read, lambda texts: [len(text.split()) for text in texts], Chunking())


def sentences(read: Document) -> list[Sentence]:
    return [sentence for chunk in parts(read).chunks for sentence in chunk.sentences]


def render(text: str, quote: tuple[int, int] | None = None, links: dict[str, str] | None = None) -> Page:
    return Page(render_document(document(text), quote, MISSING, (links or {}).get))


EVERYTHING = """\
---
title: Tout
---

Avant le premier titre, du *texte*. Et **une `autre`** phrase !

# Un titre

Un paragraphe avec de l'*emphase*, du **gras**, du `code`, un [lien](https://example.org "titre") et ~~rayé~~.
Il va
à la ligne. Il a `deux phrases. Pas trois`.\x20\x20
Et une ligne forcée.

- un premier point avec du **gras**
- un deuxième point. Il a deux phrases.
  1. un point dedans
  2. un autre, avec `du code`

## Une table & du code

| Nom | `Sens` |
| --- | :---: |
| port | une **porte** |
| pipe \\| barre | `a \\| b` |

```bash
docker run -p 80:80 nginx   # <b>pas gras</b>

docker ps
```

    indenté de quatre espaces

> **Une citation** qui va\x20\x20
> à la ligne deux
> fois. Elle a `un
> code` coupé.
>
> - et une liste\x20\x20
>   à la ligne

&eacute;chapp&#233; \\*pas d'emphase\\* et <https://example.org/a?b=c&d> et &lt;b&gt;.

Du <b>HTML</b> en ligne<br>et un saut.
"""


@pytest.mark.parametrize("sentence", sentences(document(EVERYTHING)), ids=lambda s: s.shown[:30])
def test_exactly_the_quote_is_marked(sentence: Sentence):
    page = render(EVERYTHING, (sentence.start, sentence.end))
    assert solid(page.marked) == solid(sentence.shown)


def test_the_document_of_the_test_above_holds_every_kind_of_sentence():
    found = sentences(document(EVERYTHING))
    assert {sentence.kind for sentence in found} == {"paragraph", "list", "table", "code"}
    assert len(found) > 20


_words = st.sampled_from(
    ["port", "*exposé*", "**`interne`**", "`a b`", "é", "[lien](x.md)", "&amp;", "\\*", "<b>x</b>", "fin.", "Un", "12"]
)
_line = st.lists(_words, min_size=1, max_size=7).map(" ".join)
_block = st.one_of(
    _line,
    st.lists(_line, min_size=2, max_size=3).map("\n".join),
    st.lists(_line, min_size=2, max_size=3).map("  \n".join),
    st.lists(_line.map("- {}".format), min_size=1, max_size=3).map("\n".join),
    st.lists(_line.map("> {}".format), min_size=1, max_size=3).map("  \n".join),
    _line.map("## {}".format),
    _line.map("```\n{}\n```".format),
    st.tuples(_line, _line).map(lambda cells: f"| a | b |\n|---|---|\n| {cells[0]} | {cells[1]} |"),
)


@given(blocks=st.lists(_block, min_size=1, max_size=5))
def test_exactly_the_quote_is_marked_in_any_document(blocks: list[str]):
    text = "\n\n".join(blocks)
    for sentence in sentences(document(text)):
        assert solid(render(text, (sentence.start, sentence.end)).marked) == solid(sentence.shown)


@given(text=st.text(alphabet="ab.A \n#*`_[]()<>|-!&;~:\"'\\/1é\t", max_size=80), start=st.integers(), end=st.integers())
def test_no_document_and_no_span_breaks_the_page(text: str, start: int, end: int):
    page = render(text, (start, end))
    assert page.names() & {"script", "style", "iframe", "img"} == set()


@given(text=st.sampled_from(["[", "[a](//[)", "[a](http://[)", "<http://[>", "[a](//[::1)", "![a](//[)", "[a](%ff)"]))
def test_a_broken_address_breaks_nothing(text: str):
    assert "a" in render(f"a {text} b").text


def test_an_html_block_that_was_quoted_is_pointed_at():
    text = "# Titre\n\n<div>\nUn bloc de HTML.\n</div>\n\nAprès."
    [block] = [s for s in sentences(document(text)) if s.kind == "html"]
    rendered = render_document(document(text), (block.start, block.end), MISSING, lambda path: None)
    assert rendered.index('<mark class="quote">') < rendered.index("Un bloc de HTML.")
    assert Page(rendered).marked.strip() in ("", "Un bloc de HTML.")


@pytest.mark.parametrize("quote", [None, (0, 0), (5, 2), (-9, -1), (10**9, 10**30), (3, 3)])
def test_a_span_of_nothing_marks_nothing(quote: tuple[int, int] | None):
    page = render(EVERYTHING, quote)
    assert "mark" not in page.names()
    assert "Un paragraphe avec" in page.text


DANGEROUS = """\
# Titre

<script>alert(1)</script>

<style>body { display: none }</style>

<p onclick="alert(1)" style="position:fixed" id="x">un <b>gras</b> <i onmouseover=alert(1)>italique</i></p>

<iframe src="https://evil.example"></iframe><object data="x"></object><embed src="x"><base href="//evil.example">

<form action="//evil.example"><input name="a"><button>b</button></form>

<svg onload="alert(1)"><circle/></svg> <math><mi>x</mi></math> <meta http-equiv="refresh" content="0;//evil.example">

[un](javascript:alert(1)) [deux](data:text/html,x) [trois](VBSCRIPT:x) <a href="javascript:alert(1)">quatre</a>
<a href=" java&#x0A;script:alert(1)">cinq</a> [six](https://example.org) [sept](mailto:a@example.org)

<img src="x" onerror="alert(1)"> ![un schéma](./schema.png) <details><summary>Plus</summary>caché</details>

<table><tr><td style="position: fixed; background: url(//evil.example)">cellule</td></tr></table>
"""


def test_what_could_act_is_taken_out():
    html = render_document(document(DANGEROUS), None, MISSING, lambda path: None)
    page = Page(html)

    assert page.names() & {"script", "style", "iframe", "object", "embed", "base", "form", "input", "button"} == set()
    assert page.names() & {"svg", "meta", "img", "link"} == set()
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on") or name == "style"]
    assert "evil" not in html
    schemes = {re.split(r"[:/]", str(address))[0] for address in page.values("a", "href")}
    assert schemes == {"https", "mailto"}


def test_harmless_markup_of_the_material_is_kept():
    page = render(DANGEROUS)

    assert page.names() >= {"h1", "p", "b", "i", "a", "details", "summary"}
    for text in ("gras", "italique", "un", "deux", "six", "caché"):
        assert text in page.text


def test_pictures_are_named():
    text = "![un *schéma*](./a.png) et ![](dossier/b.png) et ![<b>](c.png)"
    page = render(text)
    assert "img" not in page.names()
    assert "[un *schéma*]" in page.text
    assert "[b.png]" in page.text
    assert "[<b>]" in page.text


def test_headings_have_the_anchors_of_their_sections():
    text = (
        "# Un titre\n\n# Un titre\n\ntexte\n\n## L'été & `code`\n\n> # Dans une citation\n\nSous-titre\n---\n\ntexte\n"
    )
    page = render(text)
    ids = [attributes["id"] for tag, attributes in page.tags if re.fullmatch(r"h\d", tag)]

    assert len(ids) == len(set(ids)) == 5
    assert {section.section.anchor for section in parts(document(text)).chunks} <= set(ids)
    assert [s.anchor for s in parts(document(text)).sections] == [i for i in ids if i != "dans-une-citation"]


def test_the_columns_of_a_table_are_aligned_without_styles():
    page = render("| a | b | c |\n|:--|:-:|--:|\n| 1 | 2 | 3 |")
    assert page.values("td", "align") == page.values("th", "align") == ["left", "center", "right"]
    assert page.values("td", "style") == []


def test_links_to_documents_of_the_course_lead_to_their_pages_and_other_relative_links_nowhere():
    links = {"cours/deux.md": "/deux?version=1", "un été.md": "/ete", "cours/un.md": "/un"}
    page = render(
        "[a](deux.md) [b](./deux.md#une-partie) [c](../un%20%C3%A9t%C3%A9.md) [d](../cours/deux.md) [e](trois.md) "
        "[f](/etc/passwd) [g](../../../secret.md) [h](#ici) [i](https://example.org/deux.md) [j](//example.org/x) "
        "[k](un.md) [l](deux.md?x=1)",
        links=links,
    )

    hrefs = {}
    letters = iter("abcdefghijkl")
    for tag, attributes in page.tags:
        if tag == "a":
            hrefs[next(letters)] = attributes.get("href")
    assert hrefs == {
        "a": "/deux?version=1",
        "b": "/deux?version=1#une-partie",
        "c": "/ete",
        "d": "/deux?version=1",
        "e": None,
        "f": None,
        "g": None,
        "h": "#ici",
        "i": "https://example.org/deux.md",
        "j": hrefs["j"],
        "k": "/un",
        "l": "/deux?version=1",
    }
    assert hrefs["j"] in (None, "//example.org/x")


COURSE = {
    "un.md": "# Un\n\nUn conteneur est isolé. Voir [deux](sous/deux.md#partie) et [rien](rien.md).\n",
    "sous/deux.md": "# Deux\n\n## Partie\n\nUne image a des couches. Retour à [un](../un.md).\n",
    "english.md": "---\nlang: en\n---\n# English\n\nA container is isolated.\n",
}


@pytest.fixture(scope="module")
def course(home, encoder, tmp_path_factory):
    """The service with the shipped course and one of three documents."""
    own = tmp_path_factory.mktemp("source-page")
    shutil.copytree(home, own / "home")
    for path, text in COURSE.items():
        file = own / "cours" / PurePosixPath(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    build_course(own / "home", own / "cours", encoder)
    with serving(Settings(home=own / "home"), encoder) as served:
        yield served


@pytest.mark.model
def test_links_between_documents_open_over_http(course: Served):
    first = course.client.get("/courses/cours/documents/un")
    [target] = [str(a) for a in Page(first.text).values("a", "href") if "sous-deux" in str(a)]
    second = course.client.get(str(first.url.join(target)))
    assert second.status_code == 200
    assert second.url.fragment == "partie"
    assert "Une image a des couches." in Page(second.text).text
    [back] = [str(a) for a in Page(second.text).values("a", "href") if "/un?" in str(a)]
    assert "Un conteneur est isolé." in course.client.get(str(second.url.join(back))).text


@pytest.mark.model
def test_a_page_may_run_only_our_own_script(course: Served):
    response = course.client.get("/courses/cours/documents/un")
    policy = response.headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    page = Page(response.text)
    for address in page.values("script", "src") + page.values("link", "href"):
        assert course.client.get(str(response.url.join(str(address)))).status_code == 200


@pytest.mark.model
@pytest.mark.parametrize(("document_id", "language"), [("un", "fr"), ("english", "en")])
def test_a_document_that_has_changed_says_so_and_marks_nothing(course: Served, document_id: str, language: str):
    path = f"/courses/cours/documents/{document_id}"
    version = course.client.get(f"/v1{path}").json()["version"]
    notice = messages(language)["document_changed"]

    changed = Page(course.client.get(path, params={"version": "sha256:0", "start": 6, "end": 20}).text)
    same = Page(course.client.get(path, params={"version": version, "start": 6, "end": 20}).text)
    unnamed = Page(course.client.get(path, params={"start": 6, "end": 20}).text)

    assert notice in changed.text
    assert changed.marked == ""
    assert notice not in same.text + unnamed.text
    assert same.marked
    assert unnamed.marked == same.marked


@pytest.mark.model
@pytest.mark.parametrize(
    "query",
    [
        "start=5&end=2",
        "start=-5&end=-2",
        "start=0&end=0",
        "start=5",
        "end=5",
        "start=1000000&end=1000000000000000000000",
    ],
)
def test_a_silly_span_in_a_link_does_no_harm(course: Served, query: str):
    response = course.client.get(f"/courses/cours/documents/un?{query}")
    assert response.status_code == 200
    assert "mark" not in Page(response.text).names()
    assert "Un conteneur est isolé." in response.text


@pytest.mark.model
@pytest.mark.parametrize(
    "query", ["start=x&end=2", "start=1&end=", "start=1.5&end=2", "start=" + "9" * 5000 + "&end=1"]
)
def test_a_span_that_is_no_number_is_refused(course: Served, query: str):
    response = course.client.get(f"/courses/cours/documents/un?{query}", headers={"Accept": "text/html"})
    assert response.status_code == 422


@pytest.mark.parametrize(
    "tag", ["script", "style", "title", "textarea", "iframe", "noscript", "xmp", "plaintext", "svg"]
)
def test_a_tag_in_the_prose_hides_nothing_that_follows(tag: str) -> None:
    text = (
        f"# T\n\nLa balise <{tag}> sert à cela.\n\n<div><{tag}\n\n## Suite\n\n<!-- jamais close\n\nUne phrase citée.\n"
    )
    start = text.index("## Suite")
    page = render_document(
        markdown_document(text, "d", "c", Source("d.md", "markdown", ""), "fr"), (start, start + 8), "{alt}", str
    )
    assert "sert à cela." in page
    assert '<h2 id="suite">' in page
