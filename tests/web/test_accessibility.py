"""axe-core finds nothing wrong in the widget's main states, in both themes and languages, at both sizes."""

from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from tests.service.serving import REFERENCE, Served
from tests.web.axe import violations
from tests.web.visiting import EMPTY, EXPOSED, SIZES, Chat, open_link, visit, visiting

pytestmark = [pytest.mark.browser, pytest.mark.model]

LABELS = {
    "fr": ("Réponse peu utile", "Fermer la source", "(nouvel onglet)"),
    "en": ("Not a helpful answer", "Close the source", "(new tab)"),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LABELS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    browser: Browser, served: Served, scheme: Literal["light", "dark"], language: str, size: str
):
    thumb, close, new_tab = LABELS[language]
    with visiting(browser, SIZES[size], bypass_csp=True, color_scheme=scheme, locale=f"{language}-FR") as page:
        chat = visit(page, served.url)
        found = violations(page)

        turn = chat.ask(REFERENCE)
        turn.get_by_role("button", name=thumb).click()
        expect(turn.locator("form")).to_be_visible()
        chat.ask("diference port expossé")
        chat.ask(EMPTY)
        found += violations(page)

        chat.chips.first.focus()
        expect(chat.tip).to_be_visible()
        found += violations(page)

        chat.open_source()
        expect(chat.section.get_by_role("link")).to_contain_text(new_tab)
        found += violations(page)
        chat.source.get_by_role("button", name=close).click()

        turn.locator("button.chip").last.click()
        document = open_link(page, chat.section.get_by_role("link"))
        found += violations(document)
        assert not found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/demo", "/docs", "/courses/nulle-part"])
def test_axe_finds_nothing_on_the_other_pages(
    browser: Browser, served: Served, path: str, scheme: Literal["light", "dark"]
):
    with visiting(browser, bypass_csp=True, color_scheme=scheme, expected=["404"]) as page:
        page.goto(served.url + path)
        if path == "/demo":
            found = violations(page)
            chat = Chat(page).open()
            chat.ask(REFERENCE)
            chat.open_source()
            assert not found + violations(page)
        else:
            assert not violations(page)


def test_axe_finds_nothing_in_what_went_wrong(browser: Browser, served: Served):
    for scheme in ("light", "dark"):
        with visiting(browser, bypass_csp=True, color_scheme=scheme, expected=["net::ERR", "503", "422"]) as page:
            chat = visit(page, served.url)
            chat.send_off("?")
            expect(chat.turn.get_by_role("alert")).to_be_visible()
            page.context.set_offline(True)
            chat.send_off(EXPOSED)
            expect(chat.turn.locator(".notice")).to_be_visible()
            found = violations(page)
            chat.send.click()
            expect(chat.turn).to_have_attribute("data-state", "stopped")
            assert not found + violations(page)


def test_axe_would_find_something(browser: Browser, served: Served):
    """What the tests above rest on: it looks into the widget's own tree."""
    with visiting(browser, bypass_csp=True) as page:
        chat = visit(page, served.url)
        chat.ask(REFERENCE)
        chat.send.evaluate("button => { button.removeAttribute('aria-label'); button.removeAttribute('title'); }")
        chat.answer.evaluate("answer => { answer.style.color = '#aaa'; }")
        found = " ".join(violations(page))
    assert "button-name" in found
    assert "color-contrast" in found
    assert "repere-chat" in found


def test_french_text_is_french_in_an_english_interface(browser: Browser, served: Served):
    with visiting(browser, locale="en-GB") as page:
        chat = visit(page, served.url)
        expect(chat.host.locator(".suggestion").first).to_have_attribute("lang", "fr")
        chat.ask(EXPOSED)
        expect(chat.answer).to_have_attribute("lang", "fr")
        expect(chat.live).to_have_attribute("lang", "fr")
        chat.chips.first.focus()
        assert chat.tip.locator("blockquote").evaluate("quote => quote.closest('[lang]').lang") == "fr"
        chat.open_source()
        expect(chat.section.locator(".text")).to_have_attribute("lang", "fr")
        chat.source.get_by_role("button", name="Close the source").click()
        turn = chat.ask(EMPTY)
        assert turn.locator(".refusal p").first.evaluate("said => said.closest('[lang]').lang") == "fr"
        expect(turn.locator(".refusal h4")).to_have_text("Section still empty")


def test_what_can_be_pressed_is_large_enough_on_a_phone(browser: Browser, served: Served):
    """24 pixels at least (WCAG 2.5.8), with what surrounds a number counted to it."""
    with visiting(browser, SIZES["phone"], has_touch=True, is_mobile=True) as page:
        chat = visit(page, served.url)
        chat.ask(REFERENCE)
        chat.ask(EMPTY)
        sizes = chat.host.evaluate("""host => [...host.shadowRoot.querySelectorAll("button, a, textarea")]
          .filter((node) => node.checkVisibility())
          .map((node) => {
            const box = node.getBoundingClientRect();
            const after = getComputedStyle(node, "::after");
            const grown = after.content === "none" ? 0 : -2 * parseFloat(after.insetBlockStart || after.top);
            return [node.getAttribute("aria-label") ?? node.textContent, box.width, box.height + grown];
          })""")
        assert len(sizes) > 10
        assert [size for size in sizes if min(size[1:]) < 24] == []
