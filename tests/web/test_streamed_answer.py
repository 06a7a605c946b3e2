"""An answer on its way: sentence by sentence, stopped, and said once to who listens."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from reperage.index.encoder import Encoder
from tests.service.answering.generation.scripted import ScriptedModel
from tests.service.serving import REFERENCE, Served
from tests.web.running import Slow, rows, until, writing_service
from tests.web.visiting import FAR_OUTSIDE, Chat, visit, visiting

pytestmark = [pytest.mark.browser, pytest.mark.model]

FIRST, SECOND = "port ouvert sur la machine locale", "Les ports internes ne sont pas accessibles"

LISTEN = """host => {
  const live = host.shadowRoot.querySelector(".panel > [aria-live]");
  window.heard = [];
  new MutationObserver(() => window.heard.push(live.textContent))
    .observe(live, {childList: true, characterData: true, subtree: true});
}"""


@pytest.fixture(scope="module")
def slow_service(own_home_of_module: Path, encoder: Encoder) -> Iterator[tuple[Served, ScriptedModel]]:
    with writing_service(own_home_of_module, encoder, Slow()) as running:
        yield running


@pytest.fixture
def script(slow_service: tuple[Served, ScriptedModel]) -> Iterator[Slow]:
    """What the model writes by in this test; nothing is held back after it."""
    script = Slow()
    slow_service[1].script = script
    yield script
    script.go_on.set()


@pytest.fixture
def chat(browser: Browser, slow_service: tuple[Served, ScriptedModel]) -> Iterator[Chat]:
    with visiting(browser) as page:
        yield visit(page, slow_service[0].url)


def test_each_sentence_is_shown_as_soon_as_it_is_there(chat: Chat, script: Slow):
    turn = chat.send_off(REFERENCE)
    expect(chat.answer).to_contain_text(FIRST)
    expect(chat.answer).not_to_contain_text(SECOND)
    expect(turn).to_have_attribute("data-state", "asking")
    expect(turn).to_have_attribute("aria-busy", "true")
    expect(turn.locator(".waiting")).to_be_visible()
    # What is there can be looked up already.
    expect(chat.chips).to_have_count(2)
    chat.open_source()
    assert "port exposé" in chat.marked() or "ports" in chat.marked()

    script.go_on.set()
    expect(chat.answer).to_contain_text(SECOND)
    expect(turn).to_have_attribute("data-state", "done")
    expect(turn).to_have_attribute("aria-busy", "false")
    expect(turn.locator(".waiting")).to_have_count(0)
    expect(chat.chips).to_have_count(3)


def test_the_focus_stays_on_a_chip_while_the_answer_grows(chat: Chat, script: Slow):
    chat.send_off(REFERENCE)
    chat.chips.nth(1).focus()
    expect(chat.tip).to_be_visible()
    script.go_on.set()
    expect(chat.turn).to_have_attribute("data-state", "done")
    expect(chat.chips.nth(1)).to_be_focused()


def test_an_answer_is_announced_once_when_it_is_whole(chat: Chat, script: Slow):
    chat.host.evaluate(LISTEN)
    chat.send_off(REFERENCE)
    expect(chat.answer).to_contain_text(FIRST)
    assert chat.page.evaluate("heard") == []
    script.go_on.set()
    expect(chat.turn).to_have_attribute("data-state", "done")
    expect(chat.live).to_contain_text(SECOND)
    [heard] = chat.page.evaluate("heard")
    assert heard.startswith("Réponse. ")
    assert FIRST in heard

    chat.ask(FAR_OUTSIDE)
    expect(chat.live).to_contain_text("Le cours n’en parle pas")
    assert len(chat.page.evaluate("heard")) == 2
    # The turns themselves are no live region, which would say every sentence.
    assert chat.turn.evaluate("turn => turn.closest('[aria-live], [role=log], [role=status], [role=alert]')") is None


def test_an_answer_is_stopped(browser: Browser, slow_service: tuple[Served, ScriptedModel], script: Slow):
    served, model = slow_service
    with visiting(browser) as page:
        chat = visit(page, served.url)
        cut_off = model.cut_off
        chat.send_off(REFERENCE)
        expect(chat.answer).to_contain_text(FIRST)
        expect(chat.send).to_have_accessible_name("Arrêter")
        chat.send.click()
        expect(chat.turn).to_have_attribute("data-state", "stopped")
        expect(chat.turn).to_contain_text("Réponse arrêtée.")
        expect(chat.answer).to_contain_text(FIRST)
        expect(chat.send).to_have_accessible_name("Envoyer")
        expect(chat.live).to_have_text("Réponse arrêtée.")
        until(lambda: model.cut_off == cut_off + 1)

        script.go_on.set()
        chat.turn.get_by_role("button", name="Réessayer").click()
        expect(chat.turn).to_have_attribute("data-state", "done")
        expect(chat.turns).to_have_count(1)
        expect(chat.answer).to_contain_text(SECOND)


def test_what_is_typed_meanwhile_can_be_sent_and_stops_the_one_before(
    browser: Browser, slow_service: tuple[Served, ScriptedModel], script: Slow
):
    with visiting(browser) as page:
        chat = visit(page, slow_service[0].url)
        chat.send_off(REFERENCE)
        expect(chat.answer).to_contain_text(FIRST)
        chat.field.fill(FAR_OUTSIDE)
        expect(chat.send).to_have_accessible_name("Envoyer")
        chat.send.click()
        expect(chat.turns).to_have_count(2)
        expect(chat.turns.first).to_have_attribute("data-state", "stopped")
        expect(chat.turns.last).to_have_attribute("data-state", "done")


def test_a_question_that_was_stopped_can_be_asked_again_after_another(
    browser: Browser, slow_service: tuple[Served, ScriptedModel], script: Slow
):
    with visiting(browser) as page:
        chat = visit(page, slow_service[0].url)
        chat.send_off(REFERENCE)
        expect(chat.answer).to_contain_text(FIRST)
        chat.send.click()
        first = chat.turns.first
        expect(first).to_have_attribute("data-state", "stopped")
        script.go_on.set()
        chat.ask(FAR_OUTSIDE)
        first.get_by_role("button", name="Réessayer").click()
        expect(first).to_have_attribute("data-state", "done")
        expect(first.locator("> .text")).to_contain_text(SECOND)
        expect(chat.turns).to_have_count(2)


def test_a_reload_in_the_middle_asks_the_same_question_on(
    browser: Browser, slow_service: tuple[Served, ScriptedModel], script: Slow, own_home_of_module: Path
):
    with visiting(browser) as page:
        chat = visit(page, slow_service[0].url)
        chat.send_off(REFERENCE)
        expect(chat.answer).to_contain_text(FIRST)
        page.reload()
        expect(chat.answer).to_contain_text(FIRST)
        script.go_on.set()
        expect(chat.turn).to_have_attribute("data-state", "done")
        expect(chat.turns).to_have_count(1)
        expect(chat.answer).to_contain_text(SECOND)
        [kept] = page.evaluate("Object.values(sessionStorage).map((text) => JSON.parse(text).conversation)")
    of_it = "SELECT count(*) FROM turns WHERE conversation_id = ?"
    until(lambda: rows(own_home_of_module, of_it, kept) == [(1,)])
