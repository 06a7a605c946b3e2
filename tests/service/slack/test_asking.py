"""Questions from Slack: what is addressed, answered in its thread; everything else leaves no trace."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reperage.service.access.api_keys import new_key
from reperage.service.database.engine import Database
from reperage.service.database.keys import store_key
from reperage.service.database.sites import add_site
from reperage.service.slack.text import escape, link, readable_text
from reperage.service.suggestions.suggestions import suggestions
from tests.service.serving import REFERENCE, copy_home
from tests.service.slack.conftest import PUBLIC_URL, Bot, Running
from tests.service.slack.platform import ALICE, BRUNO, COURSE, DIRECT, PRIVATE, SlackPlatform
from tests.web.running import Slow, until, writing

pytestmark = pytest.mark.model

SECRET = "mot-qui-ne-doit-rester-nulle-part"


def test_a_mention_is_answered_in_its_thread_with_links_to_the_source(bot: Bot) -> None:
    message = bot.ask(COURSE, REFERENCE, user=ALICE)
    assert "port exposé" in message.text
    assert f"{PUBLIC_URL}/courses/docker/" in json.dumps(message.blocks)
    assert message.arguments["unfurl_links"] is message.arguments["unfurl_media"] is False
    bot.ended()
    kept = bot.rows("SELECT team, channel, member, person, question, reply FROM slack_questions")
    person = kept[0][3]
    assert kept == [("T0SCHOOL01", COURSE, ALICE, person, REFERENCE, message.ts)]
    until(lambda: bot.rows("SELECT person FROM conversations") == [(person,)])
    assert ALICE not in person


@pytest.mark.parametrize("course", ["docker", "cables"])
def test_a_link_holds_a_right_to_read_unless_everybody_may_read_its_course(
    running: Running, home: Path, tmp_path: Path, course: str
) -> None:
    folder = copy_home(home, tmp_path)
    with closing(Database(f"sqlite:///{folder / 'repere.sqlite3'}")) as database:
        database.migrate()
        store_key(database, new_key("", "student", None, None)[0])
        add_site(database, PUBLIC_URL, [course])
    # Nobody has asked over HTTP before, so that nothing has read which keys and sites there are.
    with running(folder) as bot:
        blocks = json.dumps(bot.ask(COURSE, REFERENCE, user=ALICE).blocks)
    assert f"{PUBLIC_URL}/courses/docker/" in blocks
    assert ("grant=" in blocks) is (course != "docker")


def test_a_mention_in_a_private_channel_is_answered(bot: Bot) -> None:
    assert "port exposé" in bot.ask(PRIVATE, REFERENCE, user=BRUNO).text


def test_another_student_s_reply_goes_on_with_the_thread(bot: Bot, slack: SlackPlatform) -> None:
    first = bot.ask(COURSE, "Qu'est-ce qu'un port exposé ?", user=ALICE)
    reply = slack.payloads.message(COURSE, "Et un port interne ?", user=BRUNO, thread_ts=first.thread_ts)
    assert "interne" in bot.answered(reply).text
    asked = "SELECT person, standalone_question FROM turns JOIN conversations ON id = conversation_id ORDER BY number"
    until(lambda: len(bot.rows(asked)) == 2)
    (alice, _), (bruno, read_as) = bot.rows(asked)
    assert alice != bruno
    assert "interne" in read_as
    # What went before is the thread's, whoever asked it.
    more = slack.payloads.message(COURSE, "Et pourquoi ?", user=BRUNO, thread_ts=first.thread_ts)
    bot.answered(more)
    until(lambda: len(bot.rows(asked)) == 3)
    assert "port" in bot.rows(asked)[2][1]


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast"])
def test_a_reply_with_a_file_or_shown_in_the_channel_is_a_reply(bot: Bot, slack: SlackPlatform, subtype: str) -> None:
    first = bot.ask(COURSE, REFERENCE, user=ALICE)
    reply = slack.payloads.message(COURSE, REFERENCE, user=BRUNO, thread_ts=first.thread_ts)
    reply["event"]["subtype"] = subtype
    assert "port exposé" in bot.answered(reply).text


def test_a_mention_that_comes_as_a_message_too_is_one_question(bot: Bot, slack: SlackPlatform) -> None:
    for twin_first in (True, False):
        mention = slack.payloads.app_mention(COURSE, slack.payloads.mention(REFERENCE), user=ALICE)
        both = [slack.payloads.twin(mention), mention]
        for payload in both if twin_first else both[::-1]:
            bot.deliver(payload)
        bot.reply(COURSE, mention["event"]["ts"])
    bot.ended(2)
    assert len(slack.calls_of("chat.postMessage")) == 2


def outside(bot: Bot, slack: SlackPlatform, kind: str) -> dict[str, Any] | None:
    """What is not for the assistant where it never spoke, and holds a secret."""
    payloads, text = slack.payloads, f"Où est {SECRET} ?"
    if kind == "a message in a channel":
        return payloads.message(COURSE, text, user=ALICE)
    if kind == "a mention of somebody else":
        return payloads.message(COURSE, f"<@{BRUNO}> {text}", user=ALICE)
    if kind == "a reply where it never spoke":
        thread = payloads.message(COURSE, "Bonjour", user=BRUNO)["event"]["ts"]
        return payloads.message(COURSE, text, user=ALICE, thread_ts=thread)
    if kind == "an edited mention":
        edited = payloads.app_mention(COURSE, payloads.mention(text), user=ALICE)
        edited["event"]["edited"] = {"user": ALICE, "ts": edited["event"]["ts"]}
        return edited
    return None


def within(bot: Bot, slack: SlackPlatform, kind: str) -> dict[str, Any]:
    """The same in a thread where it has spoken."""
    payloads, text = slack.payloads, f"Où est {SECRET} ?"
    thread = bot.ask(COURSE, REFERENCE, user=ALICE).thread_ts
    assert thread is not None
    if kind == "a reply in another channel":
        payload = payloads.message(PRIVATE, text, user=ALICE)
        payload["event"]["thread_ts"] = thread
        return payload
    if kind == "a reply that mentions somebody else":
        return payloads.message(COURSE, f"<@{ALICE}> {text}", user=BRUNO, thread_ts=thread)
    if kind == "another bot's reply":
        return payloads.bot_message(COURSE, payloads.mention(text), thread_ts=thread)
    if kind == "its own message":
        return payloads.bot_message(COURSE, payloads.mention(text), thread_ts=thread, own=True)
    if kind == "an edit":
        return payloads.message_changed(COURSE, thread, payloads.mention(text))
    if kind == "a removal":
        payload = payloads.message(COURSE, text, user=ALICE, thread_ts=thread)
        return payloads.message_deleted(COURSE, payload["event"]["ts"])
    assert kind == "somebody joins"
    payload = payloads.channel_join(COURSE, user=ALICE)
    payload["event"] |= {"thread_ts": thread, "text": SECRET}
    return payload


@pytest.mark.parametrize(
    "kind",
    [
        "a message in a channel",
        "a reply where it never spoke",
        "a reply in another channel",
        "a mention of somebody else",
        "a reply that mentions somebody else",
        "another bot's reply",
        "its own message",
        "an edit",
        "an edited mention",
        "a removal",
        "somebody joins",
    ],
)
def test_what_is_not_addressed_leaves_no_trace(
    bot: Bot, slack: SlackPlatform, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    caplog.set_level("DEBUG", "service")
    bot.deliver(outside(bot, slack, kind) or within(bot, slack, kind))
    asked = len(slack.calls_of("chat.postMessage"))
    # Questions are taken in the order in which they come: after this one, nothing of the other is still to come.
    bot.ask(COURSE, REFERENCE, user=ALICE)
    bot.ended(asked + 1)
    assert len(slack.calls_of("chat.postMessage")) == asked + 1
    for table in ("slack_questions", "slack_seen", "turns", "conversations"):
        assert SECRET not in str(bot.rows(f"SELECT * FROM {table}"))
    logged = capfd.readouterr()
    assert SECRET not in logged.out + logged.err + caplog.text


def test_what_nobody_handles_leaves_no_trace_either(
    running: Running, slack: SlackPlatform, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with running() as bot:
        bot.send(slack.payloads.slash_command("/autre", SECRET, channel=COURSE, user=ALICE))
    logged = capfd.readouterr()
    assert SECRET not in logged.out + logged.err + caplog.text


def test_nothing_of_a_question_is_logged(
    bot: Bot, slack: SlackPlatform, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    slack.fail("chat.postMessage", "invalid_blocks")
    mention = slack.payloads.app_mention(COURSE, slack.payloads.mention(SECRET), user=ALICE)
    bot.deliver(mention)
    bot.ended()
    logged = capfd.readouterr()
    assert "slack_answer_not_posted" in logged.out
    assert SECRET not in logged.out + logged.err + caplog.text


# What is said where there is no answer


def test_a_mention_and_nothing_else_is_answered_with_help(bot: Bot) -> None:
    assert "/repere" in bot.ask(COURSE, "", user=ALICE).text


@pytest.mark.parametrize("question", ["?", "mot " * 1000])
def test_what_cannot_be_read_is_refused_kindly(bot: Bot, question: str) -> None:
    assert "Je n’ai pas pu lire de question" in bot.ask(COURSE, question, user=ALICE).text


def test_what_the_material_does_not_say_is_said_to_be_missing(bot: Bot) -> None:
    message = bot.ask(COURSE, "Comment cuire un gratin dauphinois ?", user=ALICE)
    assert "repere_missing" in json.dumps(message.blocks)


def test_a_fault_of_ours_is_said(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    assistant = bot.served.app.state.services.assistant
    monkeypatch.setattr(assistant, "pipeline", replace(assistant.pipeline, calibration=None))
    assert "pour le moment" in bot.ask(COURSE, REFERENCE, user=ALICE).text
    monkeypatch.undo()
    assert "port exposé" in bot.ask(COURSE, REFERENCE, user=ALICE).text


# Direct messages, and the agent's surface


def test_a_direct_message_needs_no_mention_and_shows_that_it_works(bot: Bot, slack: SlackPlatform) -> None:
    slack.delay("assistant.threads.setStatus", 0.5)
    message = bot.answered(slack.payloads.message(DIRECT, REFERENCE, user=ALICE))
    assert "port exposé" in message.text
    assert [(status.channel, status.thread_ts) for status in slack.statuses] == [(DIRECT, message.thread_ts)]
    # Shown after the answer, it would stay there.
    (status,), (post,) = slack.calls_of("assistant.threads.setStatus"), slack.calls_of("chat.postMessage")
    assert post.at - status.at >= 0.5
    reply = slack.payloads.message(DIRECT, "Et un port interne ?", user=ALICE, thread_ts=message.thread_ts)
    assert "interne" in bot.answered(reply).text


@pytest.mark.parametrize("trouble", ["refused", "slow"])
def test_a_status_that_cannot_be_shown_holds_nothing_up(
    bot: Bot, slack: SlackPlatform, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reperage.service.slack.answers._STATUS_SECONDS", 0.3)
    if trouble == "slow":
        slack.limit("assistant.threads.setStatus", 5, retry_after=30)
    else:
        slack.fail("assistant.threads.setStatus", "internal_error")
    assert "port exposé" in bot.answered(slack.payloads.message(DIRECT, REFERENCE, user=ALICE)).text


def test_suggestions_of_the_course_stand_where_messages_begin(bot: Bot, slack: SlackPlatform) -> None:
    bot.deliver(slack.payloads.app_home_opened(DIRECT, user=ALICE, tab="home"))
    bot.deliver(slack.payloads.app_home_opened(DIRECT, user=ALICE, tab="messages"))
    slack.wait_for_call("assistant.threads.setSuggestedPrompts")
    assistant = bot.served.app.state.services.assistant
    offered = suggestions(assistant, assistant.courses.index("docker"))
    assert offered
    assert [(p.channel, [one["message"] for one in p.prompts]) for p in slack.prompts] == [(DIRECT, offered)]


def test_an_answer_that_is_stopped_is_written_no_further(running: Running, slack: SlackPlatform) -> None:
    script = Slow()
    with writing(script) as model, running(chat_model="scripted:one") as bot:
        question = slack.payloads.message(DIRECT, REFERENCE, user=ALICE)
        thread = question["event"]["ts"]
        bot.deliver(question)
        message = bot.reply(DIRECT, thread)
        assert message.streaming == "streaming"
        bot.deliver(slack.payloads.agent_session_stopped(DIRECT, thread, user=ALICE))
        until(lambda: model.cut_off == 1)
        bot.ended()
        script.go_on.set()
        assert [shown.text for shown in slack.replies(DIRECT, thread)] == [message.text]
        # Another one is not stopped by it.
        again = slack.payloads.message(DIRECT, REFERENCE, user=ALICE, thread_ts=thread)
        bot.deliver(again)
        bot.ended(2)
        assert "ports internes" in bot.reply(DIRECT, thread, 2).text


def test_an_answer_is_streamed_in_a_channel(running: Running, slack: SlackPlatform) -> None:
    script = Slow()
    script.go_on.set()
    with writing(script), running(chat_model="scripted:one") as bot:
        message = bot.ask(COURSE, REFERENCE, user=ALICE)
        bot.ended()
        whole = bot.reply(COURSE, message.thread_ts)
        assert (whole.streaming, whole.recipient) == ("stopped", ALICE)
        assert "ports internes" in whole.text
        assert bot.rows("SELECT reply FROM slack_questions") == [(whole.ts,)]


# The text itself


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<@U0REPERE01> qu'est-ce &lt;br&gt; &amp; co ?", "qu'est-ce <br> & co ?"),
        ("<@U0REPERE01|repere>, <!channel> <!subteam^S1|@profs> et <!here>", ", et"),
        ("dans <#C1|reseaux> et <#C2>", "dans #reseaux et"),
        ("<https://a.fr/?a=1&amp;b=2|la page> <https://b.fr> <mailto:a@b.fr>", "la page https://b.fr a@b.fr"),
        ("*gras* _italique_ ~barré~ `code` *_deux_*", "gras italique barré code deux"),
        ("snake_case_ici 2*3*4 a * b * c `ls *.txt`", "snake_case_ici 2*3*4 a * b * c ls *.txt"),
        ("```\ndocker run\n```", "docker run"),
        ("  deux \t mots \n\n", "deux mots"),
        ("&lt;@U1&gt; &amp;lt;", "<@U1> &lt;"),
    ],
)
def test_a_message_is_read_as_its_writer_sees_it(written: str, shown: str) -> None:
    assert readable_text(written) == shown


@pytest.mark.timeout(20)
@pytest.mark.parametrize("part", ["*a ", "*", "<", "`a", "*_~`", "<@", "_a*b~"])
def test_no_message_keeps_the_others_waiting(part: str) -> None:
    for _ in range(20):
        readable_text((part * 40_000)[:40_000])


def test_what_is_shown_calls_nobody() -> None:
    assert escape("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert link("https://a.fr/x|y?<", "a|b>") == "<https://a.fr/x%7Cy?&lt;|a¦b&gt;>"


def test_the_material_s_own_mentions_call_nobody(with_courses: Bot, slack: SlackPlatform) -> None:
    with_courses.command("cours cables", user=BRUNO)
    message = with_courses.ask(COURSE, "Que fait la balise channel ?", user=ALICE)
    assert "&lt;!channel&gt;" in message.text
    assert "<!channel>" not in message.text
    assert f"<@{BRUNO}>" not in message.text
    marked = [block for block in message.blocks if block["type"] != "rich_text"]
    assert "<!channel>" not in json.dumps(marked)
    assert f"<@{BRUNO}>" not in json.dumps(marked)
