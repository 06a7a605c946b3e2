"""Answers as messages of Slack's: valid, within the limits, whole sentences, and nothing that calls anybody."""

import html
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from slack_sdk.models.blocks import Block

from reperage.index.encoder import Encoder
from reperage.service.contract.answer import Answer, AnswerSentence, Citation, Correction, RelatedSection, Span
from reperage.service.slack.markdown import StreamedText
from reperage.service.slack.rendering import (
    LONGEST_MARKDOWN,
    Reply,
    answer_reply,
    closing_blocks,
    course_menu,
    notice,
    partial_reply,
)
from tests.service import answers
from tests.service.answering.generation.scripted import number_of
from tests.service.serving import REFERENCE
from tests.service.slack.answering import BASE_URL, COURSE, Answering
from tests.service.slack.blocks import check_blocks
from tests.web.running import SENTENCES

PAYLOADS = Path(__file__).with_name("payloads")
LARGEST = 11_000
NOTHING_SEEN = "\u2060"


@pytest.fixture(scope="module")
def answering(tmp_path_factory: pytest.TempPathFactory, home: Path, encoder: Encoder) -> Answering:
    return Answering(home, tmp_path_factory.mktemp("answering"), encoder)


def written(request: str) -> list[str]:
    """What a model writes to the reference question."""
    cited = {
        "exposed": number_of(request, "C'est ce que l'on appelle un port exposé"),
        "internal": number_of(request, "ports internes"),
        "opened": number_of(request, "ouvrant des ports sur la machine"),
    }
    return [" ".join(SENTENCES).format(**cited)]


ANSWERS: dict[str, Callable[[Answering], Answer]] = {
    "paragraphs": lambda a: a.ask(REFERENCE),
    "list": lambda a: a.ask("Quelles sont les couches du modèle TCP/IP ?", COURSE),
    "steps": lambda a: a.ask("comment installer un serveur web ?", COURSE),
    "code": lambda a: a.ask("comment démarrer le serveur ?", COURSE),
    "table": lambda a: a.ask("quels sont les ports connus ?", COURSE),
    "correction": lambda a: a.ask("comment crér un conteneurr"),
    "follow_up": lambda a: a.ask("et un port interne ?", earlier=["C'est quoi un port exposé ?"]),
    "refusal": lambda a: a.ask("exemple de Dockerfile"),
    "refusal_alone": lambda a: a.ask("c'est quoi kubernetes ?"),
    "empty_section": lambda a: a.ask("c'est quoi un volume"),
    "small_talk": lambda a: a.ask("bonjour"),
    "composed": lambda a: a.write(REFERENCE, written),
    "long": lambda a: a.ask("quelles sont les commandes de l'administrateur ?", COURSE),
    "hostile": lambda a: a.ask("que fait la balise channel ?", COURSE),
}
STATUSES = {
    "refusal": "not_in_material",
    "refusal_alone": "not_in_material",
    "empty_section": "section_empty",
    "small_talk": "small_talk",
}


@pytest.mark.model
@pytest.mark.parametrize("name", ANSWERS)
def test_the_payload_of_each_kind_of_answer_is_the_one_that_was_reviewed(answering: Answering, name: str) -> None:
    answer = ANSWERS[name](answering)
    assert answer.status == STATUSES.get(name, "answered")
    read_on = answering.read_on(answer)
    reply = answer_reply(answer, BASE_URL, read_on)
    assert_valid(reply)
    matches(name, {"text": reply.text, "blocks": reply.blocks})


@pytest.mark.model
def test_the_payload_of_a_streamed_answer_is_the_one_that_was_reviewed(answering: Answering) -> None:
    answer = answering.write(REFERENCE, written)
    blocks = closing_blocks(answer, BASE_URL, answering.read_on(answer))
    assert_valid(Reply(answer.answer, blocks))
    matches("streamed", {"markdown_text": streamed(answer), "blocks": blocks})


@pytest.mark.model
def test_without_an_address_the_payload_has_no_link(answering: Answering) -> None:
    answer = answering.ask(REFERENCE)
    reply = answer_reply(answer, "", answering.read_on(answer))
    assert_valid(reply)
    matches("without_links", {"text": reply.text, "blocks": reply.blocks})
    assert "https:" not in json.dumps(reply.blocks)


