"""The pages of documents and the other pages of the service."""

from threading import Event

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.types import ASGIApp, Receive, Scope, Send

from reperage.index.encoder import Encoder
from reperage.service.app import create_app
from reperage.service.settings import Settings
from tests.service.serving import REFERENCE, Served, listening
from tests.web.visiting import SIZES, Chat, fits, open_link, visit, visiting

pytestmark = [pytest.mark.browser, pytest.mark.model]


@pytest.mark.parametrize("path", ["/docs", "/", "/demo", "/courses/docker/documents/introduction-docker"])
def test_a_page_loads_without_trouble(page: Page, served: Served, path: str):
    assert page.goto(served.url + path).status == 200
    expect(page.get_by_role("heading").first).to_be_visible()
    assert fits(page)


def test_several_courses_can_be_chosen_from(desk: Page, served: Served):
    desk.goto(served.url)
    assert desk.get_by_role("listitem").all_inner_texts() == ["docker", "python"]
    desk.get_by_role("link", name="python").click()
    chat = Chat(desk)
    chat.ask("Quel est le mot de la fin ?")
    expect(chat.answer).to_contain_text("pamplemousse")
    desk.goto(f"{served.url}/courses/docker")
    turn = chat.ask("Quel est le mot de la fin ?")
    expect(turn).to_contain_text("Le cours n’en parle pas")
    # The other course's conversation is still its own.
    desk.goto(f"{served.url}/courses/python")
    expect(chat.answer).to_contain_text("pamplemousse")
    expect(chat.turns).to_have_count(1)


def test_a_course_that_is_not_there_is_a_page_that_says_so(browser: Browser, served: Served):
    with visiting(browser, expected=["404"]) as page:
        assert page.goto(f"{served.url}/courses/nulle-part").status == 404
        expect(page.get_by_role("heading", name="Page introuvable")).to_be_visible()
        page.locator("a.home").click()
        expect(page.get_by_role("heading", name="Les cours")).to_be_visible()


def test_a_document_leads_back_to_its_course(desk: Page, served: Served):
    desk.goto(f"{served.url}/courses/python/documents/python")
    desk.locator("a.home").click()
    expect(desk).to_have_url(f"{served.url}/courses/python")
    expect(Chat(desk).field).to_be_visible()


def test_a_document_with_an_aligned_table_breaks_no_policy(page: Page, served: Served):
    page.goto(f"{served.url}/courses/python/documents/python")
    assert page.locator("td").nth(1).evaluate("cell => getComputedStyle(cell).textAlign") in ("right", "-webkit-right")


def test_going_back_to_a_document_stays_where_one_was(desk: Page, served: Served):
    url = next(citation["url"] for citation in served.ask(REFERENCE, course="docker")["citations"])
    desk.goto(url)
    desk.wait_for_function("document.activeElement.matches('mark.quote')")
    desk.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    desk.goto(f"{served.url}/docs")
    desk.go_back()
    expect(desk.locator("mark.quote").first).to_be_attached()
    desk.wait_for_timeout(200)
    assert not desk.evaluate("document.activeElement.matches('mark.quote')")


def test_a_reader_of_english_gets_english_pages(browser: Browser, served: Served):
    with visiting(browser, locale="en-GB") as page:
        chat = visit(page, served.url)
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(chat.panel).to_have_attribute("lang", "en")
        expect(chat.field).to_have_attribute("placeholder", "Ask your question")
        chat.ask(REFERENCE)
        expect(chat.answer).to_have_attribute("lang", "fr")
        expect(chat.send).to_have_accessible_name("Send")


def test_without_javascript_a_page_says_what_it_needs(browser: Browser, served: Served):
    with visiting(browser, java_script_enabled=False) as page:
        page.goto(f"{served.url}/courses/docker")
        expect(page.locator("noscript p")).to_contain_text("JavaScript")


def test_a_page_opened_while_the_service_starts_waits_and_answers(browser: Browser, home, encoder, monkeypatch):
    go_on = Event()
    monkeypatch.setattr(Encoder, "load", lambda *_, **__: (go_on.wait(60), encoder)[1])
    app = create_app(Settings(home=home))
    with listening(app) as url, visiting(browser, expected=["503"]) as page:
        page.goto(f"{url}/courses/docker")
        chat = Chat(page)
        chat.field.fill(REFERENCE)
        expect(chat.host.locator(".notice")).to_contain_text("Repère démarre")
        go_on.set()
        assert app.state.services.loading.wait(60)
        expect(chat.host.locator(".suggestion").first).to_be_visible()
        expect(chat.host.locator(".notice")).to_have_count(0)
        expect(chat.field).to_have_value(REFERENCE)
        chat.field.press("Enter")
        expect(chat.turn).to_have_attribute("data-state", "done")


def test_the_page_works_below_a_path(browser: Browser, home, encoder, monkeypatch):
    """Behind a proxy that takes `/cours` off: the page and its links stay below it."""
    monkeypatch.setattr(Encoder, "load", lambda *_, **__: encoder)
    inner: list[ASGIApp] = []

    async def proxy(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if not scope["path"].startswith("/cours/"):
                await send({"type": "http.response.start", "status": 404, "headers": []})
                await send({"type": "http.response.body"})
                return
            path = scope["path"].removeprefix("/cours")
            scope = {**scope, "path": path, "raw_path": path.encode()}
        elif not inner:
            inner.append(create_app(Settings(home=home)))
        await inner[0](scope, receive, send)

    with listening(proxy) as url:
        app = inner[0]
        app.state.services.settings = Settings(home=home, public_url=f"{url}/cours/")
        assert app.state.services.loading.wait(60)
        with visiting(browser, SIZES["desk"]) as page:
            page.goto(f"{url}/cours/")
            expect(page).to_have_url(f"{url}/cours/courses/docker")
            chat = Chat(page)
            chat.ask(REFERENCE)
            assert chat.turn.locator(".actions a").get_attribute("href").startswith(f"{url}/cours/courses/docker?q=")
            chat.open_source()
            source = open_link(page, chat.section.get_by_role("link", name="Ouvrir le document"))
            assert source.url.startswith(f"{url}/cours/courses/docker/documents/")
            expect(source.locator("mark.quote").first).to_be_in_viewport()
            source.locator("a.home").click()
            expect(Chat(source).field).to_be_visible()
            assert source.url == f"{url}/cours/courses/docker"
