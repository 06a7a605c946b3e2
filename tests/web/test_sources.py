"""What stands behind a citation: its quote, its section at the right place, its document at the same one."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.service.serving import REFERENCE, Served
from tests.web.visiting import EMPTY, SIZES, Chat, expect_in_view, one_line, open_link, stands_out, visit, visiting

pytestmark = [pytest.mark.browser, pytest.mark.model]


def expect_marks_in_view(chat: Chat) -> None:
    """The first mark is within the frame that the section scrolls in."""
    box = chat.section.bounding_box()
    mark = chat.marks.first.bounding_box()
    assert box["y"] <= mark["y"]
    assert mark["y"] + mark["height"] <= box["y"] + box["height"]
    assert box["x"] <= mark["x"]
    assert mark["x"] + mark["width"] <= box["x"] + box["width"] + 1


def test_every_number_opens_the_section_at_its_quote_and_the_document_at_the_same(page: Page, served: Served):
    chat = visit(page, served.url)
    chat.ask(REFERENCE)
    assert chat.chips.all_inner_texts() == ["1", "2", "3", "4", "5"]
    expect(chat.chips.nth(1)).to_have_accessible_name("Source 2 : Concepts › Conteneur Docker")
    citations = served.ask(REFERENCE, course="docker")["citations"]
    for i, citation in enumerate(citations):
        chat.open_source(i)
        assert chat.marked() == one_line(citation["shown"])
        expect_marks_in_view(chat)
        expect(chat.section.locator(".path")).to_have_text("Introduction Docker › Concepts › Conteneur Docker")
        assert not stands_out(chat)
        if i in (1, 4):
            document = open_link(page, chat.section.get_by_role("link", name="Ouvrir le document"))
            expect_in_view(document, citation["shown"])
            document.close()
        chat.source.get_by_role("button", name="Fermer la source").click()


def test_a_quote_is_shown_while_its_number_is_pointed_at(desk: Page, served: Served):
    chat = visit(desk, served.url)
    chat.ask(REFERENCE)
    shown = [citation["shown"] for citation in served.ask(REFERENCE, course="docker")["citations"]]
    for i in (0, 4):
        chat.chips.nth(i).hover()
        expect(chat.tip).to_be_visible()
        assert one_line(chat.tip.locator("blockquote").inner_text()) == one_line(shown[i])
        box, around = chat.tip.bounding_box(), chat.panel.bounding_box()
        assert box["x"] >= around["x"]
        assert box["x"] + box["width"] <= around["x"] + around["width"]
        assert box["y"] >= around["y"]
    # It can be pointed at itself, and goes away with the pointer.
    chat.tip.hover()
    desk.wait_for_timeout(300)
    expect(chat.tip).to_be_visible()
    desk.mouse.move(5, 5)
    expect(chat.tip).to_be_hidden()
    # Escape puts it away wherever the focus is (WCAG 1.4.13).
    for focus in (chat.field.focus, lambda: chat.field.blur()):
        chat.chips.first.hover()
        expect(chat.tip).to_be_visible()
        focus()
        desk.keyboard.press("Escape")
        expect(chat.tip).to_be_hidden()
        desk.mouse.move(5, 5)


def test_another_number_shows_its_own_quote(desk: Page, served: Served):
    chat = visit(desk, served.url)
    chat.ask(REFERENCE)
    chat.open_source(0)
    first = chat.marked()
    chat.open_source(4)
    expect(chat.marks.first).to_contain_text("ports")
    expect(chat.section).not_to_contain_text("Chargement")
    assert chat.marked() != first
    expect(chat.chips.nth(4)).to_have_attribute("aria-current", "true")
    expect(chat.chips.nth(0)).not_to_have_attribute("aria-current", "true")
    expect(chat.source).to_have_count(1)


def test_a_related_section_opens_beside_the_refusal_and_its_document_at_its_heading(page: Page, served: Served):
    chat = visit(page, served.url)
    turn = chat.ask(EMPTY)
    related = turn.locator(".refusal li")
    expect(related.first).to_contain_text("Concepts › Volume Docker (vide)")
    related.first.locator("a").click()
    expect(chat.section).to_contain_text("Rien n’est encore écrit dans cette section.")
    expect(chat.marks).to_have_count(0)
    chat.source.get_by_role("button", name="Fermer la source").click()

    related.nth(2).locator("a").click()
    expect(chat.section.locator("h4")).to_have_text("Conteneur Docker")
    expect(chat.section).to_contain_text("port exposé")
    expect(chat.marks).to_have_count(0)
    document = open_link(page, chat.section.get_by_role("link", name="Ouvrir le document"))
    expect(document.locator("mark")).to_have_count(0)
    expect(document.locator(":target")).to_be_in_viewport()


def test_a_related_section_opens_in_a_tab_where_that_is_asked_for(desk: Page, served: Served):
    chat = visit(desk, served.url)
    turn = chat.ask(EMPTY)
    with desk.context.expect_page() as opened:
        turn.locator(".refusal li a").nth(2).click(modifiers=["Control"])
    expect(opened.value.locator(":target")).to_have_text(re.compile("Conteneur Docker"))
    expect(chat.source).to_be_hidden()


def test_a_quote_far_down_is_scrolled_to(desk: Page, served: Served):
    chat = visit(desk, served.url, "python")
    chat.ask("Quel est le mot de la fin ?")
    expect(chat.answer).to_contain_text("pamplemousse")
    chat.open_source()
    assert chat.marked() == "Le mot de la fin est pamplemousse."
    document = open_link(desk, chat.section.get_by_role("link", name="Ouvrir le document"))
    expect_in_view(document, "Le mot de la fin est pamplemousse.")


def test_a_long_section_is_opened_at_its_quote(browser: Browser, served: Served):
    """In a window so low that the quote would be below its edge."""
    with visiting(browser, (1280, 420)) as page:
        chat = visit(page, served.url)
        chat.ask(REFERENCE)
        chat.open_source(4)
        assert chat.section.evaluate("section => section.scrollTop") > 0
        expect_marks_in_view(chat)


def test_a_source_that_cannot_be_loaded_says_so_and_is_loaded_again(browser: Browser, served: Served):
    with visiting(browser, expected=["net::ERR_FAILED"]) as page:
        chat = visit(page, served.url)
        chat.ask(REFERENCE)
        page.route("**/section?*", lambda route: route.abort())
        chat.chips.first.click()
        expect(chat.section).to_contain_text("La source n’a pas pu être chargée.")
        page.unroute("**/section?*")
        chat.section.get_by_role("button", name="Réessayer").click()
        expect(chat.marks.first).to_be_visible()


def test_what_looks_like_markup_is_shown_as_it_is(page: Page, served: Served):
    chat = visit(page, served.url, "python")
    chat.ask("Quels paramètres sont libres ?")
    said = "Les paramètres *args et **kwargs sont libres, et **options aussi, comme handlers[i](event) et <b> ici."
    expect(chat.answer).to_contain_text(said)
    expect(chat.answer.locator("code").first).to_have_text("*args")
    expect(chat.answer.locator("b")).to_have_count(0)
    chat.open_source()
    assert chat.marked() == said
    cells = chat.section.locator("table td")
    assert cells.all_inner_texts() == ["un", "deux"]
    expect(chat.section.locator("table th").first).to_have_attribute("scope", "col")
    assert not stands_out(chat)


def test_lists_and_code_are_shown_as_such(page: Page, served: Served):
    chat = visit(page, served.url, "python")
    chat.ask("Quelles sont les étapes d'installation du serveur Zébulon ?")
    expect(chat.answer.locator("ol > li").first).to_contain_text("télécharger l'archive du serveur")
    turn = chat.ask("Comment démarrer le serveur Zébulon ?")
    expect(turn.locator("pre").first).to_have_text("zebulon start --port 80 | tee **log**")
    assert not stands_out(chat)


def test_the_source_stands_beside_the_answer_on_a_desk_and_over_it_on_a_phone(browser: Browser, served: Served):
    for size, is_beside in (("desk", True), ("phone", False)):
        with visiting(browser, SIZES[size]) as page:
            chat = visit(page, served.url)
            chat.ask(REFERENCE)
            chat.open_source()
            source, log = chat.source.bounding_box(), chat.log.bounding_box()
            assert (source["x"] >= log["x"] + log["width"]) is is_beside
            # What is covered can be reached by nobody.
            expect(chat.host.locator(".column")).to_have_css("visibility", "visible" if is_beside else "hidden")
