"""The assistant within the pages of an LMS, on another site than its own, in a real browser."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, Frame, FrameLocator, Locator, Page, Playwright, Route, expect
from playwright.sync_api import Error as PlaywrightError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route as Served

from reperage.index.encoder import Encoder
from reperage.service.access.api_keys import new_key
from reperage.service.database.engine import Database
from reperage.service.database.keys import store_key
from reperage.service.lti.deep_linking import LONGEST
from reperage.service.settings import Settings
from tests.service.lti.messages import Launch, Twists
from tests.service.lti.platform import LtiPlatform
from tests.service.lti.school import BASIL, CAMILLE, DOMINIQUE, User
from tests.service.lti.served import Lti, introduce
from tests.service.lti.test_lti_registration import invitation
from tests.service.serving import REFERENCE, listening, serving
from tests.web.axe import violations
from tests.web.conftest import ARGUMENTS, chromium
from tests.web.visiting import OFFLINE, OUTSIDE, SIZES, Chat, fits, one_line, visiting

pytestmark = [pytest.mark.browser, pytest.mark.model]

PREFERENCES = {
    "allowed": {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}},
    "blocked": {"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": True}},
}
"""What a browser does with what the frames of other sites want to keep."""

Preferring = Callable[[str], Browser]
"""Gives the browser of a name of `PREFERENCES`."""

LAUNCH = re.compile("/lti/launch$")
NOT_FOUND = r"status of 404 \(Not Found\)"
REFUSED = r"status of 4(04|15|22) "
UNAVAILABLE = r"status of 503 "
JOB = re.compile("/v1/jobs/")
DOCUMENTS = re.compile("/v1/courses/[^/]+/documents$")
DOCUMENT = re.compile("/v1/courses/[^/]+/documents/[^/]+$")
HEAD = '<title>x</title><link rel="icon" href="data:,">'
NOTES = """\
# Les câbles

## La fibre

Une fibre optique transporte la lumière. Elle relie deux bâtiments du lycée.

## Le cuivre

