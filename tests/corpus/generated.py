"""Markdown documents made up by hypothesis: every construct, inside and beside every other, and junk."""

from hypothesis import strategies as st

_WORDS = st.sampled_from(
    [
        "conteneur",
        "image",
        "Docker",
        "l'hôte",
        "d’un",
        "École",
        "œuvre",
        "Le",
        "Un",
        "port",
        "8080",
        "1.5",
        "p.\xa0ex.",
        "etc.",
        "M.",
        "c.-à-d.",
        "docs.docker.com",
        "🐳",
        "👩\u200d🏫",
        "été",
        "Volume",
        "«",
        "oui",
        "»",
        "\xa0!",
        "\u202f?",
        "!!!",
        "…",
        "TODO",
        "!\n",
    ]
)
_END = st.sampled_from([".", " !", "\u00a0?", "…", ". ", " :", "", "...", " ! »", ".)", ".**"])
_PLAIN = st.lists(_WORDS, min_size=1, max_size=8).map(" ".join)

_ENTITIES = ["&amp;", "&eacute;", "&#39;", "&nbsp;", "&lt;", "&#x1F433;", "&pasuneentite;"]
_MARKED = st.one_of(
    _PLAIN,
    _PLAIN.map(lambda s: f"**{s}**"),
    _PLAIN.map(lambda s: f"*{s}*"),
    _PLAIN.map(lambda s: f"~~{s}~~"),
    _PLAIN.map(lambda s: f"**`{s.strip()}`**"),
    _PLAIN.map(lambda s: f"`` {s} ``"),
    _PLAIN.map(lambda s: f"[{s}](https://exemple.fr/a_b?c=d)"),
    _PLAIN.map(lambda s: f'[{s}](</a b> "Un titre. Deux")'),
    _PLAIN.map(lambda s: f"![{s}](image.png)"),
    _PLAIN.map(lambda s: f"<b>{s}</b>"),
    st.sampled_from(["<https://docker.com>", "<br>", "<!-- secret. Non -->", "\\*", "\\", "a\\|b", "  \n", "\\\n"]),
    st.tuples(_PLAIN, _END).map("".join),
)
_LINE = st.lists(_MARKED, min_size=1, max_size=5).map(" ".join)
_ENTITY_LINE = st.tuples(_LINE, st.sampled_from(_ENTITIES), _LINE).map(" ".join)
_JUNK = st.text(alphabet=st.sampled_from("ab. !?\n\t>-*_`[]()<>&#|\\~:=+1é«»\u00a0\u2028'\"$"), max_size=40)


def _one_line(text: str) -> str:
    return text.replace("\n", " ")


def _indented(text: str, by: str) -> str:
    return "\n".join(by + line for line in text.split("\n"))


def _item(text: str) -> str:
    return "- " + _indented(text, "  ")[2:]


def _table(rows: list[list[str]]) -> str:
    width = len(rows[0])
    lines = ["| " + " | ".join(map(_one_line, row)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + ":--:|" * width, *lines[1:]])


def _leaves(line: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        line,
        st.lists(line, min_size=2, max_size=3).map("\n".join),
        st.tuples(st.integers(1, 6), line).map(lambda h: "#" * h[0] + " " + _one_line(h[1])),
        line.map(lambda s: _one_line(s) + "\n==="),
        line.map(lambda s: f"```sh\n# {s}\n```"),
        line.map(lambda s: f"~~~\n{s}"),
        line.map(lambda s: "    # " + _one_line(s)),
        line.map(lambda s: f"<div>\n{s}\n</div>"),
        st.lists(st.lists(line, min_size=2, max_size=3), min_size=1, max_size=3).map(_table),
        st.sampled_from(["---", "***", "", "TODO", "# TODO", "[a]: b", "<!-- rien -->", "À compléter", "#"]),
    )


def _around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("\n\n".join),
        st.lists(inner.map(_item), min_size=1, max_size=3).map("\n".join),
        inner.map(lambda s: "1. " + _indented(s, "   ")[3:]),
        inner.map(lambda s: _indented(s, "> ")),
        inner.map(lambda s: _indented(s, ">")),
        inner.map(lambda s: "> " + s),
        inner.map(lambda s: _indented(s, "\t")),
    )


def _documents(leaf: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    part = st.recursive(leaf, _around, max_leaves=5)
    head = st.sampled_from(["", "", "---\ntitle: Un titre\n---\n", "---\n", "\n\n", "---\ntitle: [\n---\n"])
    return st.tuples(head, st.lists(part, max_size=6).map("\n\n".join)).map("".join)


plain_documents = _documents(_leaves(_LINE))
"""Without entities: what is shown stands in the source as it is."""

documents = st.one_of(plain_documents, _documents(st.one_of(_leaves(_ENTITY_LINE), _leaves(_LINE), _JUNK)), _JUNK)

arbitrary = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=200)
