"""Several workspaces: installed by OAuth, each with its own token, kept so that nobody reads it."""

import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from reperage.service.database.engine import Database
from reperage.service.slack.workspaces import Grant, Workspaces
from tests.service.serving import REFERENCE
from tests.service.slack.conftest import PUBLIC_URL, SCOPES, Bot, Running
from tests.service.slack.platform import ALICE, BRUNO, COURSE, SlackPlatform
from tests.service.slack.state import Workspace
from tests.web.running import until

# The library of Slack's calls something that aiohttp's next major version will not have.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

REDIRECT = f"{PUBLIC_URL}/slack/oauth_redirect"


@pytest.fixture
def bot(running: Running, slack: SlackPlatform) -> Iterator[Bot]:
    """The service, in no workspace yet."""
    with running(
        slack_bot_token=None,
        slack_client_id=slack.app.client_id,
        slack_client_secret=SecretStr(slack.app.client_secret),
        secret_key=SecretStr("k" * 16),
    ) as started:
        yield started


def begin(bot: Bot) -> tuple[str, str]:
    """Follow the link to install the app: the state that goes to Slack, and the cookie that stays."""
    response = bot.served.client.get("/slack/install", follow_redirects=False)
    assert response.status_code == 302, response.text
    leads_to = urlsplit(response.headers["location"])
    assert leads_to.hostname == "slack.com"
    query = {name: values[0] for name, values in parse_qs(leads_to.query).items()}
    assert query["client_id"] == bot.slack.app.client_id
    assert query["redirect_uri"] == REDIRECT
    assert set(query["scope"].split(",")) == SCOPES
    cookie = response.headers["set-cookie"]
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    bot.served.client.cookies.clear()
    return query["state"], cookie.partition(";")[0]


def come_back(bot: Bot, code: str, state: str, cookie: str = "") -> httpx.Response:
    headers = {"Cookie": cookie} if cookie else {}
    return bot.served.client.get(
        "/slack/oauth_redirect", params={"code": code, "state": state}, headers=headers, follow_redirects=False
    )


def install(bot: Bot, workspace: Workspace) -> None:
    state, cookie = begin(bot)
    response = come_back(bot, bot.slack.installation_code(workspace, REDIRECT), state, cookie)
    assert response.status_code == 200, response.text
    assert "Repère est installé" in response.text


def assert_refused(bot: Bot, response: httpx.Response) -> None:
    assert response.status_code in (400, 401), response.text
    assert "n’a pas pu être installé" in response.text
    assert response.headers["content-type"].startswith("text/html")
    assert "default-src" in response.headers["content-security-policy"]
    assert bot.rows("SELECT * FROM slack_installations") == []


@pytest.mark.model
def test_each_workspace_is_answered_with_its_own_token(bot: Bot, slack: SlackPlatform) -> None:
    other = slack.add_workspace("T0COLLEGE2", "college", scopes=SCOPES)
    for workspace in (slack.workspace, other):
        install(bot, workspace)
    payloads = slack.payloads_of(other)
    there = payloads.app_mention("C0COURSE02", payloads.mention(REFERENCE), user="U0ALICE02")
    assert "port exposé" in bot.ask(COURSE, REFERENCE, user=ALICE).text
    assert "port exposé" in bot.answered(there).text
    tokens = [call.token for call in slack.calls_of("chat.postMessage")]
    assert tokens == [slack.workspace.bot_token, other.bot_token]
    bot.ended(2)
    assert bot.rows("SELECT team FROM slack_questions ORDER BY team") == [("T0COLLEGE2",), ("T0SCHOOL01",)]


@pytest.mark.model
def test_tokens_cannot_be_read_in_the_database(bot: Bot, slack: SlackPlatform) -> None:
    install(bot, slack.workspace)
    bot.ask(COURSE, REFERENCE, user=ALICE)
    kept = b"".join(path.read_bytes() for path in bot.home.glob("repere.sqlite3*"))
    assert slack.workspace.team_id.encode() in kept
    for secret in (slack.workspace.bot_token, "xoxb-", slack.app.client_secret, slack.app.signing_secret):
        assert secret.encode() not in kept


def test_a_token_is_read_with_the_keys_it_was_kept_with(database: Database) -> None:
    database.migrate()
    grant = Grant("xoxb-1", "U1")
    Workspaces(database, ["old key"]).keep("T1", grant)
    assert Workspaces(database, ["new key", "old key"]).grant("T1") == grant
    assert Workspaces(database, ["new key"]).grant("T1") is None
    assert Workspaces(database, ["old key"]).grant("T2") is None
    Workspaces(database, ["new key", "old key"]).keep("T1", Grant("xoxb-2"))
    assert Workspaces(database, ["new key"]).grant("T1") == Grant("xoxb-2")


