"""Which course a channel or a direct message asks: asked for once, chosen by whoever may, remembered."""

from pathlib import Path

import pytest

from reperage.corpus import read_course
from reperage.index.build import build_index
from reperage.index.encoder import Encoder
from reperage.service.settings import Settings
from tests.service.serving import REFERENCE, build_course, copy_home
from tests.service.slack.conftest import Bot, Running, options
from tests.service.slack.platform import ALICE, BRUNO, COURSE, DIRECT, PRIVATE, SlackPlatform

pytestmark = pytest.mark.model

ASKED, NOT_YET = "Sur quel cours", "Je ne sais pas encore"


def test_one_course_is_not_asked_for(bot: Bot) -> None:
    assert "port exposé" in bot.ask(COURSE, REFERENCE, user=ALICE).text
    assert bot.rows("SELECT * FROM slack_channels") == []


def test_a_channel_s_course_is_asked_for_once_and_what_waited_is_answered(
    with_courses: Bot, slack: SlackPlatform
) -> None:
    bot = with_courses
    menu = bot.ask(COURSE, REFERENCE, user=ALICE)
    assert menu.text.startswith(ASKED)
    assert [option["value"] for option in options(menu)] == ["cables", "docker"]
    second = bot.ask(COURSE, REFERENCE, user=BRUNO)
    assert second.text.startswith(NOT_YET)
    assert not options(second)
    assert options(bot.ask(PRIVATE, REFERENCE, user=ALICE)), "another channel is asked too"

    bot.choose(menu, "docker", user=BRUNO)
    thread = menu.thread_ts
    assert thread is not None
    assert "port exposé" in bot.reply(COURSE, thread, 2).text
    chosen, answer = slack.replies(COURSE, thread)
    assert chosen.ts == menu.ts
    assert "C’est noté" in chosen.text
    assert answer.ts != menu.ts
    assert "port exposé" in bot.ask(COURSE, REFERENCE, user=ALICE).text
    assert bot.ask(PRIVATE, REFERENCE, user=ALICE).text.startswith(NOT_YET)
    # Who presses a menu that is still open elsewhere asks nothing anew.
    assert len(slack.replies(COURSE, thread)) == 2


def test_a_channel_s_course_is_chosen_by_who_may(with_courses: Bot, slack: SlackPlatform) -> None:
    bot = with_courses
    menu = bot.ask(COURSE, REFERENCE, user=ALICE)
    bot.choose(menu, "docker", user=ALICE)
    slack.wait_until(lambda: len(slack.ephemeral) == 1)
    refused = slack.ephemeral[0]
    assert (refused.user, ALICE in refused.text) == (ALICE, True)
    thread = menu.thread_ts
    assert thread is not None
    assert [message.text for message in slack.replies(COURSE, thread)] == [menu.text]
    refused = bot.command("cours docker", user=ALICE)
    assert ALICE in refused.text
    assert bot.rows("SELECT course FROM slack_channels") == [(None,)]
    assert "Docker" in bot.command("cours Docker", user=BRUNO).text
    assert bot.rows("SELECT course FROM slack_channels") == [("docker",)]


def test_a_direct_message_remembers_the_last_course(with_courses: Bot, slack: SlackPlatform) -> None:
    bot = with_courses
    menu = bot.answered(slack.payloads.message(DIRECT, REFERENCE, user=ALICE))
    assert options(menu)
    bot.choose(menu, "docker", user=ALICE)
    assert menu.thread_ts is not None
    assert "port exposé" in bot.reply(DIRECT, menu.thread_ts, 2).text
    assert "port exposé" in bot.answered(slack.payloads.message(DIRECT, REFERENCE, user=ALICE)).text
    assert "« Cables »" in bot.command("cours cables", channel=DIRECT).text
    fibre = bot.answered(slack.payloads.message(DIRECT, "Que transporte une fibre optique ?", user=ALICE))
    assert "lumière" in fibre.text
    # It is this person's alone.
    assert options(bot.answered(slack.payloads.message("D0BRUNO01", REFERENCE, user=BRUNO)))


