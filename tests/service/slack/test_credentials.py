"""Slack's settings: what is missing or malformed is named at start, and no secret is ever shown."""

import subprocess
import sys
from contextlib import suppress
from typing import Any

import pytest
from pydantic import HttpUrl
from starlette.routing import NoMatchFound

from reperage.service.app import create_app
from reperage.service.errors import StartError
from reperage.service.settings import Settings
from reperage.service.slack.credentials import credentials
from tests.service.conftest import Repere

SIGNING = {"slack_signing_secret": "8f742231b10e8888abcd99yyyzzz85a5"}
BOT = {"slack_bot_token": "xoxb-1-secret"}
APP = {"slack_app_token": "xapp-1-secret"}
CLIENT = {"slack_client_id": "1111.2222", "slack_client_secret": "client-secret"}
MALFORMED = {
    "slack_signing_secret": ["xoxb-1-secret", "un secret", "court", "clé" * 10],
    "slack_bot_token": ["xoxp-1-secret", "xapp-1-secret", "xoxb-", "xoxb-1 secret", "xoxb-1-sécret", "Bearer xoxb-1"],
    "slack_app_token": ["xoxb-1-secret", "xapp-", "xapp-1\nsecret"],
    "slack_client_id": ["A0REPERE01", "1111", "1111.secret"],
    "slack_client_secret": ["un secret"],
    "slack_managers": ["alice", "U012AB3CD,xoxb-1-secret", "U012AB3CD;U0XYZ"],
}


def told(**given: Any) -> str:
    with pytest.raises(StartError) as caught:
        credentials(Settings(**given))
    assert not [value for value in given.values() if len(value) > 5 and value in str(caught.value)]
    return str(caught.value)


@pytest.mark.parametrize("given", [SIGNING | BOT, APP | BOT, SIGNING | APP | BOT, SIGNING | CLIENT, APP | CLIENT])
def test_what_fits_together_is_taken(given: dict[str, Any]) -> None:
    found = credentials(Settings(**given))
    for name, value in given.items():
        assert getattr(found, name.removeprefix("slack_")) == value


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in MALFORMED.items() for value in values])
def test_what_is_malformed_is_named_and_not_shown(name: str, value: str) -> None:
    assert told(**(SIGNING | APP | BOT | {name: value})).startswith(f"REPERE_{name.upper()} ")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (SIGNING, "BOT_TOKEN"),
        (APP, "BOT_TOKEN"),
        (BOT, "SIGNING_SECRET"),
        (CLIENT, "SIGNING_SECRET"),
        (SIGNING | {"slack_client_id": "1.2"}, "CLIENT_SECRET"),
        (SIGNING | {"slack_client_secret": "a"}, "CLIENT_ID"),
        (SIGNING | BOT | {"slack_client_id": "1.2"}, "CLIENT_SECRET"),
    ],
)
def test_what_is_missing_is_named(given: dict[str, Any], missing: str) -> None:
    assert told(**given).startswith(f"REPERE_SLACK_{missing} is missing: ")


def test_a_token_for_one_workspace_and_the_installation_in_several_exclude_each_other() -> None:
    assert told(**SIGNING, **BOT, **CLIENT).startswith("REPERE_SLACK_BOT_TOKEN is for one workspace, ")


def test_what_is_empty_is_not_set_and_spaces_around_are_no_part_of_it() -> None:
    names = ["signing_secret", "bot_token", "app_token", "client_id", "client_secret", "managers"]
    assert not any(getattr(credentials(Settings(**{f"slack_{name}": " " for name in names})), name) for name in names)  # type: ignore[arg-type]
    found = credentials(Settings(slack_bot_token=" xoxb-1 ", slack_app_token="xapp-1\n", slack_managers="U0A1, ,W0B2 "))  # type: ignore[arg-type]
    assert (found.bot_token, found.app_token, found.managers) == ("xoxb-1", "xapp-1", {"U0A1", "W0B2"})


def test_without_an_address_of_its_own_slack_is_asked_where_it_is() -> None:
    assert Settings().slack_api_url == HttpUrl("https://slack.com/api/")


def test_over_http_slack_has_its_address_only_with_a_signing_secret() -> None:
    def served(**given: Any) -> set[str]:
        app, found = create_app(Settings(**given)), set()
        for name in ("events", "install", "installed"):
            with suppress(NoMatchFound):
                found.add(str(app.url_path_for(name)))
        return found

    assert served() == served(**APP, **BOT) == served(slack_managers="U0A1") == set()
    assert served(**SIGNING, **BOT) == {"/slack/events"}
    assert served(**SIGNING, **CLIENT) == {"/slack/events", "/slack/install", "/slack/oauth_redirect"}


@pytest.mark.parametrize("command", ["serve", "slack"])
def test_a_command_tells_in_a_sentence_and_shows_no_secret(repere_process: Repere, command: str) -> None:
    done = repere_process(command, REPERE_SLACK_SIGNING_SECRET="0" * 32, REPERE_SLACK_BOT_TOKEN="xoxp-1-very-secret")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("repere: REPERE_SLACK_BOT_TOKEN is no bot token: it begins with xoxb-")
    assert not [secret for secret in ("very-secret", "0" * 32, "Traceback") if secret in done.stdout + done.stderr]


def test_a_malformed_address_of_slack_is_named(repere: Repere) -> None:
    done = repere("slack", REPERE_SLACK_API_URL="slack")
    assert done.returncode == 1
    assert done.stderr.startswith("repere: REPERE_SLACK_API_URL is 'slack': ")


def test_without_slack_nothing_of_it_is_imported() -> None:
    code = (
        "import sys\n"
        "from reperage.service.app import create_app\n"
        "from reperage.service.settings import Settings\n"
        "import reperage.service.cli.main\n"
        "create_app(Settings())\n"
        "wanted = {'slack_bolt', 'slack_sdk', 'aiohttp', 'reperage.service.slack'}\n"
        "print(sorted(wanted & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


def test_without_its_library_the_setting_is_refused_with_what_to_install() -> None:
    code = (
        "import sys\n"
        "sys.modules['slack_bolt'] = None\n"
        "from reperage.service.app import create_app\n"
        "from reperage.service.settings import Settings\n"
        "create_app(Settings(slack_signing_secret='0' * 32, slack_bot_token='xoxb-1'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.stderr.splitlines()[-1].endswith("python3 tools/environment.py --extra slack")