TODO
"""


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


@pytest.fixture(scope="module")
def _school(own_home_of_module: Path, encoder: Encoder) -> Iterator[School]:
    with closing(Database(f"sqlite:///{own_home_of_module / 'repere.sqlite3'}")) as database:
        database.migrate()
        # Nothing is open to whoever comes from this machine.
        store_key(database, new_key("", "student", None, None)[0])
    with ExitStack() as running:
        served = running.enter_context(serving(Settings(home=own_home_of_module), encoder))
        lti = Lti(served, own_home_of_module)
        platform = running.enter_context(LtiPlatform())
        url = served.url.replace("127.0.0.1", "localhost")
        introduce(lti, platform, url)
        lti.map(platform)
        yield School(lti, platform, url)


@pytest.fixture
def school(_school: School) -> Iterator[School]:
    """At the end no rule of LTI may be broken."""
    _school.platform.violations.clear()
    yield _school
    assert _school.platform.violations == []


@contextmanager
def with_preferences(playwright: Playwright, preferences: dict[str, Any]) -> Iterator[Browser]:
    """A browser of somebody who has set these preferences, which its windows have too."""
    memory = Path("/dev/shm")
    # A new profile is written with hundreds of syncs, which a busy disk takes minutes for.
    with TemporaryDirectory(dir=memory if memory.is_dir() else None, ignore_cleanup_errors=True) as folder:
        (Path(folder) / "Default").mkdir()
        (Path(folder) / "Default" / "Preferences").write_text(json.dumps(preferences), encoding="utf-8")
        context = playwright.chromium.launch_persistent_context(folder, executable_path=chromium(), args=ARGUMENTS)
        browser = context.browser
        assert browser is not None
        try:
            yield browser
        finally:
            end(Path(folder))
            with suppress(PlaywrightError):
                context.close()


def end(folder: Path) -> None:
    """End the browser of a profile, which may take minutes to do so by itself."""
    for process in psutil.process_iter(["cmdline"]):
        if f"--user-data-dir={folder}" in (process.info["cmdline"] or ()):
            with suppress(psutil.NoSuchProcess):
                process.kill()


@pytest.fixture(scope="module")
def preferring(playwright: Playwright) -> Iterator[Preferring]:
    """A browser with these preferences, one for the tests of this file."""
    with ExitStack() as opened:

        @cache
        def browser(name: str) -> Browser:
            return opened.enter_context(with_preferences(playwright, PREFERENCES[name]))

        yield browser


@pytest.fixture
def desk(preferring: Preferring) -> Iterator[Page]:
    """A page of somebody whose browser lets the frames of other sites keep things."""
    with visiting(preferring("allowed")) as page:
        yield page


def tool(page: Page) -> Frame:
    """The frame of the tool as it is now."""
    found = page.frame(name="tool")
    assert found is not None
    return found


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


@contextmanager
def without_cookies(url: str) -> Iterator[str]:
    """The service at another address, whose cookies frames do not keep: as browsers do that know no partitions."""
    address = url.replace("localhost", "127.0.0.1")

    async def forward(request: Request) -> Response:
        kept = {**request.headers, "accept-encoding": "identity"}
        target = f"{address}{request.url.path}?{request.url.query}"
        async with httpx.AsyncClient(timeout=60) as client:
            answered = await client.request(request.method, target, headers=kept, content=await request.body())
        response = Response(answered.content, answered.status_code)
        left = {"content-length", "transfer-encoding", "connection"}
        left |= {"set-cookie"} if request.headers.get("sec-fetch-dest") == "iframe" else set()
        for name, value in answered.headers.multi_items():
            if name not in left:
                response.headers.append(name, value)
        return response

    methods = ["GET", "POST", "PUT", "DELETE"]
    with listening(Starlette(routes=[Served("/{path:path}", forward, methods=methods)])) as own:
        yield own.replace("127.0.0.1", "localhost")


@pytest.fixture(scope="module")
def _without_cookies(_school: School) -> Iterator[School]:
    with without_cookies(_school.url) as url, LtiPlatform() as platform:
        introduce(_school.lti, platform, url)
        _school.lti.map(platform)
        yield School(_school.lti, platform, url)


@pytest.fixture
def strict_school(_without_cookies: School) -> Iterator[School]:
    """A school whose browsers keep no cookie of ours from within a frame."""
    _without_cookies.platform.violations.clear()
    yield _without_cookies
    assert _without_cookies.platform.violations == []


@pytest.fixture(scope="module")
def _own_course(_school: School) -> Iterator[School]:
    with LtiPlatform() as platform:
        introduce(_school.lti, platform, _school.url)
        _school.lti.map(platform, "cours-de-dominique", "c-202")
        yield School(_school.lti, platform, _school.url)


@pytest.fixture
def own_course(_own_course: School) -> Iterator[School]:
    """A school whose course "c-202" has a course of its own, for the teacher to fill."""
    _own_course.platform.violations.clear()
    yield _own_course
    assert _own_course.platform.violations == []


def open_documents(school: School, page: Page) -> FrameLocator:
    """The documents of the teacher's own course."""
    frame = school.open(page, school.platform.begin(DOMINIQUE, "c-202"))
    frame.get_by_role("link", name="Documents").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Documents du cours")
    return frame


def upload(frame: FrameLocator, name: str, text: str | bytes = NOTES) -> Locator:
    """Choose a file; the line that tells what becomes of it."""
    data = text.encode() if isinstance(text, str) else text
    file = {"name": name, "mimeType": "text/markdown", "buffer": data}
    frame.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
    row = frame.locator(".jobs li").first
    expect(row).to_contain_text(name)
    return row


def unavailable(route: Route) -> None:
    """What the service answers where its database is away."""
    detail = "The disk is full. Nothing was changed."
    route.fulfill(status=503, content_type="application/problem+json", body=json.dumps({"detail": detail}))


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
        frame = tool(page)
        frame.evaluate("location.reload()")
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
        tool(page).evaluate("location.reload()")
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
    with visiting(preferring(preferences)) as page:
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
        tool(page).evaluate("location.reload()")
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


