"""`/repere`, the shortcut of a message, and the buttons under answers."""

from typing import Any

import pytest

from tests.service.serving import REFERENCE
from tests.service.slack.conftest import Bot, options
from tests.service.slack.platform import ALICE, BRUNO, COURSE, DIRECT, ELSEWHERE, SlackPlatform
from tests.web.running import until

pytestmark = pytest.mark.model

SHORTCUT = "demander_a_repere"


@pytest.mark.parametrize("text", ["", "aide", "HELP"])
def test_help_is_for_whoever_asks(bot: Bot, slack: SlackPlatform, text: str) -> None:
    shown = bot.command(text)
    assert (shown.channel, shown.user) == (COURSE, ALICE)
    assert "/repere cours" in shown.text
    assert slack.messages(COURSE) == []


@pytest.mark.parametrize("channel", [COURSE, DIRECT, ELSEWHERE])
def test_a_question_is_answered_where_only_its_asker_sees_it(bot: Bot, slack: SlackPlatform, channel: str) -> None:
    shown = bot.command(REFERENCE, channel=channel)
    assert (shown.channel, shown.user) == (channel, ALICE)
    assert "port exposé" in shown.text
    assert slack.messages(channel) == []
    assert "Merci" in bot.press(shown, "repere_rate", user=ALICE).text


def test_a_question_may_begin_as_a_command_does(bot: Bot) -> None:
    assert "Il n’y a pas de cours" not in bot.command("cours : qu'est-ce qu'un port exposé ?").text
    assert "Je n’ai pas pu lire" in bot.command("?").text


def test_whoever_wants_to_be_forgotten_is(bot: Bot, slack: SlackPlatform) -> None:
    for user in (ALICE, BRUNO):
        bot.ask(COURSE, REFERENCE, user=user)
    bot.ended(2)
    until(lambda: bot.rows("SELECT count(*) FROM turns") == [(2,)])
    assert "je n’ai rien gardé" in bot.command("oublie-moi").text
    assert bot.rows("SELECT member FROM slack_questions") == [(BRUNO,)]
    assert bot.rows("SELECT count(*) FROM conversations") == [(1,)]
    assert bot.rows("SELECT count(*) FROM turns") == [(1,)]


def test_courses_are_named_and_the_one_of_the_place(with_courses: Bot) -> None:
    bot = with_courses
    shown = bot.command("cours")
    assert "`cables`, `docker`" in shown.text
    assert "Ici" not in shown.text
    bot.command("cours cables", user=BRUNO)
    assert "Ici, je réponds sur le cours" in bot.command("cours").text
    unknown = bot.command("cours <!channel>`x`&lt;!here&gt;", user=BRUNO)
    assert "Il n’y a pas de cours" in unknown.text
    assert "<!" not in unknown.text


def test_a_question_without_a_course_gets_the_menu_and_its_choice_holds(
    with_courses: Bot, slack: SlackPlatform
) -> None:
    bot = with_courses
    menu = bot.command(REFERENCE, user=BRUNO)
    assert options(menu)
    bot.choose(menu, "docker", user=BRUNO)
    slack.wait_until(lambda: "C’est noté" in slack.ephemeral[0].text)
    assert "port exposé" in bot.command(REFERENCE).text


def asked(slack: SlackPlatform, payload: dict[str, Any], user: str = BRUNO) -> dict[str, Any]:
    """Somebody asks the assistant about a message."""
    event = payload["event"]
    return slack.payloads.message_action(event["channel"], event["ts"], SHORTCUT, user=user)


@pytest.mark.parametrize("channel", [COURSE, ELSEWHERE])
def test_a_message_is_answered_for_whoever_asked_about_it(bot: Bot, slack: SlackPlatform, channel: str) -> None:
    written = slack.payloads.message(channel, f"<@{BRUNO}> {REFERENCE} &amp; quoi ?", user=ALICE)
    shown = bot.shown(asked(slack, written))
    assert (shown.channel, shown.user) == (channel, BRUNO)
    assert "port exposé" in shown.text
    until(lambda: bot.rows("SELECT count(*) FROM turns") == [(1,)])
    assert ALICE not in str(bot.rows("SELECT * FROM turns"))


def test_a_message_that_asks_nothing_gets_help(bot: Bot, slack: SlackPlatform) -> None:
    own = slack.payloads.bot_message(COURSE, REFERENCE, own=True)
    assert "Posez-moi une question" in bot.shown(asked(slack, own)).text
    picture = slack.payloads.message(COURSE, "", user=ALICE)
    assert "Posez-moi une question" in bot.shown(asked(slack, picture)).text


# Opinions


def test_an_opinion_is_kept_and_may_change(bot: Bot, slack: SlackPlatform) -> None:
    message = bot.ask(COURSE, REFERENCE, user=ALICE)
    for positive, rating in ((True, "up"), (False, "down")):
        said = bot.press(message, "repere_rate", user=ALICE, positive=positive)
        assert (said.user, "Merci" in said.text) == (ALICE, True)
        assert bot.rows("SELECT rating FROM feedback") == [(rating,)]
    assert [m.text for m in slack.replies(COURSE, message.thread_ts or "")] == [message.text]


def test_what_is_missing_is_told(bot: Bot) -> None:
    message = bot.ask(COURSE, "Comment cuire un gratin dauphinois ?", user=ALICE)
    assert "enseignant" in bot.press(message, "repere_missing", user=ALICE).text
    assert bot.rows("SELECT rating FROM feedback") == [("missing",)]


def test_somebody_else_s_opinion_is_refused(bot: Bot) -> None:
    message = bot.ask(COURSE, REFERENCE, user=ALICE)
    said = bot.press(message, "repere_rate", user=BRUNO)
    assert (said.user, "Seule la personne" in said.text) == (BRUNO, True)
    assert bot.rows("SELECT * FROM feedback") == []


def test_a_link_that_is_followed_needs_no_answer(bot: Bot, slack: SlackPlatform) -> None:
    message = bot.ask(COURSE, "Comment créer une image Docker ?", user=ALICE)
    bot.deliver(slack.payloads.block_actions(COURSE, message.ts, "repere_read_on", user=BRUNO))
    assert slack.ephemeral == []


def test_an_answer_that_cannot_be_shown_any_more_is_told_in_the_log(
    bot: Bot, slack: SlackPlatform, capfd: pytest.CaptureFixture[str]
) -> None:
    command = slack.payloads.slash_command("/repere", REFERENCE, channel=COURSE, user=ALICE)
    slack.expire_response_urls()
    bot.deliver(command)
    slack.wait_until(lambda: len(slack.responses) == 1)
    until(lambda: "slack_not_said" in capfd.readouterr().out)
