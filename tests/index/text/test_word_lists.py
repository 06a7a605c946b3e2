import pytest

from reperage.index.text.folding import fold
from reperage.index.text.word_lists import Language, tables, word_list

FOLDED: list[tuple[Language, str]] = [
    ("french", "stop_words"),
    ("french", "function_words"),
    ("french", "framing_words"),
    ("english", "stop_words"),
    ("english", "function_words"),
    ("english", "opening_words"),
    ("english", "framing_words"),
]


@pytest.mark.parametrize(("language", "table"), FOLDED)
def test_lists_that_folded_words_are_looked_up_in_are_folded(language: Language, table: str) -> None:
    words = word_list(language, table)
    assert words
    assert [word for word in words if word != fold(word)] == []


@pytest.mark.parametrize("table", ["phrases", "shorthand"])
def test_what_is_written_for_other_words_is_folded(table: str) -> None:
    assert [form for form in tables("french")[table] if form != fold(form)] == []


def test_no_function_word_is_of_both_languages() -> None:
    assert not set(word_list("french", "function_words")) & set(word_list("english", "function_words"))
