from pathlib import Path

import pytest

from reperage.corpus.errors import UndecodableFile
from reperage.corpus.readers.markdown import decode
from tests.corpus.reading import document_of

PATH = Path("cours/leçon.md")


@pytest.mark.parametrize(
    ("data", "offset", "found"),
    [
        ("Été".encode("latin-1"), 0, "0xc9"),
        (b"abc \xff", 4, "0xff"),
        (b"ab\xc3", 2, "0xc3"),
        ("é".encode("utf-16"), 0, "UTF-16"),
        (b"ab\0c", 2, "NUL"),
    ],
)
def test_what_is_no_utf8_is_refused_with_file_and_byte(data: bytes, offset: int, found: str) -> None:
    with pytest.raises(UndecodableFile) as caught:
        decode(data, PATH)
    assert caught.value.offset == offset
    assert str(PATH) in str(caught.value)
    assert f"byte {offset}" in str(caught.value)
    assert found in str(caught.value)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xef\xbb\xbf# A\n", "# A\n"),
        (b"a\r\nb\rc\n\rd", "a\nb\nc\n\nd"),
        (b"", ""),
        ("a\u00a0!\u2028b".encode(), "a\u00a0!\u2028b"),
    ],
)
def test_text_has_line_feeds_only_and_no_byte_order_mark(data: bytes, text: str) -> None:
    assert decode(data, PATH) == text


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\ntitle: Le   cours\n---\n# Autre\n", "Le cours"),
        ("---\ntitle: 2024-13-45\n---\n", "2024-13-45"),
        ("---\ntitle: no\n---\n", "no"),
        ("---\ntitle: [a, b]\n---\n# Titre\n", "Titre"),
        ("---\ntitle: ''\n---\n# Titre\n", "Titre"),
        ("---\ntitle: [\n---\n# Titre\n", "Titre"),
        (
            r"""---
title: "Réseaux \ud83d\ude00"
---
""",
            "Réseaux 😀",
        ),
        (
            r"""---
title: "a\ud83db"
---
""",
            "a\ufffdb",
        ),
        (
            r"""---
title: "a\0\x07b\tc"
---
""",
            "ab c",
        ),
        (
            r"""---
title: "\0"
---
# Titre
""",
            "Titre",
        ),
        (
            r"""---
title: "\U00110000"
---
# Titre
""",
            "Titre",
        ),
        (
            r"""---
title: "\UFFFFFFFF"
---
# Titre
""",
            "Titre",
        ),
        ("---\n- un\n- deux\n---\n# Titre\n", "Titre"),
        ("---\n---\n# Titre\n", "Titre"),
        ("---\ntitle: Non\n# Titre\n", "Titre"),
        ("## Deux\n# Un\n# Autre", "Un"),
        ("> # Cité\n", "Ma leçon"),
        ("", "Ma leçon"),
    ],
)
def test_the_title_is_the_front_matters_else_the_first_top_headings_else_the_files(text: str, title: str) -> None:
    assert document_of(text, "dossier/ma-_leçon.md").title == title


def test_the_language_is_the_front_matters_where_it_names_one() -> None:
    assert document_of("---\nlang: en\n---\n").language == "en"
    assert document_of("---\nlang: [en]\n---\n").language == "fr"
    assert document_of('---\nlang: "e\\0\\x01n"\n---\n').language == "en"
    assert document_of("a").language == "fr"


def test_the_body_starts_after_the_front_matter() -> None:
    assert document_of("---\na: b\n---\n# Un\n").body == len("---\na: b\n---\n")
    assert document_of("---\na: b\n---").body == len("---\na: b\n---")
    assert document_of("---\na: b\n").body == 0


def test_aliases_in_front_matter_are_not_multiplied() -> None:
    lines = ["---", "a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    assert document_of("\n".join([*lines, "title: *a29", "---", "# Titre"])).title == "Titre"
