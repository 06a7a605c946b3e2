"""A conversation: what a reload brings back, what has changed since, and how another begins."""

import json
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from reperage.index.encoder import Encoder
from reperage.service.settings import Settings
from tests.service.serving import Served, build_course, serving
from tests.web.visiting import EMPTY, EXPOSED, Chat, expect_in_view, open_link, visit, visiting

pytestmark = [pytest.mark.browser, pytest.mark.model]

MOON = "Quand la sonde Zéphyrine se pose-t-elle ?"
NOTES = "# Sondes\n\n## La sonde Zéphyrine\n\nLa sonde Zéphyrine se pose {day} sur le cratère Ombline.\n"


def kept(chat: Chat) -> dict:
    """What this tab keeps."""
    [text] = chat.page.evaluate("Object.values(sessionStorage)")
    return json.loads(text)


def test_a_reload_brings_the_conversation_back(page: Page, served: Served):
    chat = visit(page, served.url)
    chat.ask(EXPOSED)
    chat.ask("et un port interne ?")
    chat.ask(EMPTY)
    before = chat.turns.all_inner_texts()
    page.reload()
    expect(chat.turns).to_have_count(3)
    assert chat.turns.all_inner_texts() == before
    expect(chat.host.locator(".welcome")).to_be_hidden()
    expect(chat.turn).to_be_in_viewport()
    expect(chat.host.locator(".notice")).to_have_count(0)
    chat.open_source()
    expect(chat.marks.first).to_be_visible()
    chat.source.get_by_role("button", name="Fermer la source").click()
    # It goes on as the same one.
    turn = chat.ask("et une image ?")
    expect(turn.locator(".read-as")).to_have_count(1)


def test_the_panel_stays_open_over_a_reload_and_closed_once_it_was_closed(desk: Page, served: Served):
    desk.goto(f"{served.url}/demo")
    chat = Chat(desk).open()
    chat.ask(EXPOSED)
    desk.reload()
    expect(chat.panel).to_be_visible()
    expect(chat.turns).to_have_count(1)
    # The page itself has the focus: nobody asked for it.
    assert desk.evaluate("document.activeElement === document.body")
    chat.panel.get_by_role("button", name="Fermer", exact=True).click()
    desk.reload()
    expect(chat.launcher).to_be_visible()
    expect(chat.panel).to_be_hidden()


def test_another_tab_is_another_conversation(desk: Page, served: Served):
    chat = visit(desk, served.url)
    chat.ask(EXPOSED)
    other = visit(desk.context.new_page(), served.url)
    expect(other.turns).to_have_count(0)
    turn = other.ask("et un port interne ?")
    expect(turn.locator(".read-as")).to_have_count(0)


def test_a_new_conversation_forgets_the_one_before(page: Page, served: Served):
    chat = visit(page, served.url)
    expect(chat.afresh).to_be_hidden()
    chat.ask(EXPOSED)
    chat.open_source()
    chat.source.get_by_role("button", name="Fermer la source").click()
    chat.afresh.click()
    expect(chat.afresh).to_be_hidden()
    expect(chat.turns).to_have_count(0)
    expect(chat.host.locator(".suggestion").first).to_be_visible()
    expect(chat.field).to_be_focused()
    expect(chat.live).to_have_text("")
    turn = chat.ask("et un port interne ?")
    expect(turn.locator(".read-as")).to_have_count(0)
    page.reload()
    expect(chat.turns).to_have_count(1)


def test_what_is_asked_while_the_conversation_is_loaded_comes_after_it(desk: Page, served: Served):
    chat = visit(desk, served.url)
    chat.ask(EXPOSED)
    held: list[Route] = []
    desk.route("**/v1/conversations/*", lambda route: held.append(route))
    desk.reload()
    expect(chat.host.locator(".suggestion").first).to_be_visible()
    chat.ask("et un port interne ?")
    held[0].continue_()
    expect(chat.turns).to_have_count(2)
    expect(chat.turns.first.locator(".asked")).to_contain_text(EXPOSED)
    expect(chat.turns.last.locator(".read-as")).to_contain_text("C'est quoi un port interne ?")


def test_what_is_asked_before_there_is_a_session_is_asked_once(desk: Page, served: Served):
    held: list[Route] = []
    desk.route("**/v1/session", lambda route: held.append(route))
    desk.goto(f"{served.url}/courses/docker")
    chat = Chat(desk)
    turn = chat.send_off(EXPOSED)
    desk.wait_for_timeout(200)
    held[0].continue_()
    expect(turn).to_have_attribute("data-state", "done")
    expect(chat.host.locator(".suggestion").first).to_be_attached()
    desk.wait_for_timeout(300)
    expect(chat.turns).to_have_count(1)


def test_an_answer_that_was_kept_is_not_asked_for_again_after_a_reload(desk: Page, served: Served):
    """The page was left after the answer was kept, and before its end arrived."""
    chat = visit(desk, served.url)
    chat.ask(EXPOSED)
    desk.evaluate(
        """question => { for (const [key, text] of Object.entries(sessionStorage)) sessionStorage.setItem(key,
          JSON.stringify({...JSON.parse(text), pending: {question, key: "any"}})); }""",
        EXPOSED,
    )
    desk.reload()
    expect(chat.turn).to_have_attribute("data-state", "done")
    desk.wait_for_timeout(300)
    expect(chat.turns).to_have_count(1)
    assert kept(chat)["pending"] is None


