"""The widget by keyboard alone: where the focus is after each key, and what is put away by Escape."""

import pytest
from playwright.sync_api import Page, expect

from tests.service.serving import REFERENCE, Served
from tests.web.visiting import EMPTY, Chat, visit

pytestmark = [pytest.mark.browser, pytest.mark.model]

FOCUSED = """() => {
  let node = document.activeElement;
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  return node.className || node.localName;
}"""


def tab_to(page: Page, name: str, most: int = 30, key: str = "Tab") -> None:
    """Press Tab until the focus is on an element of this class."""
    for _ in range(most):
        page.keyboard.press(key)
        if name in page.evaluate(FOCUSED).split():
            return
    raise AssertionError(f"{most} times {key}, and the focus was never on {name!r}")


@pytest.fixture
def demo(desk: Page, served: Served) -> Chat:
    """The widget on the demo page, opened by keyboard."""
    desk.goto(f"{served.url}/demo")
    chat = Chat(desk)
    expect(chat.launcher).to_have_attribute("aria-expanded", "false")
    tab_to(desk, "launcher")
    expect(chat.launcher).to_be_focused()
    desk.keyboard.press("Enter")
    expect(chat.field).to_be_focused()
    return chat


def test_a_question_is_asked_and_its_source_read_by_keyboard_alone(demo: Chat):
    keys = demo.page.keyboard
    keys.type(REFERENCE)
    keys.press("Enter")
    expect(demo.answer).to_contain_text("C'est ce que l'on appelle un port exposé.")
    expect(demo.turn).to_have_attribute("data-state", "done")
    expect(demo.field).to_be_focused()
    expect(demo.field).to_have_value("")

    # Back from the question: the last chip of the answer comes before it.
    tab_to(demo.page, "chip", key="Shift+Tab")
    expect(demo.tip).to_be_visible()
    expect(demo.tip).to_contain_text("Concepts › Conteneur Docker")
    chip = demo.chips.last
    expect(chip).to_be_focused()
    expect(chip).to_have_attribute("aria-describedby", "tip")

    keys.press("Enter")
    expect(demo.tip).to_be_hidden()
    expect(demo.source.locator("h3")).to_be_focused()
    expect(demo.marks.first).to_be_visible()
    expect(chip).to_have_attribute("aria-current", "true")
    tab_to(demo.page, "document", most=8)

    keys.press("Escape")
    expect(demo.source).to_be_hidden()
    expect(chip).to_be_focused()
    expect(chip).not_to_have_attribute("aria-current", "true")


def test_escape_puts_away_one_thing_at_a_time_and_the_focus_ends_on_the_launcher(demo: Chat):
    keys = demo.page.keyboard
    demo.ask(REFERENCE)
    demo.chips.first.focus()
    expect(demo.tip).to_be_visible()
    keys.press("Escape")
    expect(demo.tip).to_be_hidden()
    expect(demo.panel).to_be_visible()
    expect(demo.chips.first).to_be_focused()

    keys.press("Enter")
    expect(demo.section.locator(".text")).to_be_visible()
    demo.chips.nth(1).focus()
    expect(demo.tip).to_be_visible()
    keys.press("Escape")
    expect(demo.tip).to_be_hidden()
    expect(demo.source).to_be_visible()
    keys.press("Escape")
    expect(demo.source).to_be_hidden()
    expect(demo.chips.first).to_be_focused()
    expect(demo.panel).to_be_visible()

    demo.field.focus()
    keys.press("Escape")
    expect(demo.panel).to_be_hidden()
    expect(demo.launcher).to_be_focused()
    expect(demo.launcher).to_have_attribute("aria-expanded", "false")


def test_the_close_button_gives_the_focus_back(demo: Chat):
    demo.ask(REFERENCE)
    demo.open_source()
    demo.source.get_by_role("button", name="Fermer la source").press("Enter")
    expect(demo.source).to_be_hidden()
    expect(demo.chips.first).to_be_focused()
    demo.panel.get_by_role("button", name="Fermer", exact=True).press("Enter")
    expect(demo.panel).to_be_hidden()
    expect(demo.launcher).to_be_focused()


def test_shift_enter_begins_a_line_and_enter_sends(desk: Page, served: Served):
    chat = visit(desk, served.url)
    chat.field.focus()
    height = chat.field.bounding_box()["height"]
    desk.keyboard.type("C'est quoi")
    desk.keyboard.press("Shift+Enter")
    desk.keyboard.type("un port exposé ?")
    expect(chat.field).to_have_value("C'est quoi\nun port exposé ?")
    expect(chat.turns).to_have_count(0)
    assert chat.field.bounding_box()["height"] > height
    desk.keyboard.press("Enter")
    expect(chat.turn).to_have_attribute("data-state", "done")
    expect(chat.answer).to_contain_text("port exposé")
    expect(chat.turns).to_have_count(1)


def test_nothing_is_asked_of_an_empty_field(desk: Page, served: Served):
    chat = visit(desk, served.url)
    chat.field.fill("   ")
    chat.field.press("Enter")
    chat.send.click()
    expect(chat.field).to_be_focused()
    expect(chat.turns).to_have_count(0)


def test_a_related_section_is_opened_by_keyboard_and_gives_the_focus_back(demo: Chat):
    turn = demo.ask(EMPTY)
    link = turn.locator(".refusal li a").first
    link.focus()
    demo.page.keyboard.press("Enter")
    expect(demo.source.locator("h3")).to_be_focused()
    expect(demo.section.locator(".text")).to_be_visible()
    demo.page.keyboard.press("Escape")
    expect(link).to_be_focused()


def test_what_a_narrow_panel_covers_cannot_be_reached(demo: Chat):
    demo.page.set_viewport_size({"width": 700, "height": 800})
    demo.ask(REFERENCE)
    demo.open_source()
    reached = set()
    for _ in range(12):
        demo.page.keyboard.press("Tab")
        reached.update(demo.page.evaluate(FOCUSED).split())
    assert "document" in reached
    assert not reached & {"chip", "log", "send", "textarea"}
    demo.source.get_by_role("button", name="Fermer la source").click()
    expect(demo.chips.first).to_be_focused()
