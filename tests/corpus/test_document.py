from hypothesis import given
from hypothesis import strategies as st

from reperage.corpus import Document
from reperage.corpus.document import Source, text_version


def document(text: str) -> Document:
    return Document("un", "cours", "Un", "fr", text, text_version(text), Source("un.md", "markdown", ""))


@given(st.lists(st.text("aé ", max_size=4), min_size=1, max_size=6), st.data())
def test_the_lines_of_a_span_are_the_first_and_last_that_it_touches(lines, data):
    text = "\n".join(lines)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))

    first, last = document(text).lines(start, end)

    assert 1 <= first <= last <= len(lines)
    assert text[start:end] in "\n".join(lines[first - 1 : last])
    assert (first == last) == ("\n" not in text[start:end])
    assert len("\n".join(lines[: first - 1])) <= start <= len("\n".join(lines[:first]))
