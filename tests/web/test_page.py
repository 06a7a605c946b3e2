"""The page that asks and the page of a document, in a real browser."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from starlette.types import ASGIApp, Receive, Scope, Send

from index.encoder import Encoder
from service.app import create_app
from service.settings import Settings
from tests.service.serving import REFERENCE, Served, build_course, listening, serving
from tools.browser import find_browser

pytestmark = [pytest.mark.browser, pytest.mark.model]

SIZES = {"phone": (390, 844), "desk": (1280, 900)}
EMPTY = "C'est quoi un volume Docker ?"

PYTHON_COURSE = {
    "python.md": """\
# Python

Les paramètres `*args` et `**kwargs` sont libres, et `**options` aussi, comme `handlers[i](event)` et `<b>` ici.

| gauche | droite |
|:-------|-------:|
| un     | deux   |

## Étapes d'installation

Les étapes d'installation du serveur Zébulon sont :

1. télécharger l'archive du serveur
2. décompresser l'archive

Pour démarrer le serveur Zébulon, tapez :

```bash
zebulon start --port 80 | tee **log**
```
"""
    + "\n\nUn long texte.\n" * 60
    + "\n## À la fin\n\nLe mot de la fin est pamplemousse.\n",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = find_browser()
    assert executable, "the browser tests need Chromium: run `make test`"
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
        opened = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def served(home: Path, encoder) -> Iterator[Served]:
    with serving(Settings(home=home), encoder) as running:
        yield running


@pytest.fixture(params=SIZES)
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of one size, in a window of its own; at the end nothing may have gone wrong in it."""
    with visiting(browser, SIZES[request.param]) as opened:
        yield opened


@contextmanager
def visiting(browser: Browser, size: tuple[int, int] = SIZES["desk"], locale: str = "fr-FR") -> Iterator[Page]:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale=locale)
    context.set_default_timeout(20_000)
    troubles: list[str] = []
    context.on("console", lambda message: troubles.append(message.text) if message.type in TROUBLES else None)
    context.on("weberror", lambda error: troubles.append(str(error.error)))
    context.on("requestfailed", lambda failed: troubles.append(f"{failed.url} {failed.failure}"))
    yield context.new_page()
    context.close()
    assert troubles == []


TROUBLES = ("error", "warning")


def ask(page: Page, question: str) -> None:
    page.locator("#question").fill(question)
    page.get_by_role("button", name="Demander").click()


def open_link(page: Page, selector: str) -> Page:
    """Click a link that opens another tab; that tab, loaded."""
    with page.context.expect_page() as opened:
        page.locator(selector).first.click()
    opened.value.wait_for_load_state("load")
    return opened.value


def expect_in_view(page: Page, text: str) -> None:
    """What is marked shows `text` and stands within the window."""
    marks = page.locator("mark.quote")
    expect(marks.first).to_be_in_viewport()
    page.wait_for_function("document.activeElement.matches('mark.quote')")
    assert " ".join("".join(marks.all_inner_texts()).split()) == " ".join(text.split())
    size = page.viewport_size
    for mark in marks.all():
        box = mark.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= size["height"]
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]


