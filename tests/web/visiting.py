"""A visit to the service in a real browser: what goes wrong in it fails the test; the widget as its reader has it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, expect

SIZES = {"phone": (390, 844), "desk": (1280, 900)}
EMPTY = "C'est quoi un volume Docker ?"
OUTSIDE = "Comment installer Kubernetes ?"
FAR_OUTSIDE = "Quelle est la recette de la tarte aux pommes ?"
EXPOSED = "C'est quoi un port exposé ?"

ANSWERED = r"/v1/ask net::ERR_ABORTED"
"""What Chromium says of a stream that the page has read to its end, now and then, and of one that it stops."""
LEFT = r"/favicon\.svg net::ERR_ABORTED"
"""The same of a page that is left while its icon is on the way."""
LEFT_EARLY = r"/v1/session net::ERR_ABORTED"
"""The same where the widget is taken out of its page, or moved, before it has begun."""
UNREACHABLE = r"net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE)"
OFFLINE = r"net::ERR_INTERNET_DISCONNECTED"

_TROUBLES = ("error", "warning")
_WATCH = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`), true)"""


@dataclass
class Troubles:
    """What went wrong, and what may: patterns that a test expects."""

    said: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    under_way: set[Request] = field(default_factory=set)

    def unexpected(self) -> list[str]:
        allowed = [*self.expected, ANSWERED, LEFT, LEFT_EARLY]
        return [said for said in self.said if not any(re.search(pattern, said) for pattern in allowed)]

    def watch(self, context: BrowserContext) -> None:
        context.add_init_script(_WATCH)
        context.on("console", lambda message: self.said.append(message.text) if message.type in _TROUBLES else None)
        context.on("weberror", lambda error: self.said.append(str(error.error)))
        context.on("request", lambda request: self.under_way.add(request))
        context.on("requestfinished", lambda request: self.under_way.discard(request))
        context.on("requestfailed", self._failed)
        context.on("dialog", self._dismiss)

    def settle(self, page: Page) -> None:
        """A request whose end is on its way is none that the closing of the window ends."""
        for _ in range(40):
            if not self.under_way or page.is_closed():
                return
            page.wait_for_timeout(25)

    def _failed(self, request: Request) -> None:
        self.under_way.discard(request)
        self.said.append(f"{request.url} {request.failure}")

    def _dismiss(self, dialog: Any) -> None:
        self.said.append(f"a dialog: {dialog.message}")
        dialog.dismiss()


@contextmanager
def visiting(
    browser: Browser, size: tuple[int, int] = SIZES["desk"], expected: Sequence[str] = (), **options: Any
) -> Iterator[Page]:
    """A page in a window of its own, of somebody who was never here; at the end nothing else than `expected` (regular
    expressions) may have gone wrong in it: errors and warnings on the console, failed requests, a broken policy.
    """
    chosen = {"locale": "fr-FR", "reduced_motion": "reduce"} | options
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **chosen)
    context.set_default_timeout(20_000)
    troubles = Troubles(expected=list(expected))
    troubles.watch(context)
    page = context.new_page()
    try:
        yield page
        troubles.settle(page)
    finally:
        context.close()
    assert not troubles.unexpected(), troubles.unexpected()


class Chat:
    """The widget of a page."""

    def __init__(self, page: Page, host: str = "repere-chat") -> None:
        self.page = page
        self.host = page.locator(host)
        self.launcher = self.host.locator("button.launcher")
        self.panel = self.host.locator(".panel")
        self.log = self.host.locator(".log")
        self.field = self.host.locator("textarea#question")
        self.send = self.host.locator("button.send")
        self.afresh = self.host.locator("button.afresh")
        self.turns = self.host.locator("article.turn")
        self.chips = self.host.locator("article.turn button.chip")
        self.tip = self.host.locator(".tip")
        self.source = self.host.locator("aside.source")
        self.section = self.source.locator(".section")
        self.marks = self.section.locator("mark")
        self.live = self.host.locator(".panel > p[aria-live]")

    @property
    def turn(self) -> Locator:
        """The last one."""
        return self.turns.last

    @property
    def answer(self) -> Locator:
        """The last turn's."""
        return self.turn.locator("> .text")

    def open(self) -> "Chat":
        self.launcher.click()
        expect(self.field).to_be_focused()
        return self

    def send_off(self, question: str) -> Locator:
        """Ask, and wait for nothing; the turn."""
        before = self.turns.count()
        self.field.fill(question)
        self.field.press("Enter")
        turn = self.turns.nth(before)
        expect(turn).to_be_attached()
        return turn

    def ask(self, question: str) -> Locator:
        """Ask, and wait for the answer; the turn."""
        turn = self.send_off(question)
        expect(turn).to_have_attribute("data-state", "done")
        return turn

    def open_source(self, chip: int = 0) -> Locator:
        """Open the source of a chip, by its place in all the turns, and wait for its section."""
        self.chips.nth(chip).click()
        expect(self.section.locator(".text")).to_be_visible()
        return self.section

    def marked(self) -> str:
        """What is marked in the section, on one line."""
        return one_line(" ".join(self.marks.all_inner_texts()))


def visit(page: Page, url: str, course: str = "docker") -> Chat:
    """The page of a course, ready to be asked; `url` is the service's."""
    page.goto(f"{url}/courses/{course}")
    chat = Chat(page)
    expect(chat.field).to_be_visible()
    expect(chat.host.locator(".welcome .notice")).to_have_count(0)
    return chat


def one_line(text: str) -> str:
    return " ".join(text.split())


def fits(page: Page) -> bool:
    """Nothing stands out to the right."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def stands_out(chat: Chat) -> list[str]:
    """What of the widget reaches over its panel's edge, but for what scrolls within its own frame."""
    return chat.host.evaluate("""host => {
      const panel = host.shadowRoot.querySelector(".panel");
      const box = panel.getBoundingClientRect();
      const scrolls = (node) => node.closest("pre, .scroll, .tip, .hidden, svg");
      const out = [...panel.querySelectorAll("*")].filter((node) => {
        const own = node.getBoundingClientRect();
        return own.width > 0 && !scrolls(node) && (own.right > box.right + 1 || own.left < box.left - 1);
      }).map((node) => node.outerHTML.slice(0, 120));
      for (const part of [panel, ...panel.querySelectorAll(".log, .section, .column")])
        if (part.scrollWidth > part.clientWidth + 1)
          out.push(`${part.className} ${part.scrollWidth}>${part.clientWidth}`);
      return out;
    }""")


def open_link(page: Page, link: Locator) -> Page:
    """Click a link that opens another tab; that tab, loaded."""
    with page.context.expect_page() as opened:
        link.click()
    opened.value.wait_for_load_state("load")
    return opened.value


def expect_in_view(page: Page, text: str) -> None:
    """What is marked on a document's page shows `text` and stands within the window."""
    marks = page.locator("mark.quote")
    expect(marks.first).to_be_in_viewport()
    page.wait_for_function("document.activeElement.matches('mark.quote')")
    assert one_line("".join(marks.all_inner_texts())) == one_line(text)
    size = page.viewport_size
    assert size is not None
    for mark in marks.all():
        box = mark.bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= size["height"]
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]
