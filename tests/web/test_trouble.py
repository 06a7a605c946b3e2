"""What happens to a question while the service is gone, the connection is lost, or there is no right to ask."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Route, expect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reperage.index.encoder import Encoder
from reperage.service.access.signed_tokens import SessionTokens
from reperage.service.settings import Settings
from tests.service.serving import REFERENCE, Served, serving
from tests.web.running import Restartable, Slow, rows, until, writing
from tests.web.visiting import EXPOSED, OFFLINE, UNREACHABLE, Chat, visit, visiting

pytestmark = [pytest.mark.browser, pytest.mark.model]

UNREACHABLE_SAID = "Repère ne répond pas. Nouvel essai dans un instant."


def turns(home: Path) -> list[tuple]:
    return rows(home, "SELECT answer_id FROM turns")


def token_of(chat: Chat) -> str:
    [kept] = chat.page.evaluate("Object.values(sessionStorage)")
    return json.loads(kept)["token"]


def test_a_question_outlives_the_death_of_the_server_in_the_middle_of_its_answer(
    browser: Browser, own_home: Path, encoder: Encoder
):
    script = Slow()
    with (
        writing(script),
        Restartable(Settings(home=own_home, chat_model="scripted:one"), encoder) as service,
        visiting(browser, expected=[UNREACHABLE]) as page,
    ):
        chat = visit(page, service.url)
        chat.send_off(REFERENCE)
        expect(chat.answer).to_contain_text("port ouvert sur la machine locale")
        service.die()
        notice = chat.turn.locator(".notice")
        expect(notice).to_contain_text(UNREACHABLE_SAID)
        expect(notice.locator(".seconds")).to_have_text("(1 s)".replace(" ", "\u00a0"), use_inner_text=False)
        expect(chat.turn).to_have_attribute("data-state", "asking")
        script.go_on.set()
        service.start()
        expect(chat.turn).to_have_attribute("data-state", "done", timeout=20_000)
        expect(notice).to_have_count(0)
        expect(chat.turns).to_have_count(1)
        expect(chat.answer).to_contain_text("Les ports internes ne sont pas accessibles")
        assert chat.answer.inner_text().count("port ouvert sur la machine locale") == 1
    assert len(turns(own_home)) == 1


def test_an_answer_that_was_kept_but_did_not_arrive_is_kept_once(browser: Browser, own_home: Path, encoder: Encoder):
    """The connection breaks before the last event: the same question gets the answer that was given."""
    cut: list[bytes] = []

    def cutting(app: ASGIApp) -> ASGIApp:
        async def cutter(scope: Scope, receive: Receive, send: Send) -> None:
            async def sending(message: Message) -> None:
                if not cut and b"event: done" in message.get("body", b""):
                    cut.append(message["body"])
                    service.cut()
                else:
                    await send(message)

            await app(scope, receive, sending)

        return cutter

    with (
        Restartable(Settings(home=own_home), encoder, cutting) as service,
        visiting(browser, expected=[UNREACHABLE]) as page,
    ):
        chat = visit(page, service.url)
        chat.send_off(REFERENCE)
        expect(chat.turn.locator(".notice")).to_be_visible()
        expect(chat.turn).to_have_attribute("data-state", "done", timeout=20_000)
        expect(chat.turns).to_have_count(1)
        expect(chat.chips).to_have_count(5)
    assert len(cut) == 1
    assert len(turns(own_home)) == 1


def test_a_question_that_is_asked_while_the_server_is_gone_is_answered_when_it_is_back(
    browser: Browser, own_home: Path, encoder: Encoder
):
    with (
        Restartable(Settings(home=own_home), encoder) as service,
        visiting(browser, expected=[UNREACHABLE]) as page,
    ):
        chat = visit(page, service.url)
        chat.ask(EXPOSED)
        service.die()
        chat.send_off("et un port interne ?")
        notice = chat.turn.locator(".notice")
        expect(notice).to_contain_text(UNREACHABLE_SAID)
        # It is said once: what changes each second is not for a screen reader.
        notice.evaluate("""notice => new MutationObserver((seen) => (window.said = (window.said ?? 0) + seen.filter(
          ({target}) => !target.parentElement?.closest(".seconds") && !target.closest?.(".seconds")).length))
          .observe(notice, {childList: true, characterData: true, subtree: true})""")
        page.wait_for_timeout(1200)
        expect(notice.locator(".seconds")).to_have_attribute("aria-hidden", "true")
        assert not page.evaluate("window.said")
        service.start()
        expect(chat.turn).to_have_attribute("data-state", "done", timeout=20_000)
        expect(chat.turn.locator(".read-as")).to_contain_text("C'est quoi un port interne ?")
        expect(chat.turns).to_have_count(2)
    assert len(turns(own_home)) == 2


def test_a_question_that_waits_can_be_stopped(browser: Browser, own_home: Path, encoder: Encoder):
    with (
        Restartable(Settings(home=own_home), encoder) as service,
        visiting(browser, expected=[UNREACHABLE]) as page,
    ):
        chat = visit(page, service.url)
        service.die()
        chat.send_off(REFERENCE)
        expect(chat.turn.locator(".notice")).to_contain_text(UNREACHABLE_SAID)
        chat.send.click()
        expect(chat.turn).to_have_attribute("data-state", "stopped")
        service.start()
        chat.turn.get_by_role("button", name="Réessayer").click()
        expect(chat.turn).to_have_attribute("data-state", "done")


def test_a_question_that_is_asked_offline_is_sent_when_the_connection_is_back(browser: Browser, served: Served):
    with visiting(browser, expected=[OFFLINE]) as page:
        chat = visit(page, served.url)
        page.context.set_offline(True)
        chat.send_off(REFERENCE)
        expect(chat.turn.locator(".notice")).to_contain_text(
            "Vous êtes hors ligne. Repère reprendra dès que la connexion reviendra."
        )
        page.wait_for_timeout(1500)
        expect(chat.turn).to_have_attribute("data-state", "asking")
        page.context.set_offline(False)
        expect(chat.turn).to_have_attribute("data-state", "done", timeout=3000)
        expect(chat.turn.locator(".notice")).to_have_count(0)
        expect(chat.chips).to_have_count(5)


def test_a_service_that_goes_silent_is_noticed_and_asked_again(browser: Browser, served: Served):
    with visiting(browser, expected=["net::ERR_ABORTED"]) as page:
        page.clock.install()
        chat = visit(page, served.url)
        asked: list[Route] = []
        page.route("**/v1/ask", lambda route: (asked.append(route), len(asked) > 1 and route.continue_()))
        turn = chat.send_off(REFERENCE)
        page.clock.fast_forward(25_000)
        expect(turn).to_have_attribute("data-state", "asking")
        assert len(asked) == 1
        page.clock.fast_forward(6_000)
        page.clock.run_for(1_500)
        expect(turn).to_have_attribute("data-state", "done")
        assert [route.request.headers["idempotency-key"] for route in asked] == 2 * [
            asked[0].request.headers["idempotency-key"]
        ]
        asked[0].abort("aborted")


def test_a_question_that_waits_for_its_session_can_be_stopped(browser: Browser, served: Served):
    with visiting(browser) as page:
        held: list[Route] = []
        page.route("**/v1/session", lambda route: held.append(route))
        page.goto(f"{served.url}/courses/docker")
        chat = Chat(page)
        chat.send_off(REFERENCE)
        chat.send.click()
        expect(chat.turn).to_have_attribute("data-state", "stopped")
        held[0].continue_()
        expect(chat.host.locator(".notice", has_text="Repère")).to_have_count(0)
        chat.turn.get_by_role("button", name="Réessayer").click()
        expect(chat.turn).to_have_attribute("data-state", "done")


@pytest.fixture(scope="module")
def limited(own_home_of_module: Path, encoder: Encoder) -> Iterator[Served]:
    """A service of which one may ask but one question in three seconds."""
    with serving(Settings(home=own_home_of_module, rate_per_session="1/3second"), encoder) as running:
        yield running


def test_who_asks_too_often_is_told_how_long_it_takes_and_gets_the_answer(browser: Browser, limited: Served):
    with visiting(browser, expected=["429"]) as page:
        chat = visit(page, limited.url)
        chat.ask(EXPOSED)
        chat.send_off(REFERENCE)
        notice = chat.turn.locator(".notice")
        expect(notice).to_contain_text("Beaucoup de questions en peu de temps.")
        seconds = notice.locator(".seconds")
        assert seconds.inner_text().strip() in ("(1\u00a0s)", "(2\u00a0s)", "(3\u00a0s)")
        expect(chat.turn).to_have_attribute("data-state", "done", timeout=10_000)
        expect(chat.turn.locator(".notice")).to_have_count(0)
        expect(chat.turns).to_have_count(2)


@pytest.mark.parametrize("kind", ["old", "foreign", "garbage"])
def test_a_session_that_has_ended_is_renewed_without_a_word(
    browser: Browser, own_home: Path, encoder: Encoder, kind: str, monkeypatch: pytest.MonkeyPatch
):
    with (
        serving(Settings(home=own_home), encoder) as service,
        visiting(browser, expected=[] if kind == "old" else ["404"]) as page,
    ):
        chat = visit(page, service.url)
        chat.ask(EXPOSED)
        sessions: list[int] = []
        page.on("response", lambda answer: sessions.append(answer.status) if "/v1/session" in answer.url else None)
        if kind == "old":
            key = (own_home / "secret_key").read_text().strip()
            person = SessionTokens([key]).read(token_of(chat)).person
            monkeypatch.setattr(
                "itsdangerous.timed.TimestampSigner.get_timestamp", lambda self: int(time.time()) - 7200
            )
            old = SessionTokens([key]).new(person, "")
            monkeypatch.undo()
        else:
            old = SessionTokens(["another key of some length"]).new("anne", "") if kind == "foreign" else "rs_garbage"
        page.evaluate(
            """token => { for (const [key, kept] of Object.entries(sessionStorage))
              sessionStorage.setItem(key, JSON.stringify({...JSON.parse(kept), token})); }""",
            old,
        )
        page.reload()
        expect(chat.host.locator(".welcome .notice")).to_have_count(0)
        # Who had a token of ours stays the same person, and has the same conversation.
        expect(chat.turns).to_have_count(1 if kind == "old" else 0)
        chat.ask("et un port interne ?")
        expect(chat.turn.locator(".read-as")).to_have_count(1 if kind == "old" else 0)
        expect(chat.host.locator(".trouble")).to_have_count(0)
        assert sessions == [200]


def test_a_token_that_ends_while_the_page_is_open_is_renewed_without_a_word(
    browser: Browser, own_home: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
):
    with serving(Settings(home=own_home), encoder) as service, visiting(browser, expected=["401"]) as page:
        chat = visit(page, service.url)
        chat.ask(EXPOSED)
        before, now = token_of(chat), time.time()
        monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + 2 * 3600)
        turn = chat.ask("et un port interne ?")
        # Of the same person: it goes on with the conversation.
        expect(turn.locator(".read-as")).to_contain_text("C'est quoi un port interne ?")
        expect(chat.host.locator(".notice")).to_have_count(0)
        assert token_of(chat) != before
        chat.open_source()
    assert len(rows(own_home, "SELECT DISTINCT conversation_id FROM turns")) == 1


def test_what_cannot_be_asked_is_said_and_not_tried_again(browser: Browser, served: Served):
    with visiting(browser, expected=["422"]) as page:
        chat = visit(page, served.url)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/v1/ask") else None)
        chat.send_off("?")
        expect(chat.turn).to_have_attribute("data-state", "failed")
        expect(chat.turn.get_by_role("alert")).to_have_text(
            "Trop court ou trop long : posez la question en quelques mots."
        )
        expect(chat.turn.get_by_role("button", name="Réessayer")).to_have_count(0)
        page.wait_for_timeout(1200)
        assert len(asked) == 1
        chat.ask(REFERENCE)


def test_an_unknown_course_is_said_plainly(browser: Browser, served: Served):
    with visiting(browser, expected=["404"]) as page:
        page.goto(f"{served.url}/demo")
        chat = Chat(page)
        chat.host.evaluate("""host => { const other = document.createElement("repere-chat");
          other.setAttribute("course", "nulle-part"); host.replaceWith(other); }""")
        chat.open()
        expect(chat.host.get_by_role("alert")).to_have_text(
            "Ce cours n’est pas ouvert ici. Signalez-le à votre enseignant."
        )


def test_after_the_service_ends_its_work_a_removed_database_is_no_obstacle(own_home: Path, encoder: Encoder):
    """A service that dies and comes back has one home: what `Restartable` does is what the tests above rest on."""
    with Restartable(Settings(home=own_home), encoder) as service:
        assert httpx.get(f"{service.url}/readyz").status_code == 200
        service.die()
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{service.url}/readyz")
        service.start()
        until(lambda: httpx.get(f"{service.url}/readyz").status_code == 200)
