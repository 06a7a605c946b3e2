"""The widget on pages of other sites, under the strictest policy that `docs/widget.md` promises to work under."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from reperage.index.encoder import Encoder
from reperage.service.database.engine import Database
from reperage.service.database.sites import add_site
from reperage.service.settings import Settings
from tests.service.serving import REFERENCE, Served, listening, serving
from tests.web.running import rows
from tests.web.visiting import OUTSIDE, SIZES, Chat, stands_out, visiting

pytestmark = [pytest.mark.browser, pytest.mark.model]

POLICY = (
    "default-src 'none'; script-src {host}; connect-src {host}; style-src 'none'; require-trusted-types-for 'script'"
)
PAGE = """<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Un cours</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<script src="{host}/widget.js" type="module"></script></head>
<body><main><h1>Un cours</h1><p>Du texte.</p></main>
<repere-chat course="{course}" lang="fr" {more}></repere-chat></body></html>"""
FRAMED = """<!doctype html><title>x</title>
<iframe sandbox="allow-scripts" src="{url}/" width="900" height="700"></iframe>"""


class Site:
    """A site of one page, on an origin of its own, and the service that it is registered at."""

    def __init__(self, url: str, served: Served, home: Path, more: Callable[[str], None]) -> None:
        self.url, self.served, self.home, self.set = url, served, home, more


@pytest.fixture(scope="module")
def site(own_home_of_module: Path, encoder: Encoder) -> Iterator[Site]:
    state = {"more": "", "host": ""}

    async def page(request: Request) -> HTMLResponse:
        course = request.query_params.get("course", "docker")
        html = PAGE.format(host=state["host"], course=course, more=state["more"])
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY.format(host=state["host"])})

    with listening(Starlette(routes=[Route("/", page)])) as address:
        # The service is at 127.0.0.1, the page at localhost: another site, not another port alone.
        url = address.replace("127.0.0.1", "localhost")
        database = Database(f"sqlite:///{own_home_of_module / 'repere.sqlite3'}")
        database.migrate()
        add_site(database, url, ["docker"])
        database.close()
        with serving(Settings(home=own_home_of_module), encoder) as served:
            state["host"] = served.url
            yield Site(url, served, own_home_of_module, lambda more: state.update(more=more))


@pytest.fixture
def more(site: Site) -> Iterator[Callable[[str], None]]:
    """Sets attributes of the element."""
    yield site.set
    site.set("")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", ["button", "inline"])
def test_the_widget_works_on_another_origin_under_a_strict_policy(
    browser: Browser, site: Site, more: Callable[[str], None], mode: str, size: str
):
    """`visiting` fails on any violation of the policy and on anything on the console."""
    more(f'mode="{mode}"')
    with visiting(browser, SIZES[size]) as page:
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto(site.url)
        chat = Chat(page)
        if mode == "button":
            chat.open()
        expect(chat.host.locator(".suggestion").first).to_be_visible()
        turn = chat.ask(REFERENCE)
        expect(turn.locator("> .text")).to_contain_text("C'est ce que l'on appelle un port exposé.")
        assert not stands_out(chat)
        if size == "desk":
            chat.chips.nth(1).hover()
            expect(chat.tip).to_be_visible()
        chat.open_source(1)
        assert chat.marked() == "C'est ce que l'on appelle un port exposé."
        chat.source.get_by_role("button", name="Fermer la source").click()
        turn.get_by_role("button", name="Réponse utile").click()
        expect(turn.get_by_role("status")).to_have_text("Merci pour votre avis.")
        turn = chat.ask(OUTSIDE)
        turn.get_by_role("button", name="Cela devrait être dans le cours").click()
        expect(turn.get_by_role("status")).to_have_text("Merci : votre enseignant pourra le voir.")
        page.reload()
        if mode == "button" and size == "phone":
            chat.open()
        expect(chat.turns).to_have_count(2)
        # Nothing from elsewhere, and no cookie anywhere.
        assert all(url.startswith((f"{site.url}/", f"{site.served.url}/")) for url in requests)
        assert page.context.cookies() == []
    ratings = rows(site.home, "SELECT rating FROM feedback ORDER BY given_at DESC LIMIT 2")
    assert ratings == [("missing",), ("up",)]


def test_its_looks_are_there_under_that_policy(desk: Page, site: Site):
    desk.goto(site.url)
    chat = Chat(desk)
    expect(chat.launcher).to_have_css("position", "fixed")
    chat.open()
    assert chat.panel.evaluate("panel => getComputedStyle(panel).display") == "flex"
    assert chat.panel.bounding_box()["width"] > 350


def test_a_site_that_is_not_registered_is_said_so(browser: Browser, site: Site):
    """The same page by another of its names is another origin."""
    with visiting(browser, expected=["403"]) as page:
        page.goto(site.url.replace("localhost", "127.0.0.1"))
        chat = Chat(page).open()
        refused = "Cette page n’est pas autorisée à interroger ce cours. Signalez-le à votre enseignant."
        expect(chat.host.get_by_role("alert")).to_have_text(refused)
        chat.send_off(REFERENCE)
        expect(chat.turn).to_have_attribute("data-state", "failed")
        expect(chat.turn.get_by_role("alert")).to_have_text(refused)


def test_a_course_that_the_site_does_not_have_is_said_so(browser: Browser, site: Site):
    with visiting(browser, expected=["403"]) as page:
        page.goto(f"{site.url}/?course=autre")
        chat = Chat(page).open()
        expect(chat.host.get_by_role("alert")).to_contain_text("Cette page n’est pas autorisée")


def test_in_a_sandboxed_frame_without_storage_it_says_why_it_cannot_ask(browser: Browser, site: Site):
    with visiting(browser, expected=["403"]) as page:
        page.route(
            f"{site.url}/frame",
            lambda route: route.fulfill(content_type="text/html", body=FRAMED.format(url=site.url)),
        )
        page.goto(f"{site.url}/frame")
        frame = page.frame_locator("iframe")
        frame.locator("repere-chat button.launcher").click()
        expect(frame.locator("repere-chat [role=alert]")).to_contain_text("Cette page n’est pas autorisée")


def test_two_widgets_on_one_page_are_apart(desk: Page, site: Site):
    desk.goto(site.url)
    desk.evaluate("""() => { const other = document.createElement("repere-chat");
      other.setAttribute("course", "docker"); other.setAttribute("mode", "inline"); other.id = "other";
      document.querySelector("main").append(other); }""")
    chat, other = Chat(desk, "repere-chat:not(#other)"), Chat(desk, "#other")
    chat.open()
    chat.ask(REFERENCE)
    expect(other.turns).to_have_count(0)
    other.ask(OUTSIDE)
    expect(other.turns).to_have_count(1)
    expect(chat.turns).to_have_count(1)
    chat.open_source()
    expect(other.source).to_be_hidden()
    desk.keyboard.press("Escape")
    expect(chat.panel).to_be_visible()
    expect(chat.source).to_be_hidden()


def test_two_widgets_with_an_id_each_keep_their_own_conversation(desk: Page, site: Site):
    insert = """() => { for (const id of ["one", "two"]) { const own = document.createElement("repere-chat");
      Object.entries({course: "docker", mode: "inline", id}).forEach(([name, value]) => own.setAttribute(name, value));
      document.querySelector("main").append(own); } }"""
    desk.goto(site.url)
    desk.evaluate(insert)
    one, two = Chat(desk, "#one"), Chat(desk, "#two")
    one.ask(REFERENCE)
    two.ask(OUTSIDE)
    desk.reload()
    desk.evaluate(insert)
    expect(one.turns).to_have_count(1)
    expect(one.turn).to_contain_text(REFERENCE)
    expect(two.turns).to_have_count(1)
    expect(two.turn).to_contain_text(OUTSIDE)


@pytest.mark.parametrize("size", SIZES)
def test_an_element_that_was_removed_and_put_back_works(browser: Browser, site: Site, size: str):
    with visiting(browser, SIZES[size]) as page:
        page.goto(site.url)
        chat = Chat(page).open()
        chat.ask(REFERENCE)
        page.evaluate("""() => { const own = document.querySelector("repere-chat"); own.remove();
          document.querySelector("main").append(own); }""")
        if size == "phone":
            expect(chat.launcher).to_be_visible()
            chat.open()
        expect(chat.panel).to_be_visible()
        expect(chat.turns).to_have_count(1)
        expect(chat.field).to_have_count(1)
        chat.ask(OUTSIDE)
        expect(chat.turns).to_have_count(2)
        chat.open_source()
        expect(chat.marks.first).to_be_visible()


def test_an_element_moved_while_it_asks_still_gets_its_answer(desk: Page, site: Site):
    desk.goto(site.url)
    chat = Chat(desk).open()
    chat.field.fill(REFERENCE)
    chat.host.evaluate("""host => {
      host.shadowRoot.querySelector("form").requestSubmit();
      host.remove();
      document.querySelector("main").append(host);
    }""")
    expect(chat.turn).to_have_attribute("data-state", "done")
    expect(chat.turns).to_have_count(1)
    expect(chat.turn.locator(".asked")).to_contain_text(REFERENCE)


def test_a_widget_is_opened_and_closed_by_the_page(desk: Page, site: Site):
    desk.goto(site.url)
    chat = Chat(desk)
    chat.host.evaluate("host => host.open()")
    expect(chat.field).to_be_focused()
    chat.host.evaluate("host => host.close()")
    expect(chat.panel).to_be_hidden()
    expect(chat.launcher).to_be_focused()
