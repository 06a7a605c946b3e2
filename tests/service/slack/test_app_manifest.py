"""The manifest is one that Slack takes, asks for no more than the bot needs, and is explained."""

import inspect
import re
from pathlib import Path

import yaml

import reperage.service.slack
from reperage.service.settings import Settings
from reperage.service.slack.bot import COMMAND, SHORTCUT, Bot
from tests.service.slack.arguments import FORBIDDEN, METHODS
from tests.service.slack.conftest import MANIFEST, SCOPES

PACKAGE = Path(reperage.service.slack.__path__[0])
PAGE = Path(__file__).parents[3].joinpath("docs", "slack.md").read_text(encoding="utf-8")
ADDRESS = "https://repere.example"
EVENTS = {
    "agent_session_stopped": "assistant:write",
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "app_uninstalled": None,
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "tokens_revoked": None,
}
"""What Slack asks for, event by event: docs.slack.dev/reference/events."""


def methods() -> set[str]:
    """The methods of Slack's that the package calls."""
    source = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.glob("*.py"))
    called = set(re.findall(r"client\s*\.((?:\w+?)_\w+)\(", source))
    names = {name.replace(".", "_"): name for name in [*METHODS, *FORBIDDEN]}
    return {names[name] for name in called if name in names}


def test_the_events_are_those_that_the_bot_listens_to() -> None:
    listened = set(re.findall(r'"(\w+)"', inspect.getsource(Bot._listen)))
    subscribed = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert {event.partition(".")[0] for event in subscribed} == listened
    assert set(subscribed) == EVENTS.keys()
    assert subscribed == sorted(subscribed)


def test_the_command_and_the_shortcut_are_the_bot_s() -> None:
    [command], [shortcut] = MANIFEST["features"]["slash_commands"], MANIFEST["features"]["shortcuts"]
    assert (command["command"], shortcut["callback_id"]) == (COMMAND, SHORTCUT)
    assert shortcut["type"] == "message"


def test_every_scope_is_needed_and_none_is_missing() -> None:
    needed = [
        {scope} for event in MANIFEST["settings"]["event_subscriptions"]["bot_events"] if (scope := EVENTS[event])
    ]
    needed += [set(METHODS[name].scopes) for name in methods() if METHODS[name].scopes]
    needed.append({"commands"})
    assert all(SCOPES & one for one in needed)
    assert {scope for one in needed if len(SCOPES & one) == 1 for scope in SCOPES & one} == SCOPES


def test_no_history_is_read() -> None:
    found = methods()
    assert {"chat.postMessage", "chat.startStream", "assistant.threads.setSuggestedPrompts"} <= found
    assert found & FORBIDDEN == set()
    assert not [
        name for name in found if name.endswith((".history", ".replies")) or name.startswith(("users.", "search."))
    ]


def test_every_scope_is_explained_in_the_manifest_and_in_the_docs() -> None:
    section = PAGE.partition("## What the app is allowed\n")[2].partition("\n## ")[0]
    explained = dict(re.findall(r"^\| `([a-z_]+(?::[a-z]+)?)` \| (.+) \|$", section, re.M))
    assert explained.keys() == SCOPES
    written = (PACKAGE / "manifest.yaml").read_text(encoding="utf-8")
    for scope in SCOPES:
        assert re.search(rf"^      - {scope} # \S", written, re.M)


def test_every_setting_is_in_the_docs() -> None:
    names = {f"REPERE_{name.upper()}" for name in Settings.model_fields if name.startswith("slack_")}
    assert names - {"REPERE_SLACK_API_URL"} <= set(re.findall(r"REPERE_\w+", PAGE))


def test_texts_are_as_long_as_slack_allows() -> None:
    shown, features = MANIFEST["display_information"], MANIFEST["features"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 175 <= len(shown["long_description"]) <= 4000
    assert re.fullmatch(r"#[0-9a-f]{6}", shown["background_color"])
    assert len(features["agent_view"]["agent_description"]) <= 300
    assert re.fullmatch(r"[\w.-]{1,80}", features["bot_user"]["display_name"])
    [shortcut] = features["shortcuts"]
    assert len(shortcut["name"]) <= 24
    assert len(shortcut["description"]) <= 150


def test_every_address_is_one_of_the_service() -> None:
    written = (PACKAGE / "manifest.yaml").read_text(encoding="utf-8")
    lines = [line for line in written.splitlines() if ADDRESS in line and not line.startswith("#")]
    found = {line.partition(ADDRESS)[2] for line in lines}
    assert found == {"/slack/events", "/slack/oauth_redirect"}


def test_socket_mode_takes_the_manifest_as_the_docs_change_it() -> None:
    assert "`redirect_urls:`" in PAGE
    written = (PACKAGE / "manifest.yaml").read_text(encoding="utf-8")
    written = written.replace("socket_mode_enabled: false", "socket_mode_enabled: true")
    kept = [line for line in written.splitlines() if ADDRESS not in line and "redirect_urls:" not in line]
    changed = yaml.safe_load("\n".join(kept))
    assert changed["settings"]["socket_mode_enabled"] is True
    assert changed["oauth_config"] == {"scopes": MANIFEST["oauth_config"]["scopes"]}
    assert changed["settings"]["event_subscriptions"].keys() == {"bot_events"}
    assert changed["settings"]["interactivity"] == {"is_enabled": True}
    assert changed["features"]["slash_commands"][0]["command"] == COMMAND
    assert ADDRESS not in str(changed)
