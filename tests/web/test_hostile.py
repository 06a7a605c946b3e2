"""A course whose author means harm: nothing of it is executed or loaded, and what it says can still be read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from reperage.index.encoder import Encoder
from reperage.service.settings import Settings
from tests.service.serving import Served, build_course, serving
from tests.web import hostile
from tests.web.visiting import one_line, open_link, visit, visiting

pytestmark = [pytest.mark.browser, pytest.mark.model]

FOREIGN = """root => {
  const own = "script, iframe, img, style, link, base, object, embed, meta, svg:not(.icon), input, form";
  const at = (node) => node.outerHTML.slice(0, 200);
  const found = [...root.querySelectorAll(own)].map(at);
  for (const node of root.querySelectorAll("*")) {
    if (node.getAttributeNames().some((name) => name.startsWith("on") || name === "style" || name === "srcdoc"))
      found.push(at(node));
    if (node.href && !/^(https?|mailto):/.test(node.href)) found.push(at(node));
  }
  return found;
}"""
"""What stands below an element that no text of a course should have brought there."""


@pytest.fixture(scope="module")
def trapped(own_home_of_module: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    material = hostile.write(tmp_path_factory.mktemp("material") / "hostile")
    build_course(own_home_of_module, material, encoder, "hostile")
    with serving(Settings(home=own_home_of_module, rate_per_session="1000/minute"), encoder) as running:
        yield running


def expect_unharmed(page: Page, root: Locator) -> None:
    page.wait_for_timeout(100)
    assert page.evaluate(f"typeof window.{hostile.FLAG}") == "undefined"
    assert root.evaluate(FOREIGN) == []


def test_nothing_that_a_course_attacks_with_is_executed(browser: Browser, trapped: Served):
    """`visiting` fails on a dialog, a broken policy, and a request to a host that is not there."""
    with visiting(browser) as page:
        chat = visit(page, trapped.url, "hostile")
        requests: list[str] = []
        page.context.on("request", lambda request: requests.append(request.url))
        sections = set()
        for text in hostile.ATTACKS.values():
            turn = chat.ask(text[:60])
            # Some ask for names that stand in the source of the course alone, and get no answer.
            if not turn.locator("button.chip").count():
                continue
            turn.locator("button.chip").first.click()
            expect(chat.marks.first).to_be_visible()
            sections.add(chat.section.locator("h4").inner_text())
            expect_unharmed(page, chat.section)
            chat.source.get_by_role("button", name="Fermer la source").click()
        assert len(sections) > len(hostile.ATTACKS) * 2 / 3
        expect_unharmed(page, chat.log)
        # What was asked is as much from outside.
        expect(chat.turns.first.locator(".asked")).to_contain_text("<script>window.__hostile")
        page.reload()
        expect(chat.turns).to_have_count(len(hostile.ATTACKS))
        expect_unharmed(page, chat.log)

        page.goto(f"{trapped.url}/courses/hostile/documents/attaques")
        expect(page.get_by_role("heading", name="Un gabarit")).to_be_visible()
        expect_unharmed(page, page.locator("main"))
        assert all(url.startswith(f"{trapped.url}/") for url in requests)


def test_a_row_of_a_huge_table_is_cited_and_opened(browser: Browser, trapped: Served):
    with visiting(browser) as page:
        page.context.set_default_timeout(90_000)  # A browser takes seconds for such a page, on a busy machine many.
        chat = visit(page, trapped.url, "hostile")
        chat.ask(hostile.FOUND_BY)
        expect(chat.answer).to_contain_text("48151623")
        # The header of the table comes before the row.
        expect(chat.chips).to_have_count(2)
        chat.open_source(1)
        assert chat.marked() == f"{hostile.ROW} Le matricule du {hostile.ROW} est 48151623."
        # The header stands above what is shown of the table, and a note tells that there is more.
        assert chat.section.locator("th").all_inner_texts() == ["espèce", "remarque"]
        expect(chat.section.locator(".notice")).to_have_text("Toute la section est dans le document.")
        assert chat.section.locator("tr").count() < 200
        document = open_link(page, chat.section.get_by_role("link", name="Ouvrir le document"))
        expect(document.locator("mark.quote").first).to_be_in_viewport(timeout=90_000)
        assert "48151623" in one_line(" ".join(document.locator("mark.quote").all_inner_texts()))