def test_answers_of_two_courses_in_one_thread_are_all_kept(with_courses: Bot, slack: SlackPlatform) -> None:
    bot = with_courses
    bot.command("cours docker", user=BRUNO)
    first = bot.ask(COURSE, REFERENCE, user=ALICE)
    bot.command("cours cables", user=BRUNO)
    reply = slack.payloads.message(COURSE, "Que transporte une fibre ?", user=ALICE, thread_ts=first.thread_ts)
    second = bot.answered(reply)
    for message in (first, second):
        assert "Merci" in bot.press(message, "repere_rate", user=ALICE).text
    assert len(bot.rows("SELECT * FROM feedback")) == 2


def test_a_course_that_is_gone_is_asked_for_anew(running: Running, courses_home: Path, home: Path, tmp_path: Path):
    folder = copy_home(courses_home, tmp_path)
    with running(folder, slack_managers=BRUNO) as bot:
        bot.command("cours cables", user=BRUNO)
        assert "lumière" in bot.ask(COURSE, "Que transporte une fibre ?", user=ALICE).text
        (folder / "indexes" / "cables").rename(tmp_path / "away")
        menu = bot.ask(COURSE, "Que transporte une fibre ?", user=ALICE)
        assert [option["value"] for option in options(menu)] == ["docker"]
        bot.choose(menu, "docker", user=BRUNO)
        assert menu.thread_ts is not None
        bot.reply(COURSE, menu.thread_ts, 2)
        assert "port exposé" in bot.ask(COURSE, REFERENCE, user=ALICE).text


def test_a_course_that_went_while_its_menu_stood_there_is_not_chosen(
    with_courses: Bot, slack: SlackPlatform, tmp_path: Path
) -> None:
    bot = with_courses
    menu = bot.ask(COURSE, REFERENCE, user=ALICE)
    (bot.home / "indexes" / "cables").rename(tmp_path / "away")
    bot.choose(menu, "cables", user=BRUNO)
    slack.wait_until(lambda: len(slack.ephemeral) == 1)
    assert [option["value"] for option in options(slack.ephemeral[0])] == ["docker"]
    assert bot.rows("SELECT course FROM slack_channels") == [(None,)]


def test_the_course_s_language_is_spoken(running: Running, home: Path, tmp_path: Path, encoder: Encoder) -> None:
    folder = copy_home(home, tmp_path)
    material = tmp_path / "fibre"
    material.mkdir()
    (material / "fibre.md").write_text("# Fibre\n\n## Light\n\nAn optical fibre carries light. It links buildings.\n")
    settings = Settings(home=folder)
    build_index(read_course(material, None, "en"), encoder, settings.recipe, settings.index_roots[0], str(material))
    with running(folder, slack_managers=BRUNO) as bot:
        assert "answer about the course" in bot.command("cours fibre", user=BRUNO).text
        assert "Ask me a question" in bot.ask(COURSE, "", user=ALICE).text
        assert "could not read" in bot.ask(COURSE, "?", user=ALICE).text
        answer = bot.ask(COURSE, "What does an optical fibre carry?", user=ALICE)
        assert "Thank you" in bot.press(answer, "repere_rate", user=ALICE).text


def test_many_courses_are_named_as_far_as_a_message_goes(
    running: Running, home: Path, tmp_path: Path, encoder: Encoder
) -> None:
    folder = copy_home(home, tmp_path)
    name = "un-cours-dont-le-nom-est-tres-tres-long-et-qui-ne-finit-pas"
    count = 40
    for i in range(count):
        material = tmp_path / f"{name}-{i:03}"
        material.mkdir()
        (material / "a.md").write_text("# Un\n\nUn texte.\n")
        build_course(folder, material, encoder)
    with running(folder, slack_managers=BRUNO) as bot:
        assert "…" in bot.command("cours", user=ALICE).text
        assert len(options(bot.ask(COURSE, REFERENCE, user=ALICE))) == count + 1
        assert "C’est noté" in bot.command(f"cours {name}-{count - 1:03}", user=BRUNO).text
