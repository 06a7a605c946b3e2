"""Short ways from Markdown to what is tested, and the laws that hold for all of it."""

from collections.abc import Sequence

from reperage.corpus import Chunking, Document, Sentence, Source, SplitDocument, split
from reperage.corpus.blocks import Block, Heading, headings_and_blocks
from reperage.corpus.markdown import parse
from reperage.corpus.readers.markdown import markdown_document


def words(texts: Sequence[str]) -> list[int]:
    """A `CountTokens` that can be checked by hand: a token is four characters, begun ones count."""
    return [-(-len(text) // 4) for text in texts]


def document_of(text: str, path: str = "cours.md") -> Document:
    return markdown_document(text, "cours", "test", Source(path, "markdown", "0"), "fr")


def split_text(text: str, chunking: Chunking | None = None) -> SplitDocument:
    return split(document_of(text), words, chunking or Chunking())


def blocks_of(text: str) -> list[Block]:
    return [part for part in headings_and_blocks(text, parse(text)) if isinstance(part, Block)]


def headings_of(text: str) -> list[Heading]:
    return [part for part in headings_and_blocks(text, parse(text)) if isinstance(part, Heading)]


def shown(text: str) -> list[str]:
    """What each block shows."""
    return [block.shown.text for block in blocks_of(text)]


def sentences_of(text: str) -> list[Sentence]:
    return [sentence for chunk in split_text(text).chunks for sentence in chunk.sentences]


def quotes_of(text: str) -> list[str]:
    """The source text of each sentence."""
    return [text[s.start : s.end] for s in sentences_of(text)]


def check_laws(result: SplitDocument, chunking: Chunking) -> None:
    """Whatever the Markdown: sections tile the body, chunks tile no more than their sections, and so on."""
    document, text = result.document, result.document.text
    assert 0 <= document.body <= len(text)
    for before, section in zip(result.sections, result.sections[1:], strict=False):
        assert before.end == section.start
    if result.sections:
        assert document.body <= result.sections[0].start
        assert result.sections[-1].end == len(text)
    for section in result.sections:
        assert document.body <= section.start < section.end <= len(text)
    anchors = [section.anchor for section in result.sections]
    assert len(set(anchors)) == len(anchors)

    assert [c.start for c in result.chunks] == sorted(c.start for c in result.chunks)
    sections = set(result.sections)
    end = document.body
    for chunk in result.chunks:
        assert end <= chunk.start < chunk.end
        assert chunk.section in sections
        assert chunk.section.start <= chunk.start < chunk.end <= chunk.section.end
        assert text[chunk.start : chunk.end] == chunk.text
        assert words([chunk.embedded_text])[0] <= chunking.limit
        _check_sentences(chunk.start, chunk.end, chunk.sentences, text)
        assert bool(chunk.sentences) or chunk.section.is_empty
        end = chunk.end
    assert len({chunk.id for chunk in result.chunks}) == len(result.chunks)


def _check_sentences(start: int, end: int, sentences: Sequence[Sentence], text: str) -> None:
    if sentences:
        assert sentences[0].start == start
        assert sentences[-1].end == end
    at = start
    for sentence in sentences:
        assert at <= sentence.start < sentence.end <= end
        quote = text[sentence.start : sentence.end]
        assert quote == (quote.rstrip() if sentence.kind == "code" else quote.strip())
        assert sentence.shown.strip()
        at = sentence.end


def is_subsequence(part: str, whole: str) -> bool:
    letters = iter(whole)
    return all(c in letters for c in part)