def test_a_student_sees_nothing_of_the_teachers_pages(school: School, desk: Page) -> None:
    frame = school.open(desk, school.platform.begin(CAMILLE))
    expect(frame.locator("repere-chat textarea#question")).to_be_visible()
    expect(frame.locator("#tabs")).to_be_hidden()
    for view in ("documents", "gaps", "choose", "link"):
        tool(desk).evaluate("view => {history.pushState(history.state, '', view); location.reload()}", view)
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


def test_a_teacher_from_the_registration_to_the_gaps(school: School, preferring: Preferring) -> None:
    lti = school.lti
    # A course that was just begun has no list of documents yet.
    with LtiPlatform() as platform, visiting(preferring("allowed"), expected=[NOT_FOUND]) as page:
        own = School(lti, platform, school.url)
        # The administrator registers the service.
        address = invitation(lti).replace("127.0.0.1", "localhost")
        page.goto(platform.installing_page(address))
        frame = page.frame_locator("iframe[name=tool]")
        expect(frame.get_by_role("heading", level=1)).to_have_text("Repère est enregistré")
        expect(page.locator("body[data-closed=yes]")).to_be_attached()

        # A teacher comes, and begins a course.
        frame = own.open(page, platform.begin(DOMINIQUE, "c-202"))
        expect(frame.get_by_role("heading", level=1)).to_contain_text("Python <b>avancé</b> & Cie")
        frame.get_by_label("Titre du nouveau cours").fill("Réseaux")
        frame.get_by_role("button", name="Choisir").click()

        # It has no document yet: they add one.
        expect(frame.get_by_role("heading", level=1)).to_have_text("Documents du cours")
        expect(upload(frame, "Les câbles.md")).to_contain_text("prêt")
        expect(frame.get_by_role("link", name="Les câbles")).to_be_visible()

        # What is no Markdown is refused before it is sent.
        expect(upload(frame, "notes.pdf", b"%PDF")).to_contain_text("Seuls les fichiers Markdown")

        # A student asks, also what the course does not say.
        student = own.open(page, platform.begin(CAMILLE, "c-202"))
        asks(student, "Que transporte une fibre optique ?")
        Chat(student).ask(OUTSIDE)  # type: ignore[arg-type]

        # The teacher sees that.
        frame = own.open(page, platform.begin(DOMINIQUE, "c-202"))
        frame.get_by_role("link", name="Sans réponse").click()
        expect(frame.get_by_role("heading", level=1)).to_have_text("Questions restées sans réponse")
        expect(frame.locator("#view")).to_contain_text("Kubernetes")
        expect(frame.locator("#view")).to_contain_text("Le cuivre")
        expect(frame.locator("#view")).not_to_contain_text("Camille")

        # They put a link with a first question into their course, which a student follows.
        frame = own.open(page, platform.begin(DOMINIQUE, "c-202", link=None))
        frame.get_by_label("L’assistant avec une première question").check()
        question = frame.get_by_label("Première question", exact=True)
        expect(question).to_have_attribute("maxlength", str(LONGEST))
        question.fill("Que relie la fibre ?")
        frame.get_by_label("Nom du lien").fill("La fibre")
        frame.get_by_role("button", name="Ajouter au cours").click()
        expect(frame.locator("#added")).to_have_text("Liens ajoutés : 1")
        link = list(platform.courses["c-202"].links.values())[-1]
        assert link.title == "La fibre"
        student = own.open(page, platform.begin(BASIL, "c-202", link))
        expect(student.locator("repere-chat article.turn")).to_contain_text("Que relie la fibre ?")
        assert platform.violations == []