def matches(name: str, payload: dict[str, Any]) -> None:
    """The payload is the one that is kept; with RENEW_PAYLOADS set it is from now on."""
    path = PAYLOADS / f"{name}.json"
    if os.environ.get("RENEW_PAYLOADS"):
        path.write_text(json.dumps(payload, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert payload == json.loads(path.read_text(encoding="utf-8")), f"{path}: see CONTRIBUTING.md"


def test_every_kept_payload_is_one_that_is_tested() -> None:
    assert {path.stem for path in PAYLOADS.iterdir()} == {*ANSWERS, "streamed", "without_links"}


# What stands in a document can be anything. Surrogates and NUL cannot: they are no text in a document.
HOSTILE = ["<!channel>", "<@U0ALICE01>", "<#C1|x>", "<!subteam^S1>", "<!here|here>", "@channel", "@everyone", "&lt;"]
HOSTILE += ["*gras*", "_it_", "~non~", "`code`", "```", "|", "](", "<https://a.example|b>", "# Titre", "- x", "1. x"]
HOSTILE += ["\u202eà l'envers", "\u200f", "\u2066", "&amp;", "&", "<", ">", "\\", "===", "---", "> cité", ":smile:"]
words = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(blacklist_categories=["C", "Z"]), min_size=1))
phrases = st.lists(words, min_size=1, max_size=6).map(" ".join)
lengthened = st.one_of(phrases, st.tuples(phrases, st.integers(1, 300)).map(lambda found: (found[0] + " ") * found[1]))
texts = lengthened.map(lambda text: text[:6000].strip())
kinds = st.sampled_from(["paragraph", "list", "table", "code", "html"])
urls = st.one_of(
    st.integers(0, 10**6).map(lambda n: f"{BASE_URL}/courses/c/documents/d?version=sha256:{n:064}&start={n}#a-({n})"),
    st.just(f"{BASE_URL}/" + "x" * 3001),
)


@st.composite
def sentence(draw: st.DrawFn, number: int, most: int, before: AnswerSentence | None) -> AnswerSentence:
    same_block = before is not None and before.kind != "code" and draw(st.booleans())
    kind = before.kind if before and same_block else draw(kinds)
    spans = []
    if kind != "code" and draw(st.booleans()):
        marks = st.lists(st.sampled_from(["strong", "emphasis", "strikethrough", "code"]), unique=True)
        hrefs = st.sampled_from([None, "mailto:a@b.example", "https://a.example/" + "y" * 3001])
        cells = st.integers(0, 3) if kind == "table" else st.none()
        pieces = draw(st.lists(st.tuples(phrases, marks, hrefs, cells), min_size=1, max_size=3))
        spans = [Span(text=t, marks=m, href=h, cell=c) for t, m, h, c in sorted(pieces, key=lambda p: p[3] or 0)]
    text = "".join(span.text for span in spans) or draw(texts)
    return AnswerSentence(
        text=text,
        kind=kind,  # type: ignore[arg-type]
        block=before.block if before and same_block else number,
        group=before.group if before and same_block else number // 4,
        spans=spans,
        level=draw(st.integers(1, 12)),
        ordinal=draw(st.one_of(st.none(), st.integers(0, 40))),
        continues=draw(st.booleans()),
        is_header=draw(st.booleans()),
        citations=draw(st.lists(st.integers(1, most), min_size=1, max_size=3, unique=True)),
    )


