"""The teacher's pages within an LMS, in a real browser: courses, documents, gaps, links."""

import json
import re

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, Route, expect

from reperage.service.lti.deep_linking import LONGEST
from tests.service.lti.platform import LtiPlatform
from tests.service.lti.school import BASIL, CAMILLE, DOMINIQUE
from tests.service.lti.test_lti_registration import invitation
from tests.web.axe import violations
from tests.web.lti.pages import NOT_FOUND, Preferring, School, asks, tool
from tests.web.visiting import OFFLINE, OUTSIDE, SIZES, Chat, fits, one_line, visiting

pytestmark = [pytest.mark.browser, pytest.mark.model]

REFUSED = r"status of 4(04|15|22) "
UNAVAILABLE = r"status of 503 "
JOB = re.compile("/v1/jobs/")
DOCUMENTS = re.compile("/v1/courses/[^/]+/documents$")
DOCUMENT = re.compile("/v1/courses/[^/]+/documents/[^/]+$")
NOTES = """\
# Les câbles

## La fibre

Une fibre optique transporte la lumière. Elle relie deux bâtiments du lycée.

## Le cuivre

TODO
"""


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
