"""Answers and refusals as they look, what one can do with them, and what is kept of what one thinks."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.service.serving import REFERENCE, Served
from tests.web.running import rows
from tests.web.visiting import EMPTY, EXPOSED, FAR_OUTSIDE, OUTSIDE, Chat, open_link, stands_out, visit, visiting

pytestmark = [pytest.mark.browser, pytest.mark.model]


def opinions(home: Path, chat: Chat, question: str) -> list[tuple]:
    """What is kept of the last turn's answer: its rating and reason, in the database."""
    kept = chat.page.evaluate("Object.values(sessionStorage).map((text) => JSON.parse(text).conversation)")
    [conversation] = [name for name in kept if name]
    query = (
        "SELECT f.rating, f.reason FROM feedback f JOIN turns t ON t.answer_id = f.answer_id "
        "WHERE t.conversation_id = ? AND t.standalone_question = ?"
    )
    return rows(home, query, conversation, question)


@pytest.mark.parametrize(
    ("question", "title", "section"),
    [
        (EMPTY, "Section encore vide", "Concepts › Volume Docker (vide)"),
        (OUTSIDE, "Le cours n’en parle pas", "Introduction Docker"),
    ],
)
def test_a_refusal_looks_different_and_lists_sections(
    page: Page, served: Served, question: str, title: str, section: str
):
    chat = visit(page, served.url)
    turn = chat.ask(question)
    card = turn.locator(".refusal")
    expect(card.get_by_role("heading", level=4)).to_have_text(title)
    expect(card.locator("li").first).to_have_text(section)
    assert card.evaluate("card => getComputedStyle(card).borderTopStyle") == "dashed"
    expect(turn.locator("> .text")).to_have_count(0)
    expect(chat.chips).to_have_count(0)
    expect(turn.get_by_role("button", name="Copier la réponse et ses sources")).to_have_count(0)
    assert not stands_out(chat)


def test_an_answer_has_no_card_of_a_refusal(desk: Page, served: Served):
    turn = visit(desk, served.url).ask(REFERENCE)
    expect(turn.locator("> .text")).to_contain_text("C'est ce que l'on appelle un port exposé.")
    expect(turn.locator(".refusal")).to_have_count(0)


def test_a_question_outside_the_material_lists_nothing(desk: Page, served: Served):
    turn = visit(desk, served.url).ask(FAR_OUTSIDE)
    expect(turn.locator(".refusal")).to_be_visible()
    expect(turn.locator(".refusal a, .refusal ul")).to_have_count(0)


def test_that_something_is_missing_is_kept(desk: Page, served: Served, web_home: Path):
    chat = visit(desk, served.url)
    turn = chat.ask(OUTSIDE)
    turn.get_by_role("button", name="Cela devrait être dans le cours").click()
    expect(turn.get_by_role("status")).to_have_text("Merci : votre enseignant pourra le voir.")
    expect(turn.get_by_role("button", name="Cela devrait être dans le cours")).to_be_focused()
    assert opinions(web_home, chat, OUTSIDE) == [("missing", None)]


def test_a_thumb_and_its_reason_are_kept_and_can_be_changed(desk: Page, served: Served, web_home: Path):
    chat = visit(desk, served.url)
    turn = chat.ask(REFERENCE)
    up, down = (turn.get_by_role("button", name=name) for name in ("Réponse utile", "Réponse peu utile"))
    expect(down).to_have_attribute("aria-pressed", "false")
    down.click()
    expect(turn.get_by_role("status")).to_have_text("Merci pour votre avis.")
    expect(down).to_have_attribute("aria-pressed", "true")
    assert opinions(web_home, chat, REFERENCE) == [("down", None)]

    reason = "Trop court : <b>développez</b>"
    turn.get_by_label("Pourquoi ? (facultatif)").fill(f" {reason} ")
    turn.get_by_label("Pourquoi ? (facultatif)").press("Enter")
    expect(turn.get_by_label("Pourquoi ? (facultatif)")).to_have_count(0)
    expect(down).to_be_focused()
    assert opinions(web_home, chat, REFERENCE) == [("down", reason)]

    up.click()
    expect(up).to_have_attribute("aria-pressed", "true")
    expect(down).to_have_attribute("aria-pressed", "false")
    expect(turn.get_by_label("Pourquoi ? (facultatif)")).to_be_visible()
    assert opinions(web_home, chat, REFERENCE) == [("up", None)]
    assert not stands_out(chat)


def test_an_opinion_that_does_not_arrive_is_said_to(browser: Browser, served: Served):
    with visiting(browser, expected=["net::ERR_FAILED"]) as page:
        chat = visit(page, served.url)
        turn = chat.ask(REFERENCE)
        page.route("**/feedback", lambda route: route.abort())
        turn.get_by_role("button", name="Réponse utile").click()
        expect(turn.get_by_role("status")).to_contain_text("L’envoi a échoué.")
        expect(turn.get_by_role("button", name="Réponse utile")).to_have_attribute("aria-pressed", "false")
        turn = chat.ask(OUTSIDE)
        turn.locator(".refusal button").click()
        expect(turn.get_by_role("status")).to_contain_text("L’envoi a échoué.")


def test_a_corrected_question_says_what_was_looked_for(page: Page, served: Served):
    chat = visit(page, served.url)
    turn = chat.ask("diference port expossé")
    expect(turn.locator(".read-as")).to_have_text("Résultats pour « différence port exposé »")
    expect(turn.locator(".asked")).to_contain_text("diference port expossé")
    assert not stands_out(chat)


