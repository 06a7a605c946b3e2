"""The assistant within the pages of an LMS, as a browser shows it: a platform, a frame, what is done in it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Browser, Frame, FrameLocator, Page, Route, expect

from tests.service.lti.messages import Launch
from tests.service.lti.platform import LtiPlatform
from tests.service.lti.served import Lti
from tests.service.serving import REFERENCE
from tests.web.visiting import Chat

Preferring = Callable[[str], Browser]
"""Gives a browser that lets frames of other sites keep things ("allowed"), or does not ("blocked")."""

LAUNCH = re.compile("/lti/launch$")
NOT_FOUND = r"status of 404 \(Not Found\)"


@dataclass(frozen=True)
class School:
    """A platform at 127.0.0.1, and the service at localhost: two sites."""

    lti: Lti
    platform: LtiPlatform
    url: str

    def open(self, page: Page, launch: Launch, method: str = "get") -> FrameLocator:
        """The course's page; the tool in its frame."""
        page.unroute(LAUNCH, settle)
        page.route(LAUNCH, settle)
        page.goto(self.platform.page_of(launch, method))
        return page.frame_locator("iframe[name=tool]")


def settle(route: Route) -> None:
    """Let a launch wait until Playwright has seen the frame leave for the platform.

    It learns that by asking the page around it. A frame that is back with the tool before the answer, it loses for good
    (1.65.2, `FrameSession._onDetachedFromTarget` disposes of the new session), and waits for without an end.
    """
    route.request.frame.page.evaluate("null")
    route.continue_()


def tool(page: Page) -> Frame:
    """The frame of the tool as it is now."""
    found = page.frame(name="tool")
    assert found is not None
    return found


def reload(page: Page) -> None:
    """Load what the frame shows anew, once the script that says so has ended: it would be gone with its page."""
    with tool(page).expect_navigation(wait_until="load"):
        tool(page).evaluate("() => void setTimeout(() => location.reload(), 50)")


def travel(page: Page, by: int) -> None:
    """Back or forward as the browser's buttons do, also where it is the frame alone that goes."""
    page.evaluate("by => void setTimeout(() => history.go(by))", by)


def asks(frame: FrameLocator | Page, question: str = REFERENCE) -> Chat:
    """Ask in the frame, and get an answer with sources."""
    chat = Chat(frame)  # type: ignore[arg-type]  # A frame has locators too, which is all that is used of a page.
    expect(chat.field).to_be_visible(timeout=20_000)
    turn = chat.ask(question)
    expect(turn.locator("button.chip").first).to_be_visible()
    return chat