def test_a_conversation_that_was_removed_begins_anew(browser: Browser, served: Served):
    with visiting(browser, expected=["404"]) as page:
        chat = visit(page, served.url)
        chat.ask(EXPOSED)
        was = kept(chat)
        place = f"{served.url}/v1/conversations/{was['conversation']}"
        headers = {"Authorization": f"Bearer {was['token']}"}
        assert httpx.delete(place, headers=headers).status_code == 204
        page.reload()
        expect(chat.host.locator(".suggestion").first).to_be_visible()
        expect(chat.host.locator(".notice, [role=alert]")).to_have_count(0)
        expect(chat.turns).to_have_count(0)
        turn = chat.ask("et un port interne ?")
        expect(turn.locator(".read-as")).to_have_count(0)
        assert kept(chat)["conversation"] != was["conversation"]


def test_a_conversation_that_was_removed_while_the_page_is_open_begins_anew(desk: Page, served: Served):
    chat = visit(desk, served.url)
    chat.ask(EXPOSED)
    was = kept(chat)
    place = f"{served.url}/v1/conversations/{was['conversation']}"
    headers = {"Authorization": f"Bearer {was['token']}"}
    assert httpx.delete(place, headers=headers).status_code == 204
    turn = chat.ask("et un port interne ?")
    expect(turn.locator(".read-as")).to_have_count(0)
    expect(chat.host.locator(".trouble")).to_have_count(0)
    desk.reload()
    expect(chat.turns).to_have_count(1)


def test_what_is_kept_may_be_anything(browser: Browser, served: Served):
    # The conversation of that name is looked for.
    with visiting(browser, expected=["404"]) as page:
        chat = visit(page, served.url)
        for broken in ("", "{", "null", "[]", "1", '"text"', '{"token": 5, "conversation": 7, "pending": 9}'):
            page.evaluate(
                "broken => Object.keys(sessionStorage).forEach((key) => sessionStorage.setItem(key, broken))", broken
            )
            page.reload()
            expect(chat.host.locator(".suggestion").first).to_be_visible()
            expect(chat.host.locator(".notice")).to_have_count(0)
        chat.ask(EXPOSED)
        page.reload()
        expect(chat.turns).to_have_count(1)


@pytest.fixture
def material(tmp_path: Path) -> Path:
    folder = tmp_path / "sondes"
    folder.mkdir()
    return folder


def test_a_document_that_has_changed_since_is_marked(
    browser: Browser, own_home: Path, encoder: Encoder, material: Path
):
    def build(day: str) -> None:
        (material / "sondes.md").write_text(NOTES.format(day=day), encoding="utf-8")
        build_course(own_home, material, encoder)

    build("lundi")
    with serving(Settings(home=own_home), encoder) as service, visiting(browser) as page:
        chat = visit(page, service.url, "sondes")
        chat.ask(MOON)
        expect(chat.answer).to_contain_text("lundi")
        page.reload()
        expect(chat.turn).to_have_attribute("data-state", "done")
        expect(chat.turn.locator(".notice")).to_have_count(0)

        build("mardi")
        # A source that is opened now is not what was quoted.
        chat.open_source()
        expect(chat.section.locator(".notice")).to_have_text("Ce document a changé depuis la réponse.")
        expect(chat.section).to_contain_text("mardi")
        expect(chat.marks).to_have_count(0)
        document = open_link(page, chat.section.get_by_role("link", name="Ouvrir le document"))
        expect(document.locator("mark.quote")).to_have_count(0)
        document.close()

        page.reload()
        expect(chat.turn.locator("> .notice")).to_have_text("Le cours a changé depuis cette réponse.")
        expect(chat.answer).to_contain_text("lundi")
        chat.turn.get_by_role("button", name="Reposer la question").click()
        expect(chat.turns).to_have_count(2)
        expect(chat.turn).to_have_attribute("data-state", "done")
        expect(chat.answer).to_contain_text("mardi")
        expect(chat.turn.locator("> .notice")).to_have_count(0)
        chat.open_source(1)
        assert chat.marked() == "La sonde Zéphyrine se pose mardi sur le cratère Ombline."
        document = open_link(page, chat.section.get_by_role("link", name="Ouvrir le document"))
        expect_in_view(document, "La sonde Zéphyrine se pose mardi sur le cratère Ombline.")


def test_a_section_that_is_no_longer_there_is_said_so(
    browser: Browser, own_home: Path, encoder: Encoder, material: Path
):
    (material / "sondes.md").write_text(NOTES.format(day="lundi"), encoding="utf-8")
    (material / "autre.md").write_text("# Autre chose\n\nRien de plus à dire ici.\n", encoding="utf-8")
    build_course(own_home, material, encoder)
    with serving(Settings(home=own_home), encoder) as service, visiting(browser, expected=["404"]) as page:
        chat = visit(page, service.url, "sondes")
        chat.ask(MOON)
        (material / "sondes.md").unlink()
        build_course(own_home, material, encoder)
        chat.chips.first.click()
        expect(chat.section.get_by_role("alert")).to_have_text("Cette section n’est plus dans le cours.")
        expect(chat.section.get_by_role("button", name=re.compile("Réessayer"))).to_have_count(0)