def test_a_question_as_it_was_typed_is_not_said_again(desk: Page, served: Served):
    chat = visit(desk, served.url)
    for question in (REFERENCE, "Bonjour, c'est quoi un port exposé ? Merci !"):
        turn = chat.ask(question)
        expect(turn.locator("> .text")).to_contain_text("port exposé")
        expect(turn.locator(".read-as")).to_have_count(0)


def test_a_follow_up_shows_what_it_was_read_as(page: Page, served: Served):
    chat = visit(page, served.url)
    expect(chat.field).to_have_attribute("placeholder", "Posez votre question")
    chat.ask(EXPOSED)
    expect(chat.field).to_have_attribute("placeholder", "Une autre question\u00a0?")
    turn = chat.ask("et un port interne ?")
    expect(turn.locator(".read-as")).to_have_text("Question lue : « C'est quoi un port interne ? »")
    expect(turn.locator("> .text")).to_contain_text("des ports internes")
    assert not stands_out(chat)


def test_small_talk_is_answered_without_a_title_or_anything_to_do(page: Page, served: Served):
    chat = visit(page, served.url)
    turn = chat.ask("bonjour")
    expect(turn).to_contain_text("Posez-moi une question sur le cours « Docker »")
    expect(turn.locator("h4, a, button, .refusal, .read-as")).to_have_count(0)
    assert not stands_out(chat)


def test_a_suggestion_is_asked(desk: Page, served: Served):
    chat = visit(desk, served.url)
    suggestion = chat.host.locator(".suggestion").first
    question = suggestion.inner_text()
    suggestion.click()
    expect(chat.turn.locator(".asked")).to_contain_text(question)
    expect(chat.turn).to_have_attribute("data-state", "done")
    expect(chat.answer).not_to_be_empty()
    expect(chat.host.locator(".welcome")).to_be_hidden()


def copied_from(chat: Chat) -> None:
    turn = chat.ask(REFERENCE)
    turn.get_by_role("button", name="Copier la réponse et ses sources").click()
    expect(turn.get_by_role("button", name="Copié")).to_be_visible()


def expect_whole(text: str, served: Served) -> None:
    """The question, the answer and each citation with its place, its quote and an address that opens it."""
    assert text.startswith(f"{REFERENCE}\n\n")
    assert "C'est ce que l'on appelle un port exposé." in text
    sources = text.split("Sources\n")[1]
    assert re.findall(r"^\[(\d)\] Introduction Docker › Concepts › Conteneur Docker$", sources, re.M) == list("12345")
    addresses = re.findall(r"^    (http\S+)$", sources, re.M)
    assert len(addresses) == 5
    for address in addresses:
        assert '<mark class="quote">' in served.client.get(address).text


def test_an_answer_is_copied_with_its_sources(browser: Browser, served: Served):
    with visiting(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        chat = visit(page, served.url)
        copied_from(chat)
        expect_whole(page.evaluate("navigator.clipboard.readText()"), served)
        expect(chat.turn.get_by_role("button", name="Copier la réponse et ses sources")).to_be_visible()


def test_an_answer_is_copied_where_the_page_has_no_right_to_the_clipboard(browser: Browser, served: Served):
    with visiting(browser) as page:
        page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        page.add_init_script("addEventListener('copy', () => { window.copied = getSelection().toString(); }, true)")
        chat = visit(page, served.url)
        copied_from(chat)
        focused = page.evaluate("document.activeElement.shadowRoot.activeElement.getAttribute('aria-label')")
        assert focused == "Copié"
        expect(chat.host.locator("textarea")).to_have_count(1)
        chat.field.focus()
        page.keyboard.press("ControlOrMeta+V")
        expect(chat.field).to_have_value(re.compile(r"\[5\] Introduction Docker"))


def test_code_is_copied_as_it_is(browser: Browser, served: Served):
    with visiting(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        chat = visit(page, served.url, "python")
        turn = chat.ask("Comment démarrer le serveur Zébulon ?")
        turn.get_by_role("button", name="Copier", exact=True).first.click()
        expect(turn.get_by_role("button", name="Copié")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == "zebulon start --port 80 | tee **log**"


def test_the_link_to_a_question_asks_it_and_a_reload_does_not_ask_again(desk: Page, served: Served):
    chat = visit(desk, served.url)
    chat.ask(EXPOSED)
    turn = chat.ask("et un port interne ?")
    opened = open_link(desk, turn.get_by_role("link", name="Lien qui repose cette question"))
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url) if request.url.endswith("/v1/ask") else None)
    other = Chat(opened)
    expect(other.turn).to_have_attribute("data-state", "done")
    expect(other.turns).to_have_count(1)
    expect(other.turn.locator(".asked")).to_contain_text("C'est quoi un port interne ?")
    expect(other.answer).to_contain_text("des ports internes")
    assert opened.url == f"{served.url}/courses/docker"
    before = len(asked)
    opened.reload()
    expect(other.turn).to_have_attribute("data-state", "done")
    expect(other.turns).to_have_count(1)
    assert len(asked) == before


def test_an_address_holds_any_question(desk: Page, served: Served):
    question = 'C\'est quoi un port & une <image> + 50 % # ? "é"'
    chat = visit(desk, served.url)
    turn = chat.ask(question)
    address = turn.locator(".actions a").get_attribute("href")
    assert parse_qs(urlsplit(address).query) == {"q": [question]}
    desk.goto(address)
    expect(chat.turn).to_have_attribute("data-state", "done")
    expect(chat.turn.locator(".asked")).to_contain_text(question)