def fits(page: Page) -> bool:
    """Nothing stands out to the right."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_reference_question_is_answered_and_every_number_opens_its_quote(page: Page, served: Served):
    page.goto(served.url)
    ask(page, REFERENCE)

    card = page.locator("article.card.answered")
    expect(card).to_contain_text("C'est ce que l'on appelle un port exposé.")
    numbers = card.locator("sup a")
    assert numbers.all_inner_texts() == ["1", "2", "3", "4", "5"]
    sources = page.locator("ol.sources > li")
    expect(sources).to_have_count(5)
    expect(sources.nth(1)).to_contain_text("Concepts › Conteneur Docker")
    expect(sources.nth(1)).to_contain_text("C'est ce que l'on appelle un **`port exposé`**.")
    assert fits(page)

    source = open_link(page, "sup a >> nth=4")
    expect_in_view(
        source, "Ces ports ne sont pas accessibles depuis la machine, c'est ce que l'on appelle des ports internes."
    )
    assert fits(source)
    second = open_link(page, "ol.sources > li:nth-child(2) a")
    expect_in_view(second, "C'est ce que l'on appelle un port exposé.")


@pytest.mark.parametrize(
    ("question", "status", "section"),
    [
        (EMPTY, "section_empty", "Concepts › Volume Docker"),
        ("Comment installer Kubernetes ?", "not_in_material", "Introduction Docker"),
    ],
)
def test_a_refusal_looks_different_and_lists_sections(
    page: Page, served: Served, question: str, status: str, section: str
):
    page.goto(served.url)
    ask(page, question)

    card = page.locator(f"article.card.{status}")
    expect(card).to_be_visible()
    expect(page.locator("article.answered")).to_have_count(0)
    expect(page.locator("ol.sources")).to_have_count(0)
    expect(card.locator("sup")).to_have_count(0)
    expect(card.get_by_role("heading", level=2)).to_be_visible()
    expect(card.locator(".related li").first).to_contain_text(section)
    assert fits(page)

    source = open_link(page, ".related li a")
    expect(source.locator("mark")).to_have_count(0)
    heading = source.locator(":target")
    expect(heading).to_be_in_viewport()


def test_a_question_outside_the_material_shows_no_source(page: Page, served: Served):
    page.goto(served.url)
    ask(page, "Quelle est la recette de la tarte aux pommes ?")
    expect(page.locator("article.not_in_material")).to_be_visible()
    expect(page.locator("article a, ol.sources")).to_have_count(0)


def test_the_answer_replaces_the_one_before(page: Page, served: Served):
    page.goto(served.url)
    ask(page, REFERENCE)
    expect(page.locator("article.answered")).to_be_visible()
    ask(page, EMPTY)
    expect(page.locator("article.section_empty")).to_be_visible()
    expect(page.locator("article")).to_have_count(1)
    expect(page.locator("ol.sources")).to_have_count(0)


def test_a_corrected_question_says_what_was_looked_for(page: Page, served: Served):
    page.goto(served.url)
    ask(page, "diference port expossé")
    expect(page.locator("article .read-as")).to_have_text("Résultats pour « différence port exposé »")
    expect(page.locator("#question")).to_have_value("diference port expossé")
    assert fits(page)


def test_a_question_as_it_was_typed_is_not_said_again(page: Page, served: Served):
    page.goto(served.url)
    for question in (REFERENCE, "Bonjour, c'est quoi un port exposé ? Merci !"):
        ask(page, question)
        expect(page.locator("article.answered")).to_contain_text("port exposé")
        expect(page.locator(".read-as")).to_have_count(0)


def test_a_follow_up_is_read_with_the_question_before_it(page: Page, served: Served):
    page.goto(served.url)
    expect(page.locator("#question")).to_have_attribute("placeholder", re.compile("Par exemple"))
    ask(page, "C'est quoi un port exposé ?")
    expect(page.locator("article.answered")).to_be_visible()
    expect(page.locator("#question")).to_have_attribute("placeholder", re.compile("la suite"))
    ask(page, "et un port interne ?")
    understood = page.locator("article .read-as")
    expect(understood).to_have_text("Question comprise : « C'est quoi un port interne ? »")
    expect(page.locator("article.answered")).to_contain_text("des ports internes")
    assert fits(page)

    page.goto(page.url)
    expect(page.locator("#question")).to_have_value("C'est quoi un port interne ?")
    expect(page.locator("article.answered")).to_contain_text("des ports internes")


def test_a_new_conversation_forgets_the_one_before(page: Page, served: Served):
    page.goto(served.url)
    afresh = page.get_by_role("button", name="Nouvelle conversation")
    expect(afresh).to_be_hidden()
    ask(page, "C'est quoi un port exposé ?")
    expect(page.locator("ol.sources")).to_be_visible()
    top = page.locator("h1").bounding_box()
    afresh.click()
    expect(afresh).to_be_hidden()
    expect(page.locator("article, ol.sources")).to_have_count(0)
    expect(page.locator("#intro")).to_be_visible()
    expect(page.locator("#question")).to_have_value("")
    expect(page.locator("#question")).to_be_focused()
    assert "q=" not in page.url
    assert page.locator("h1").bounding_box() == top

    ask(page, "et un port interne ?")
    expect(page.locator("article")).to_be_visible()
    expect(page.locator(".read-as")).to_have_count(0)


def test_small_talk_is_answered_without_a_title_or_sources(page: Page, served: Served):
    page.goto(served.url)
    ask(page, "bonjour")
    card = page.locator("article.card.small_talk")
    expect(card).to_contain_text("Posez-moi une question sur le cours « Docker »")
    expect(card.locator("h2")).to_have_text("Réponse")
    assert card.locator("h2").evaluate("title => title.classList.contains('hidden')")
    expect(page.locator("article a, .related, ol.sources, .read-as")).to_have_count(0)
    assert fits(page)


def test_the_answer_is_announced_and_can_be_reached_with_the_keyboard(page: Page, served: Served):
    page.goto(served.url)
    page.locator("#question").focus()
    page.keyboard.type(REFERENCE)
    page.keyboard.press("Enter")
    expect(page.locator("[aria-live] article.answered")).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('sup a')"):
            break
    assert page.evaluate("document.activeElement.textContent") == "1"
    with page.context.expect_page() as opened:
        page.keyboard.press("Enter")
    expect(opened.value.locator("mark.quote").first).to_be_in_viewport()


def test_an_address_with_a_question_asks_it(page: Page, served: Served):
    page.goto(served.url)
    ask(page, REFERENCE)
    expect(page.locator("article.answered")).to_be_visible()
    page.goto(page.url)
    expect(page.locator("article.answered")).to_be_visible()
    expect(page.locator("#question")).to_have_value(REFERENCE)


def test_a_reader_of_english_gets_an_english_page(browser: Browser, served: Served):
    with visiting(browser, locale="en-GB") as page:
        page.goto(served.url)
        assert page.locator("html").get_attribute("lang") == "en"
        page.locator("#question").fill(REFERENCE)
        page.get_by_role("button", name="Ask").click()
        expect(page.locator("article.answered .text")).to_have_attribute("lang", "fr")


@pytest.mark.parametrize("path", ["/docs", "/courses/docker/documents/introduction-docker"])
def test_other_pages_load_without_trouble(page: Page, served: Served, path: str):
    assert page.goto(served.url + path).status == 200
    expect(page.get_by_role("heading").first).to_be_visible()
    assert fits(page)


@pytest.fixture(scope="module")
def python_course(encoder, tmp_path_factory, home) -> Iterator[Served]:
    own = tmp_path_factory.mktemp("python")
    shutil.copytree(home, own / "home")
    (own / "python").mkdir()
    for name, text in PYTHON_COURSE.items():
        (own / "python" / name).write_text(text, encoding="utf-8")
    build_course(own / "home", own / "python", encoder)
    with serving(Settings(home=own / "home"), encoder) as running:
        yield running


def test_what_looks_like_markup_is_shown_as_it_is(page: Page, python_course: Served):
    page.goto(f"{python_course.url}/?course=python")
    ask(page, "Quels paramètres sont libres ?")
    expect(page.locator("article.answered .text")).to_contain_text(
        "Les paramètres *args et **kwargs sont libres, et **options aussi, comme handlers[i](event) et <b> ici."
    )


def test_lists_and_code_are_shown_as_such(page: Page, python_course: Served):
    page.goto(f"{python_course.url}/?course=python")
    ask(page, "Quelles sont les étapes d'installation du serveur Zébulon ?")
    expect(page.locator("article.answered li").first).to_contain_text("télécharger l'archive du serveur")
    ask(page, "Comment démarrer le serveur Zébulon ?")
    expect(page.locator("article.answered pre").first).to_have_text("zebulon start --port 80 | tee **log**")
    assert fits(page)


def test_a_quote_far_down_is_scrolled_to(page: Page, python_course: Served):
    page.goto(f"{python_course.url}/?course=python")
    ask(page, "Quel est le mot de la fin ?")
    expect(page.locator("article.answered")).to_contain_text("pamplemousse")
    source = open_link(page, "sup a >> nth=-1")
    expect_in_view(source, "Le mot de la fin est pamplemousse.")


def test_a_document_with_an_aligned_table_breaks_no_policy(page: Page, python_course: Served):
    page.goto(f"{python_course.url}/courses/python/documents/python")
    assert page.locator("td").nth(1).evaluate("cell => getComputedStyle(cell).textAlign") in ("right", "-webkit-right")


def test_several_courses_can_be_chosen_from(page: Page, python_course: Served):
    page.goto(python_course.url)
    expect(page.locator("#course option")).to_have_count(2)
    page.locator("#course").select_option("python")
    ask(page, "Quel est le mot de la fin ?")
    expect(page.locator("article.answered")).to_contain_text("pamplemousse")
    page.locator("#course").select_option("docker")
    expect(page.locator("article")).to_have_count(0)
    ask(page, "Quel est le mot de la fin ?")
    expect(page.locator("article.not_in_material")).to_be_visible()


def test_another_course_is_another_conversation(page: Page, python_course: Served):
    page.goto(f"{python_course.url}/?course=docker")

    def sent(question: str) -> tuple[str, str | None, str]:
        """The course and the conversation that are asked, and the conversation that the answer belongs to."""
        with page.expect_response("**/v1/ask") as answered:
            ask(page, question)
        body = answered.value.request.post_data_json
        expect(page.locator("article")).to_be_visible()
        return body["course"], body["conversation_id"], answered.value.json()["conversation_id"]

    course, before, conversation = sent("C'est quoi un port ?")
    assert (course, before) == ("docker", None)
    expect(page.get_by_role("button", name="Nouvelle conversation")).to_be_visible()
    assert sent("et une image ?") == ("docker", conversation, conversation)
    page.locator("#course").select_option("python")
    assert sent("bonjour")[:2] == ("python", None)


def test_the_page_works_below_a_path(browser: Browser, home: Path, encoder, monkeypatch):
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
        app.state.startup.settings = Settings(home=home, public_url=f"{url}/cours/")
        assert app.state.startup.wait(60)
        with visiting(browser) as page:
            page.goto(f"{url}/cours/")
            ask(page, REFERENCE)
            expect(page.locator("article.answered")).to_be_visible()
            source = open_link(page, "sup a")
            assert source.url.startswith(f"{url}/cours/courses/docker/documents/")
            expect(source.locator("mark.quote").first).to_be_in_viewport()
            source.locator("a.home").click()
            expect(source.locator("#question")).to_be_visible()
            assert source.url.startswith(f"{url}/cours/?course=docker")
