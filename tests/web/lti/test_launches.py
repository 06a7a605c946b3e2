"""Launches from an LMS in a real browser: in a frame of another site, whatever it and the browser keep."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route as Served

from tests.service.lti.messages import Launch, Twists
from tests.service.lti.school import BASIL, CAMILLE, DOMINIQUE, User
from tests.service.serving import listening
from tests.web.lti.pages import NOT_FOUND, Preferring, School, asks, reload, tool, travel
from tests.web.visiting import visiting

pytestmark = [pytest.mark.browser, pytest.mark.model]

LEFT_WHILE_LOADING = r"/(static/.*|widget/.*|widget\.js) net::ERR_ABORTED$"

HEAD = '<title>x</title><link rel="icon" href="data:,">'


@pytest.mark.parametrize(("preferences", "expected"), [("allowed", {"plain", "apart"}), ("blocked", {"apart"})])
def test_the_preferences_do_what_the_other_tests_believe(
    preferring: Preferring, preferences: str, expected: set[str]
) -> None:
    """A frame of another site gets its cookie back where such are allowed, and its partitioned one always."""

    async def outer(request: Request) -> Response:
        return HTMLResponse(f'{HEAD}<iframe name="tool" src="{inner}/set"></iframe>')

    async def set_both(request: Request) -> Response:
        response = RedirectResponse("/read")
        for name, more in (("plain", ""), ("apart", "; Partitioned")):
            response.headers.append("set-cookie", f"{name}=1; Secure; SameSite=None; Path=/{more}")
        return response

    async def read(request: Request) -> Response:
        return HTMLResponse(f"{HEAD}<p>{' '.join(sorted(request.cookies))}.</p>")

    app = Starlette(routes=[Served("/", outer), Served("/set", set_both), Served("/read", read)])
    with listening(app) as url:
        inner = url.replace("127.0.0.1", "localhost")
        with visiting(preferring(preferences)) as page:
            page.goto(url)
            expect(page.frame_locator("iframe").locator("p")).to_have_text(f"{' '.join(sorted(expected))}.")


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_student_asks_in_the_frame(school: School, desk: Page, method: str) -> None:
    asks(school.open(desk, school.platform.begin(CAMILLE), method))


@pytest.mark.parametrize("storage", [None, "lti_storage"])
def test_a_student_asks_where_the_browser_blocks_what_third_parties_keep(
    school: School, preferring: Preferring, storage: str | None
) -> None:
    """Chromium then keeps nothing for a frame but partitioned cookies, and the frame's history."""
    with visiting(preferring("blocked")) as page:
        asks(school.open(page, school.platform.begin(CAMILLE, storage=storage)))
        reload(page)
        asks(page.frame_locator("iframe[name=tool]"))
        assert "rl_" not in tool(page).url


def test_a_teacher_does_everything_where_the_browser_blocks_what_third_parties_keep(
    school: School, preferring: Preferring, tmp_path: Path
) -> None:
    with visiting(preferring("blocked")) as page:
        frame = school.open(page, school.platform.begin(DOMINIQUE))
        asks(frame)
        for view in ("gaps", "documents", "choose", "course"):
            frame.locator(f"#tabs a[href^='{view}']").click()
            expect(frame.locator("#tabs a[aria-current]")).to_have_attribute("href", re.compile(f"^{view}"))
            expect(frame.locator("h1")).to_be_attached()
            assert "rl_" not in tool(page).url
        travel(page, -1)
        expect(frame.locator("h1")).to_contain_text("Que connaît l’assistant dans")
        expect(frame.locator("#tabs a[aria-current]")).to_have_text("Cours")
        reload(page)
        expect(frame.locator("h1")).to_contain_text("Que connaît l’assistant dans")
        frame = school.open(page, school.platform.begin(DOMINIQUE, link=None))
        frame.get_by_role("button", name="Ajouter au cours").click()
        expect(frame.locator("#added")).to_have_text("Liens ajoutés : 1")


@pytest.mark.parametrize("storage", ["lti_storage", "_parent"])
def test_a_student_asks_in_the_frame_where_the_platform_keeps_what_the_browser_does_not(
    strict_school: School, desk: Page, storage: str
) -> None:
    asks(strict_school.open(desk, strict_school.platform.begin(CAMILLE, storage=storage)))
    assert desk.context.cookies(strict_school.url) == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_student_goes_on_in_a_new_window_where_nobody_keeps_anything(
    strict_school: School, desk: Page, method: str
) -> None:
    launch = strict_school.platform.begin(CAMILLE)
    goes_on_in_a_new_window(desk, strict_school.open(desk, launch, method), launch)