@pytest.mark.model
def test_who_installed_the_app_chooses_courses(bot: Bot, slack: SlackPlatform) -> None:
    install(bot, slack.workspace)
    assert BRUNO in bot.command("cours docker", user=BRUNO).text
    assert "C’est noté" in bot.command("cours docker", user=ALICE).text


# Who may not install it


@pytest.mark.model
def test_a_state_is_good_once(bot: Bot, slack: SlackPlatform) -> None:
    state, cookie = begin(bot)
    assert come_back(bot, slack.installation_code(None, REDIRECT), state, cookie).status_code == 200
    bot.deliver(slack.payloads.app_uninstalled())
    until(lambda: bot.rows("SELECT * FROM slack_installations") == [])
    assert_refused(bot, come_back(bot, slack.installation_code(None, REDIRECT), state, cookie))


@pytest.mark.model
def test_a_state_is_good_for_ten_minutes(bot: Bot, slack: SlackPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    state, cookie = begin(bot)
    later = time.time() + 601
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: later)
    assert_refused(bot, come_back(bot, slack.installation_code(None, REDIRECT), state, cookie))


@pytest.mark.model
def test_nobody_installs_it_by_somebody_else_s_link(bot: Bot, slack: SlackPlatform) -> None:
    state, cookie = begin(bot)
    other, _ = begin(bot)
    code = slack.installation_code(None, REDIRECT)
    assert_refused(bot, come_back(bot, code, state))
    assert_refused(bot, come_back(bot, code, other, cookie))
    forged = "x" * 20
    assert_refused(bot, come_back(bot, code, forged, f"{cookie.partition('=')[0]}={forged}"))
    assert not slack.calls


@pytest.mark.model
@pytest.mark.parametrize("code", ["no-such-code", ""])
def test_what_slack_did_not_allow_is_not_installed(bot: Bot, code: str) -> None:
    assert_refused(bot, come_back(bot, code, *begin(bot)))


@pytest.mark.model
def test_who_changes_their_mind_is_told_how_to_begin_again(bot: Bot) -> None:
    response = bot.served.client.get("/slack/oauth_redirect", params={"error": "access_denied<script>"})
    assert "n’a pas pu être installé" in response.text
    assert "<script>" not in response.text


# Where it is removed


@pytest.mark.model
@pytest.mark.parametrize("event", ["app_uninstalled", "tokens_revoked"])
def test_what_is_uninstalled_is_removed(bot: Bot, slack: SlackPlatform, event: str) -> None:
    other = slack.add_workspace("T0COLLEGE2", "college", scopes=SCOPES)
    for workspace in (slack.workspace, other):
        install(bot, workspace)
    bot.command("cours docker", user=ALICE)
    bot.ask(COURSE, REFERENCE, user=ALICE)
    bot.ended()
    bot.deliver(getattr(slack.payloads, event)())
    assert [row[0] for row in bot.rows("SELECT workspace FROM slack_installations")] == ["T0COLLEGE2"]
    assert bot.rows("SELECT * FROM slack_channels") == bot.rows("SELECT * FROM slack_questions") == []
    # Slack tells of both where an app is removed, and may still have something on its way.
    bot.deliver(slack.payloads.app_uninstalled())
    posted = len(slack.calls_of("chat.postMessage"))
    mention = slack.payloads.app_mention(COURSE, slack.payloads.mention(REFERENCE), user=ALICE)
    assert bot.send(mention).status_code == 200
    assert bot.rows("SELECT * FROM slack_questions") == []
    assert len(slack.calls_of("chat.postMessage")) == posted
    # It can be installed again.
    install(bot, slack.workspace)
    assert "port exposé" in bot.ask(COURSE, REFERENCE, user=ALICE).text


@pytest.mark.model
def test_a_user_s_token_is_no_matter_of_ours(bot: Bot, slack: SlackPlatform) -> None:
    install(bot, slack.workspace)
    event = {"type": "tokens_revoked", "tokens": {"oauth": [ALICE], "bot": []}}
    bot.deliver(slack.payloads.envelope(event))
    assert "port exposé" in bot.ask(COURSE, REFERENCE, user=ALICE).text