def test_a_document_whose_name_is_no_plain_letters(own_course: School, preferring: Preferring) -> None:
    """It is sent under what the service makes of the name; where nothing is left of it, it is not sent."""
    with visiting(preferring("allowed"), expected=[NOT_FOUND]) as page:
        frame = open_documents(own_course, page)
        with page.expect_request(DOCUMENT) as sent:
            row = upload(frame, "Cœur de réseau.md")
        assert sent.value.url.endswith("/documents/coeur-de-reseau")
        expect(row).to_contain_text("prêt")
        row = upload(frame, "Лекция.md")
        expect(row).to_contain_text("Renommez le fichier")
        expect(row).to_have_class("failed")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Il doit contenir au moins un titre ou une phrase."),
        (NOTES.encode("latin-1"), "Le fichier n’est pas du texte en UTF-8."),
        (NOTES.encode("utf-16"), "Le fichier n’est pas du texte en UTF-8."),
        (b"%PDF-1.7\n", "Seuls les fichiers Markdown (.md) sont acceptés."),
    ],
    ids=["empty", "latin-1", "utf-16", "pdf"],
)
def test_a_refused_file_is_told_of_in_the_readers_language(
    own_course: School, preferring: Preferring, text: str | bytes, said: str
) -> None:
    with visiting(preferring("allowed"), expected=[REFUSED]) as page:
        row = upload(open_documents(own_course, page), "Notes.md", text)
        expect(row).to_contain_text(said)
        expect(row).to_have_class("failed")
        expect(row.locator(".why")).to_have_count(0)


def test_an_upload_outlives_a_poll_that_fails(own_course: School, preferring: Preferring) -> None:
    """How far it is can be seen all the while, also by who does not see it."""
    polls: list[Route] = []

    def answer(route: Route) -> None:
        polls.append(route)
        if len(polls) == 1:
            route.abort("internetdisconnected")
        # The second waits; what comes later goes on its way.
        elif len(polls) > 2:
            route.continue_()

    with visiting(preferring("allowed"), expected=[NOT_FOUND, OFFLINE], bypass_csp=True) as page:
        page.route(JOB, answer)
        frame = open_documents(own_course, page)
        with page.expect_event("requestfailed", lambda request: bool(JOB.search(request.url))):
            row = upload(frame, "Les ondes.md")
        with page.expect_request(JOB):
            pass
        progress = row.get_by_role("progressbar", name="Les ondes.md")
        expect(progress).to_be_visible()
        assert violations(tool(page)) == []  # type: ignore[arg-type]
        assert len(polls) == 2
        polls[1].continue_()
        expect(row).to_contain_text("prêt")
        expect(progress).to_have_count(0)
        expect(row).to_have_class("done")


def test_a_change_that_the_service_cannot_make_now_can_be_tried_again(
    own_course: School, preferring: Preferring
) -> None:
    """Whoever runs the service is told why; a list that cannot be read is not an empty one."""
    with visiting(preferring("allowed"), expected=[NOT_FOUND, UNAVAILABLE]) as page:
        frame = open_documents(own_course, page)
        expect(upload(frame, "À retirer.md", "# À retirer\n\nUn mot.\n")).to_contain_text("prêt")
        remove = frame.get_by_role("button", name="Retirer À retirer", exact=True)
        tool(page).evaluate("confirm = () => true")
        for address in (DOCUMENT, DOCUMENTS):
            page.route(address, unavailable)
        remove.click()
        row = frame.locator(".jobs li").first
        expect(row).to_contain_text("Repère ne peut pas le faire pour le moment.")
        expect(row.locator(".why [lang=en]")).to_have_text("The disk is full. Nothing was changed.")
        expect(frame.get_by_role("alert")).to_contain_text("Repère ne répond pas.")
        expect(frame.locator("#view")).not_to_contain_text("Aucun document")
        for address in (DOCUMENT, DOCUMENTS):
            page.unroute(address, unavailable)
        frame.get_by_role("button", name="Réessayer").click()
        remove.click()
        expect(row).to_contain_text("prêt")
        expect(remove).to_have_count(0)
        expect(frame.get_by_role("alert")).to_have_count(0)


def test_a_choice_that_somebody_else_has_made_is_told_of(own_course: School, preferring: Preferring) -> None:
    with visiting(preferring("allowed"), expected=["status of 409 "]) as page:
        frame = own_course.open(page, own_course.platform.begin(DOMINIQUE, "c-202"))
        frame.get_by_role("link", name="Cours").click()
        page.route("**/v1/lti/context", lambda route: route.fulfill(status=409, json={"detail": "Somebody else"}))
        frame.get_by_role("button", name="Choisir").click()
        expect(frame.get_by_role("alert")).to_have_text(re.compile("^Quelqu’un d’autre vient de choisir un cours"))
        expect(frame.get_by_role("button", name="Choisir")).to_be_enabled()