def goes_on_in_a_new_window(page: Page, frame: FrameLocator, launch: Launch) -> None:
    button = frame.get_by_role("button", name="Ouvrir l’assistant dans une nouvelle fenêtre")
    expect(button).to_be_visible()
    assert launch.is_hinted
    with page.context.expect_page() as opened:
        button.click()
    asks(opened.value)
    assert "hint" not in opened.value.url
    assert not launch.is_hinted


def test_a_platform_that_names_a_frame_which_does_not_answer(strict_school: School, desk: Page) -> None:
    """It has not kept anything then: a new window is offered."""
    launch = strict_school.platform.begin(CAMILLE, twists=Twists(login={"lti_storage_target": "nobody"}))
    goes_on_in_a_new_window(desk, strict_school.open(desk, launch), launch)
    # The message goes to the page itself then, which says that it is not the one to be asked.
    strict_school.platform.violations.clear()


def test_a_platform_that_never_answers(strict_school: School, desk: Page) -> None:
    desk.route(
        f"{strict_school.platform.url}/storage.js", lambda route: route.fulfill(body="", content_type="text/javascript")
    )
    launch = strict_school.platform.begin(CAMILLE, storage="lti_storage")
    goes_on_in_a_new_window(desk, strict_school.open(desk, launch), launch)


def test_a_platform_that_never_answers_where_a_cookie_is_kept(school: School, desk: Page) -> None:
    desk.route(
        f"{school.platform.url}/storage.js", lambda route: route.fulfill(body="", content_type="text/javascript")
    )
    asks(school.open(desk, school.platform.begin(CAMILLE, storage="lti_storage")))


@pytest.mark.parametrize("preferences", ["allowed", "blocked"], ids=["kept", "blocked"])
def test_two_courses_in_one_tab(school: School, preferring: Preferring, preferences: str) -> None:
    """Each entry of the history acts with the session of its own launch."""
    first, second = "Conteneurs, l’introduction", "Python <b>avancé</b> & Cie"
    # The browser's history may begin with one page of the frame and go on to another before it has all of it.
    with visiting(preferring(preferences), expected=[LEFT_WHILE_LOADING]) as page:
        frame = school.open(page, school.platform.begin(DOMINIQUE))
        frame.get_by_role("link", name="Cours").click()
        title = frame.locator("h1")
        expect(title).to_contain_text(first, timeout=20_000)
        entries = page.evaluate("history.length")
        school.open(page, school.platform.begin(DOMINIQUE, "c-202"))
        expect(title).to_contain_text(second, timeout=20_000)
        # The platform's form is an entry of its own where it is sent while somebody is at work, as Playwright is here.
        more = page.evaluate("history.length") - entries
        travel(page, -more)
        expect(title).to_contain_text(first, timeout=20_000)
        reload(page)
        expect(title).to_contain_text(first, timeout=20_000)
        travel(page, more)
        expect(title).to_contain_text(second, timeout=20_000)


@pytest.mark.parametrize("preferences", ["allowed", "blocked"], ids=["kept", "blocked"])
def test_a_link_with_a_token_of_somebody_else_does_nothing(
    school: School, preferring: Preferring, preferences: str
) -> None:
    """Neither in the frame nor in a window, and what the student has is left."""
    with visiting(preferring(preferences)) as page:
        school.open(page, school.platform.begin(DOMINIQUE))
        expect(page.frame_locator("iframe").locator("#tabs")).to_be_visible()
        foreign = str(tool(page).evaluate("history.state.token"))
        assert foreign.startswith("rl_")
        frame = school.open(page, school.platform.begin(CAMILLE))
        expect(frame.locator("repere-chat textarea#question")).to_be_visible()
        address = tool(page).url.partition("?")[0]
        # The same address with another fragment: the page stays as it is.
        tool(page).evaluate("token => location.assign(`#token=${token}`)", foreign)
        expect(frame.locator("repere-chat textarea#question")).to_be_visible()
        expect(frame.locator("#tabs")).to_be_hidden()
        assert (tool(page).evaluate("history.state") or {}).get("token") != foreign
        for where in (tool(page), page):
            where.goto(f"{address}?lang=fr&token={foreign}#token={foreign}&link=")
            expect(where.get_by_role("alert")).to_contain_text("La session est terminée")
            assert where.evaluate("history.state") is None


