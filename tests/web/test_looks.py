"""The widget keeps its looks: large text, the page's own styles, another direction, the reader's theme, the page's."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.service.serving import REFERENCE, Served
from tests.web.axe import violations
from tests.web.visiting import EMPTY, EXPOSED, SIZES, Chat, fits, stands_out, visit, visiting

pytestmark = [pytest.mark.browser, pytest.mark.model]

Inserts = Callable[..., Chat]

STYLES = """host => {
  const properties = ["color", "backgroundColor", "fontFamily", "fontSize", "letterSpacing", "textTransform", "padding",
    "borderTopStyle", "opacity", "visibility", "lineHeight", "transform"];
  const parts = [".panel", ".send", "textarea", ".chip", ".text p"];
  const nodes = [host, ...parts.map((part) => host.shadowRoot.querySelector(part))];
  return nodes.map((node) => { const own = getComputedStyle(node); return properties.map((name) => own[name]); });
}"""


@pytest.fixture
def inserts(desk: Page, served: Served) -> Inserts:
    """Puts a widget into an otherwise empty page of the service, with attributes and styles of the page."""

    def insert(attributes: str = "", style: str = "", page_attributes: str = "") -> Chat:
        html = f"""<!doctype html><html lang="fr" {page_attributes}><head><title>x</title><style>{style}</style>
          <script type="module" src="/widget.js"></script></head>
          <body><main><h1>x</h1><repere-chat course="docker" {attributes}></repere-chat></main></body></html>"""
        desk.route("**/inserted", lambda route: route.fulfill(content_type="text/html", body=html))
        desk.goto(f"{served.url}/inserted")
        return Chat(desk)

    return insert


def test_hostile_styles_of_a_page_do_not_reach_it(browser: Browser, served: Served, inserts: Inserts):
    plain = inserts('lang="fr"').open()
    plain.ask(EXPOSED)
    with visiting(browser) as page:
        page.goto(f"{served.url}/demo")
        chat = Chat(page).open()
        chat.ask(EXPOSED)
        assert chat.host.evaluate(STYLES) == plain.host.evaluate(STYLES)
        assert not stands_out(chat)


@pytest.mark.parametrize("mode", ["button", "inline"])
def test_at_twice_the_size_all_is_there(browser: Browser, served: Served, mode: str):
    """200 % zoom of a window of 1280 x 900 is a window of 640 x 450 with two pixels for one."""
    with visiting(browser, (640, 450), device_scale_factor=2) as page:
        page.goto(f"{served.url}/demo")
        page.evaluate("mode => document.querySelector('repere-chat').setAttribute('mode', mode)", mode)
        page.evaluate("() => { const own = document.querySelector('repere-chat'); own.replaceWith(own); }")
        chat = Chat(page)
        if mode == "button":
            chat.open()
        for question in (REFERENCE, EMPTY):
            chat.ask(question)
            assert not stands_out(chat)
        chat.open_source()
        assert not stands_out(chat)
        expect(chat.marks.first).to_be_in_viewport()
        chat.source.get_by_role("button", name="Fermer la source").click()
        chat.field.scroll_into_view_if_needed()
        expect(chat.field).to_be_in_viewport(ratio=1)
        expect(chat.send).to_be_in_viewport(ratio=1)


def test_a_page_is_readable_in_a_window_of_320_pixels(browser: Browser, served: Served):
    """WCAG 1.4.10, which is 400 % zoom of 1280."""
    with visiting(browser, (320, 256)) as page:
        chat = visit(page, served.url)
        chat.ask(REFERENCE)
        assert fits(page)
        assert not stands_out(chat)
        assert chat.log.bounding_box()["height"] > 60
        chat.open_source()
        assert not stands_out(chat)


def test_larger_text_makes_everything_larger(inserts: Inserts):
    chat = inserts('mode="inline"', "repere-chat { --repere-font-size: 200%; --repere-height: 600px; }")
    chat.ask(REFERENCE)
    expect(chat.answer).to_have_css("font-size", "32px")
    assert chat.send.bounding_box()["height"] >= 70
    assert not stands_out(chat)


def test_on_a_page_from_right_to_left_it_stands_at_the_page_s_end_and_reads_from_the_left(inserts: Inserts):
    chat = inserts(page_attributes='dir="rtl"')
    width = chat.page.viewport_size["width"]
    assert chat.launcher.bounding_box()["x"] < width / 4
    chat.open()
    chat.ask(REFERENCE)
    box = chat.panel.bounding_box()
    assert box["x"] < width / 4
    assert not stands_out(chat)
    expect(chat.log).to_have_css("direction", "ltr")
    send, field = chat.send.bounding_box(), chat.field.bounding_box()
    assert send["x"] > field["x"]
    chat.open_source()
    assert not stands_out(chat)


def test_arabic_stands_from_right_to_left_where_it_is_quoted(inserts: Inserts):
    chat = inserts('mode="inline"')
    question = "ما هو المنفذ؟"
    turn = chat.ask(question)
    expect(turn.locator(".asked bdi")).to_have_text(question)
    expect(turn.locator(".asked bdi")).to_have_css("direction", "rtl")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_is_the_reader_s_unless_the_page_names_one(browser: Browser, served: Served, scheme: str):
    ground = {"light": "rgb(255, 255, 255)", "dark": "rgb(24, 31, 29)"}
    with visiting(browser, color_scheme=scheme) as page:
        chat = visit(page, served.url)
        expect(chat.panel).to_have_css("background-color", ground[scheme])
        for theme in ground:
            page.evaluate("theme => document.querySelector('repere-chat').setAttribute('theme', theme)", theme)
            expect(chat.panel).to_have_css("background-color", ground[theme])
            expect(chat.host).to_have_css("color-scheme", theme)


def test_a_page_sets_colours_and_sizes(inserts: Inserts):
    chat = inserts("", ":root { --repere-accent: #7a1fa2; --repere-width: 500px; --repere-inset: 40px; }").open()
    expect(chat.send).to_have_css("background-color", "rgb(122, 31, 162)")
    box = chat.panel.bounding_box()
    assert round(box["width"]) == 500
    assert round(box["x"] + box["width"]) == chat.page.viewport_size["width"] - 40


def test_colours_of_a_page_leave_everything_readable(browser: Browser, served: Served):
    with visiting(browser, bypass_csp=True) as page:
        page.goto(f"{served.url}/courses/docker")
        page.add_style_tag(
            content=":root { --repere-surface: #222; --repere-ink: #eee; --repere-accent: #ffb86c; "
            "--repere-on-accent: #222; }"
        )
        chat = Chat(page)
        chat.ask(REFERENCE)
        chat.ask(EMPTY)
        chat.open_source()
        assert not violations(page)


def test_inline_it_stands_in_the_text_and_takes_no_focus(inserts: Inserts):
    chat = inserts('mode="inline"', "main { width: 500px; }")
    expect(chat.launcher).to_have_count(0)
    expect(chat.host.locator(".suggestion").first).to_be_visible()
    assert chat.page.evaluate("document.activeElement === document.body")
    assert round(chat.panel.bounding_box()["width"]) == 500
    chat.ask(REFERENCE)
    chat.open_source()
    chat.page.keyboard.press("Escape")
    expect(chat.source).to_be_hidden()
    chat.page.keyboard.press("Escape")
    expect(chat.panel).to_be_visible()


def test_inline_a_question_does_not_move_the_page_and_escape_stays_the_page_s(inserts: Inserts):
    chat = inserts('mode="inline"', "h1 { margin: 600px 0; } repere-chat { margin-bottom: 900px; }")
    chat.field.scroll_into_view_if_needed()
    for question in (EXPOSED, REFERENCE, EMPTY):
        before = chat.page.evaluate("scrollY")
        chat.ask(question)
        assert chat.page.evaluate("scrollY") == before
    chat.page.evaluate("addEventListener('keydown', (event) => { window.left = !event.defaultPrevented; })")
    chat.page.keyboard.press("Escape")
    assert chat.page.evaluate("window.left") is True


def test_each_new_question_stands_at_the_top_with_its_answer_below(page: Page, served: Served):
    chat = visit(page, served.url)
    for question in (REFERENCE, EMPTY, EXPOSED):
        turn = chat.ask(question)
        box = chat.log.bounding_box()
        assert 0 <= turn.bounding_box()["y"] - box["y"] <= 30
        assert not stands_out(chat)


def test_an_open_source_moves_beside_the_answers_where_the_window_gets_wide(desk: Page, served: Served):
    chat = visit(desk, served.url)
    chat.ask(REFERENCE)
    desk.set_viewport_size({"width": 600, "height": 900})
    chat.open_source()
    expect(chat.field).to_be_hidden()
    desk.set_viewport_size({"width": 1280, "height": 900})
    expect(chat.field).to_be_visible()
    chat.ask(EXPOSED)


def test_on_a_phone_the_panel_covers_the_page(browser: Browser, served: Served):
    with visiting(browser, SIZES["phone"]) as page:
        page.goto(f"{served.url}/demo")
        chat = Chat(page).open()
        assert chat.panel.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
        # Nothing behind it can be reached.
        for _ in range(20):
            page.keyboard.press("Tab")
            assert page.evaluate("['REPERE-CHAT', 'BODY'].includes(document.activeElement.tagName)")
        chat.field.focus()
        page.keyboard.press("Escape")
        expect(chat.panel).to_be_hidden()
        expect(chat.launcher).to_be_focused()


def test_nothing_moves_where_the_reader_wants_no_motion(browser: Browser, served: Served):
    for motion, name in (("reduce", "none"), ("no-preference", "wait")):
        with visiting(browser, reduced_motion=motion) as page:
            chat = visit(page, served.url)
            page.route("**/v1/ask", lambda route: None)
            chat.send_off(REFERENCE)
            expect(chat.turn.locator(".waiting span")).to_have_css("animation-name", name)
            chat.send.click()