def test_a_section_too_deep_for_a_link_is_not_offered(school: School, desk: Page) -> None:
    lengthened: list[Route] = []

    def lengthen(route: Route) -> None:
        answered = route.fetch()
        document = answered.json()
        section = next(one for one in document["sections"] if not one["is_empty"] and one["anchor"])
        deep = section | {"anchor": "a" * LONGEST, "heading_path": ["Trop loin"]}
        route.fulfill(response=answered, json=document | {"sections": [*document["sections"], deep]})
        lengthened.append(route)

    desk.route(DOCUMENT, lengthen)
    frame = school.open(desk, school.platform.begin(DOMINIQUE, link=None))
    frame.get_by_label("L’assistant sur une section").check()
    options = frame.get_by_label("Section", exact=True).locator("option")
    expect(options.first).to_be_attached()
    assert lengthened
    assert not [title for title in options.all_inner_texts() if "Trop loin" in title]


def test_a_link_to_a_section_shows_the_section(school: School, desk: Page) -> None:
    frame = school.open(desk, school.platform.begin(DOMINIQUE, link=None))
    frame.get_by_label("L’assistant sur une section").check()
    chosen = frame.get_by_label("Section", exact=True)
    title = chosen.locator("option").nth(3).inner_text()
    chosen.select_option(index=3)
    frame.get_by_role("button", name="Ajouter au cours").click()
    expect(frame.locator("#added")).to_have_text("Liens ajoutés : 1")
    link = list(school.platform.courses["c-101"].links.values())[-1]
    frame = school.open(desk, school.platform.begin(CAMILLE, link=link))
    expect(frame.locator(".strip strong")).to_have_text(one_line(title.rpartition(" › ")[2]))


def test_a_teacher_who_changes_their_mind(school: School, desk: Page) -> None:
    frame = school.open(desk, school.platform.begin(DOMINIQUE, link=None))
    frame.get_by_role("button", name="Annuler").click()
    expect(frame.locator("#added")).to_have_text("Liens ajoutés : 0")


@pytest.mark.parametrize("size", SIZES)
def test_the_tabs_of_a_teacher_leave_the_assistant_its_room(school: School, preferring: Preferring, size: str) -> None:
    """Nothing of either is cut off, and what is left of the frame is for the answers."""
    with visiting(preferring("allowed"), size=SIZES[size]) as page:
        frame = school.open(page, school.platform.begin(DOMINIQUE))
        chat = asks(frame)
        height = tool(page).evaluate("innerHeight")
        box = "element => element.getBoundingClientRect().toJSON()"
        tabs, log, send = (part.evaluate(box) for part in (frame.locator("#tabs"), chat.log, chat.send))
        assert 0 <= tabs["top"] < tabs["bottom"] <= log["top"] < log["bottom"] <= send["top"] < send["bottom"]
        assert height - 50 < send["bottom"] <= height
        assert log["height"] > height / 2


VIEWS = ("course", "gaps", "documents", "choose", "link")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", VIEWS)
def test_everybody_can_use_a_view(school: School, preferring: Preferring, view: str, size: str, theme: str) -> None:
    looks = {"color_scheme": theme, "bypass_csp": True}
    with visiting(preferring("allowed"), size=SIZES[size], **looks) as page:
        frame = school.open(page, school.platform.begin(DOMINIQUE, link=None if view == "link" else ""))
        if view not in ("course", "link"):
            frame.locator(f"#tabs a[href^='{view}']").click()
        shown = "repere-chat textarea#question" if view == "course" else "h1"
        expect(frame.locator(shown)).to_be_visible()
        inner = page.frame(name="tool")
        assert inner is not None
        assert violations(inner) == []  # type: ignore[arg-type]
        assert fits(inner)  # type: ignore[arg-type]