@pytest.mark.parametrize("user", [CAMILLE, DOMINIQUE], ids=["student", "teacher"])
def test_a_source_opens_for_student_and_teacher(school: School, desk: Page, user: User) -> None:
    """In the frame, and in a tab of its own, though the course is nobody else's and its page would refuse them."""
    chat = asks(school.open(desk, school.platform.begin(user)))
    expect(chat.turn.get_by_role("button", name="Copier la réponse et ses sources")).to_be_visible()
    expect(chat.turn.locator(".actions a")).to_have_count(0)
    chat.open_source()
    marked = chat.marked()
    assert marked
    with desk.context.expect_page() as opened:
        chat.source.get_by_role("link", name=re.compile("document", re.IGNORECASE)).first.click()
    opened.value.wait_for_load_state("load")
    expect(opened.value.locator("mark").first).to_be_visible()
    assert httpx.get(opened.value.url.replace("localhost", "127.0.0.1")).status_code == 200
    assert httpx.get(httpx.URL(opened.value.url).copy_remove_param("grant")).status_code == 401


def test_a_conversation_goes_on_at_the_next_launch(school: School, desk: Page) -> None:
    asks(school.open(desk, school.platform.begin(CAMILLE)))
    frame = school.open(desk, school.platform.begin(CAMILLE))
    expect(frame.locator("repere-chat article.turn")).to_have_count(1)


def test_somebody_else_at_the_same_machine_finds_nothing_of_it(
    school: School, preferring: Preferring, tmp_path: Path
) -> None:
    """The conversation that the frame knows of is not theirs."""
    with visiting(preferring("allowed"), expected=[NOT_FOUND, "/v1/conversations/"]) as page:
        asks(school.open(page, school.platform.begin(CAMILLE)))
        frame = school.open(page, school.platform.begin(DOMINIQUE))
        expect(frame.locator("repere-chat textarea#question")).to_be_visible()
        expect(frame.locator("repere-chat article.turn")).to_have_count(0)
        page.reload()
        expect(frame.locator("repere-chat textarea#question")).to_be_visible()
        expect(frame.locator("repere-chat article.turn")).to_have_count(0)


def test_the_language_is_the_one_of_the_lms(school: School, desk: Page) -> None:
    frame = school.open(desk, school.platform.begin(BASIL))
    expect(frame.locator("html")).to_have_attribute("lang", "en")
    expect(frame.locator("repere-chat").get_by_role("button", name="Send")).to_be_visible()


def test_a_student_sees_nothing_of_the_teachers_pages(school: School, preferring: Preferring) -> None:
    with visiting(preferring("allowed"), expected=[LEFT_WHILE_LOADING]) as page:
        frame = school.open(page, school.platform.begin(CAMILLE))
        expect(frame.locator("repere-chat textarea#question")).to_be_visible()
        expect(frame.locator("#tabs")).to_be_hidden()
        for view in ("documents", "gaps", "choose", "link"):
            show = "view => {history.pushState(history.state, '', view); setTimeout(() => location.reload(), 50)}"
            with tool(page).expect_navigation(wait_until="load"):
                tool(page).evaluate(show, view)
            expect(frame.get_by_role("alert")).to_contain_text("réservée aux enseignants")


def test_a_refusal_is_seen_within_the_frame(school: School, browser: Browser) -> None:
    launch = school.platform.begin(CAMILLE, twists=Twists(algorithm="none"))
    with visiting(browser, expected=["status of 403"]) as page:
        frame = school.open(page, launch)
        expect(frame.get_by_role("heading", level=1)).to_have_text("La signature n’est pas celle de la plateforme")


def test_a_page_of_another_site_cannot_show_a_view(school: School, browser: Browser) -> None:
    """Only the platform's may, so that nobody is made to click there unawares."""
    known = school.lti.platforms()[0]

    async def outer(request: Request) -> Response:
        return HTMLResponse(f'{HEAD}<iframe name="tool" src="{school.url}/lti/{known.id}/course"></iframe>')

    refused = ["frame-ancestors", "ERR_BLOCKED_BY_RESPONSE"]
    with listening(Starlette(routes=[Served("/", outer)])) as url, visiting(browser, expected=refused) as page:
        with page.expect_event("requestfailed"):
            page.goto(url)
        expect(page.frame_locator("iframe").locator("#view")).to_have_count(0)