@st.composite
def any_answer(draw: st.DrawFn) -> Answer:
    most = draw(st.integers(1, 30))
    citations = [
        Citation(
            number=number,
            document_id="d",
            document_title=draw(texts),
            heading_path=draw(st.lists(texts, max_size=3)),
            anchor=draw(st.sampled_from(["", "a", "b"])),
            quote=draw(phrases),
            start=0,
            end=1,
            line_start=1,
            line_end=1,
            page=None,
            url=draw(urls),
            document_version="sha256:0",
            shown=draw(st.one_of(st.just(""), texts)),
        )
        for number in range(1, most + 1)
    ]
    count = draw(st.one_of(st.integers(1, 8), st.just(60)))
    shown: list[AnswerSentence] = []
    if count == 60:
        same = draw(texts)
        shown = [
            AnswerSentence(text=same, kind=draw(kinds), block=i, group=i // 9, citations=[1 + i % most])
            for i in range(count)
        ]
    else:
        for i in range(count):
            shown.append(draw(sentence(i, most, shown[-1] if shown else None)))
    status = draw(st.sampled_from(["answered", "not_in_material", "section_empty"]))
    is_answered = status == "answered"
    title = st.lists(texts, max_size=3)
    related = [
        RelatedSection(
            document_id="d", heading_path=draw(title), anchor="a", url=draw(urls), is_empty=draw(st.booleans())
        )
        for _ in range(0 if is_answered else draw(st.integers(0, 3)))
    ]
    question = draw(texts)[:2000].strip()
    return answers.answer(status=status).model_copy(
        update={
            "question": question,
            "standalone_question": draw(st.one_of(st.just(question), texts)),
            "answer": draw(texts),
            "sentences": shown if is_answered else [],
            "citations": citations if is_answered else [],
            "related_sections": related,
            "correction": draw(st.one_of(st.none(), texts.map(lambda to: Correction(from_=question, to=to)))),
            "composer": draw(st.sampled_from(["extractive", "model"])),
            "course": "réseaux-1",
        }
    )


@st.composite
def next_section(draw: st.DrawFn) -> RelatedSection:
    return RelatedSection(
        document_id="d", heading_path=draw(st.lists(texts, max_size=2)), anchor="a", url=draw(urls), is_empty=False
    )


base_urls = st.sampled_from(["", BASE_URL])


@given(any_answer(), base_urls, st.one_of(st.none(), next_section()))
def test_any_answer_is_a_message_that_slack_takes(
    answer: Answer, base_url: str, read_on: RelatedSection | None
) -> None:
    reply = answer_reply(answer, base_url, read_on)
    assert_valid(reply)
    shown = "".join(seen(reply.blocks))
    if answer.sentences and not is_cut(reply.blocks):
        end = 0
        for own in answer.sentences:
            text = own.text if own.kind == "code" else (own.spans[0].text if own.spans else own.text)
            assert shown.find(text, end) >= 0
            end = shown.find(text, end) + len(text)
        cited = {number for own in answer.sentences for number in own.citations}
        assert {number for number in cited if f"[{number}]" not in shown} == set()


@given(any_answer(), base_urls, st.one_of(st.none(), next_section()), st.integers(0, 8000))
def test_what_stands_below_a_stream_is_taken_by_slack(
    answer: Answer, base_url: str, read_on: RelatedSection | None, above: int
) -> None:
    blocks = closing_blocks(answer, base_url, read_on, above)
    assert_valid(Reply("x", blocks))
    assert blocks or answer.status != "answered"


@given(any_answer(), base_urls)
def test_a_streamed_answer_holds_the_characters_of_the_material_and_no_mark(answer: Answer, base_url: str) -> None:
    markdown = streamed(answer, base_url)
    assert not re.search(r"<[@#!](?!--|doctype\b)", markdown, re.I)
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    plain = {"inline", "text", "text_special", "softbreak", "hardbreak", "fence"}
    kinds_of_tokens = {token.type for token in flat(tokens)} - plain
    assert {kind.rpartition("_")[0] for kind in kinds_of_tokens} <= {"paragraph", "link", "list_item", "bullet_list"}
    found = [token.content for token in flat(tokens) if token.type in ("text", "text_special", "fence")]
    shown = squeezed("".join(found))
    end = 0
    for own in answer.sentences:
        text = squeezed(own.text)
        assert text in shown[end:], (own.text, markdown)
        end = shown.index(text, end) + len(text)
    reply = partial_reply(answer.answer, markdown)
    if markdown:
        check_blocks(reply.blocks)
        assert len(reply.blocks[0]["text"]) <= LONGEST_MARKDOWN


def test_a_long_answer_is_cut_after_a_sentence_with_a_link_to_the_whole() -> None:
    answer = long_answer([f"Phrase {n} : " + "mot " * 60 for n in range(60)], question="c'est quoi & où ?")
    reply = answer_reply(answer, BASE_URL)
    assert_valid(reply)
    shown = "".join(seen(reply.blocks))
    last = max(n for n in range(60) if f"Phrase {n} :" in shown)
    assert 8 < last < 59
    assert shown.count("mot") == 60 * (last + 1)
    [link] = re.findall(r"<(https://repere\.example/courses/docker\?[^|]*)\|La réponse est plus longue", shown)
    assert parse_qs(urlsplit(html.unescape(link)).query) == {"q": ["c'est quoi & où ?"]}
    assert f"[{last + 1}]" in sources(reply)
    assert f"[{last + 2}]" not in shown


def test_the_link_to_the_whole_lacks_a_question_that_no_address_holds() -> None:
    answer = long_answer(["mot " * 4000], question="é" * 2000)
    assert f"<{BASE_URL}/courses/docker|" in "".join(seen(answer_reply(answer, BASE_URL).blocks))


@pytest.mark.parametrize("kind", ["code", "paragraph"])
def test_a_sentence_that_is_too_long_by_itself_is_cut_at_a_line_or_a_word(kind: str) -> None:
    text = "\n".join(f"commande --option-{n} valeur" for n in range(900))
    answer = long_answer([text], kind=kind)
    blocks = answer_reply(answer, BASE_URL).blocks
    first = blocks[0]["elements"][0]
    assert first["type"] == ("rich_text_preformatted" if kind == "code" else "rich_text_section")
    shown = first["elements"][0]["text"].rstrip()
    assert re.fullmatch(r"(commande --option-\d+ valeur\n)*(commande --option-\d+ valeur)…", shown)
    assert is_cut(blocks)
    assert "[1]" in sources(Reply("", blocks))


def test_without_an_address_a_cut_answer_says_so_without_a_link() -> None:
    shown = "".join(seen(answer_reply(long_answer(["mot " * 4000]), "").blocks))
    assert "La réponse est plus longue\u00a0: en voici le début." in shown
    assert "http" not in shown


def test_an_answer_of_a_model_that_is_too_long_with_its_quotes_is_shown_whole_without_them() -> None:
    found = long_answer([f"Phrase {n}." for n in range(30)]).model_copy(update={"composer": "model"})
    citations = [c.model_copy(update={"shown": "citation " * 30}) for c in found.citations]
    reply = answer_reply(found.model_copy(update={"citations": citations}), BASE_URL)
    assert not is_cut(reply.blocks)
    assert "Phrase 29." in "".join(seen(reply.blocks))
    assert "citation" not in sources(reply)


def test_citations_of_one_place_share_a_line_wherever_they_stand() -> None:
    answer = long_answer(["Un.", "Deux.", "Trois."])
    other = answer.citations[1].model_copy(update={"heading_path": ["Volumes"]})
    answer = answer.model_copy(update={"citations": [answer.citations[0], other, answer.citations[2]]})
    lines = [re.sub(r"<[^|]*\|([^>]*)>", r"\1", line) for line in sources(answer_reply(answer, BASE_URL)).splitlines()]
    assert lines == ["[1][3] Introduction › Ports", "[2] Introduction › Volumes"]


def test_steps_keep_their_numbers_around_nested_items_code_and_what_is_left_out() -> None:
    steps = [
        step("Un.", block=0, ordinal=1),
        step("Suite.", block=1, continues=True),
        step("Sous.", block=2, level=2),
        step("Encore un.", block=3, continues=True),
        step("Deux.", block=4, ordinal=2),
        step("run", block=5, ordinal=None, kind="code", continues=True),
        step("Après le code.", block=6, continues=True),
        step("Quatre.", block=7, ordinal=4),
        step("Cinq.", block=8, ordinal=5),
    ]
    [rich] = [b for b in answer_reply(with_sentences(steps), "").blocks if b["type"] == "rich_text"]
    outline = [
        (
            part["type"].removeprefix("rich_text_"),
            part.get("style"),
            part.get("indent"),
            part.get("offset"),
            "".join(seen([part])),
        )
        for part in rich["elements"]
    ]
    assert outline == [
        ("list", "ordered", 0, None, "Un. [1]\nSuite. [1]"),
        ("list", "bullet", 1, None, "Sous. [1]"),
        ("section", None, None, None, "\nEncore un. [1]\n"),
        ("list", "ordered", 0, 1, "Deux. [1]"),
        ("preformatted", None, None, None, "run"),
        ("section", None, None, None, "[1]\n\nAprès le code. [1]\n"),
        ("list", "ordered", 0, 3, "Quatre. [1]Cinq. [1]"),
    ]


def test_lists_of_two_sections_stand_apart() -> None:
    answer = long_answer(["Un.", "Deux."], kind="list")
    other = answer.citations[1].model_copy(update={"anchor": "volumes"})
    answer = answer.model_copy(update={"citations": [answer.citations[0], other]})
    [rich, *_] = answer_reply(answer, "").blocks
    assert [part["type"] for part in rich["elements"]] == ["rich_text_list", "rich_text_section", "rich_text_list"]


def test_an_empty_cell_keeps_its_place_and_a_head_is_bold() -> None:
    cells = [Span(text="Service", cell=0), Span(text="Usage", cell=2)]
    head = step("Service |  | Usage", kind="table", is_header=True).model_copy(update={"spans": cells})
    [rich, *_] = answer_reply(with_sentences([head]), "").blocks
    assert rich["elements"][0]["elements"] == [
        {"type": "text", "text": "Service", "style": {"bold": True}},
        {"type": "text", "text": " |  | "},
        {"type": "text", "text": "Usage", "style": {"bold": True}},
        {"type": "text", "text": " [1]"},
    ]


def test_of_very_many_courses_the_menu_holds_the_first_and_the_command_the_others() -> None:
    courses = [(f"cours-{n}", f"Cours {n} " + "long " * 30) for n in range(250)]
    reply = course_menu(courses, "1700000000.000001", "fr")
    assert_valid(reply)
    [menu] = reply.blocks[1]["elements"]
    assert 50 < len(menu["options"]) <= 100
    assert "/repere cours" in reply.blocks[2]["elements"][0]["text"]
    short = [(f"cours-{n}", f"Cours {n}") for n in range(101)]
    assert len(course_menu(short[:100], "1700000000.000001", "fr").blocks) == 2
    assert len(course_menu(short, "1700000000.000001", "fr").blocks) == 3
    assert_valid(course_menu([("c", "")], "1700000000.000001", "en"))
    assert_valid(course_menu([], "1700000000.000001", "fr"))


def test_a_notice_is_a_message() -> None:
    assert_valid(notice("Merci."))


def long_answer(found: list[str], kind: str = "paragraph", question: str = "Et alors ?") -> Answer:
    """An answer with these sentences, each with a citation of its own."""
    first = answers.answer(question)
    url = f"{BASE_URL}/courses/docker/documents/introduction"
    citations = [
        first.citations[0].model_copy(update={"number": n, "url": f"{url}?n={n}"}) for n in range(1, len(found) + 1)
    ]
    sentences = [
        AnswerSentence(text=text.strip(), kind=kind, block=n, group=n // 60, citations=[n])  # type: ignore[arg-type]
        for n, text in enumerate(found, 1)
    ]
    return first.model_copy(update={"citations": citations, "sentences": sentences, "answer": " ".join(found)})


def with_sentences(found: list[AnswerSentence]) -> Answer:
    return answers.answer().model_copy(update={"sentences": found})


def step(text: str, *, block: int = 0, kind: str = "list", **fields: Any) -> AnswerSentence:
    return AnswerSentence(text=text, kind=kind, block=block, group=0, citations=[1], **fields)  # type: ignore[arg-type]


def streamed(answer: Answer, base_url: str = BASE_URL) -> str:
    text = StreamedText(base_url)
    return "".join(text.add(own, answer.citations) for own in answer.sentences)


def assert_valid(reply: Reply) -> None:
    """Slack takes it, its SDK too, and nobody is called by it."""
    check_blocks(reply.blocks)
    for block in Block.parse_all(json.loads(json.dumps(reply.blocks))):
        block.validate_json()
    assert len(json.dumps(reply.blocks, ensure_ascii=False).encode()) <= LARGEST
    assert 0 < len(reply.text) <= 3000
    for text in [reply.text, *marked(reply.blocks)]:
        without_links = re.sub(r"<https://repere\.example/[^<>|\s]*\|[^<>|]+>", "", text)
        assert not re.search("[<>]", without_links), text
        assert not re.search(r"&(?!(?:amp|lt|gt);)", without_links), text
    known = {"rich_text", "rich_text_section", "rich_text_list", "rich_text_preformatted", "text", "link"}
    for block in reply.blocks:
        if block["type"] == "rich_text":
            assert {found["type"] for found in walk(block) if "type" in found} <= known
        for found in walk(block):
            assert found.get("type") != "mrkdwn" or found["verbatim"] is True


def marked(blocks: list[Any]) -> list[str]:
    """The texts in which Slack reads marks."""
    return [found["text"] for block in blocks for found in walk(block) if found.get("type") == "mrkdwn"]


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from walk(inner)


def seen(blocks: list[Any]) -> list[str]:
    return [found["text"] for block in blocks for found in walk(block) if isinstance(found.get("text"), str)]


def sources(reply: Reply) -> str:
    return "\n".join(
        "".join(seen([block]))
        for block in reply.blocks
        if block["type"] == "context" and "plus longue" not in str(block)
    )


def is_cut(blocks: list[Any]) -> bool:
    return "La réponse est plus longue" in "".join(marked(blocks))


def flat(tokens: Any) -> Iterator[Any]:
    for token in tokens:
        yield token
        yield from flat(token.children or ())


def squeezed(text: str) -> str:
    return "".join(text.replace(NOTHING_SEEN, "").split())
