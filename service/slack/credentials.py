"""Credentials of the Slack app, from the settings, checked without a call to Slack."""

import re
from dataclasses import dataclass

from pydantic import SecretStr

from reperage.service.errors import StartError
from reperage.service.settings import Settings

_MEMBER = re.compile(r"[UW][A-Z0-9]{2,}")
_SIGNING_SECRET = re.compile(r"[0-9A-Za-z]{16,}")
_BOT_TOKEN = re.compile(r"xoxb-[0-9A-Za-z-]+")
_APP_TOKEN = re.compile(r"xapp-[0-9A-Za-z-]+")
_CLIENT_ID = re.compile(r"\d+\.\d+")
_CLIENT_SECRET = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Secrets of the Slack app; what is empty is not set."""

    signing_secret: str
    bot_token: str
    app_token: str
    client_id: str
    client_secret: str
    managers: frozenset[str]


def credentials(settings: Settings) -> Credentials:
    """Credentials that the settings name.

    Raises:
        StartError: one is malformed, or lacks another; names it, and never shows it.
    """
    slack = Credentials(
        signing_secret=_value(settings.slack_signing_secret),
        bot_token=_value(settings.slack_bot_token),
        app_token=_value(settings.slack_app_token),
        client_id=(settings.slack_client_id or "").strip(),
        client_secret=_value(settings.slack_client_secret),
        managers=frozenset(name.strip() for name in settings.slack_managers.split(",") if name.strip()),
    )
    for name, value, form, what in (
        ("SIGNING_SECRET", slack.signing_secret, _SIGNING_SECRET, "signing secret: copy it from Basic Information"),
        ("BOT_TOKEN", slack.bot_token, _BOT_TOKEN, "bot token: it begins with xoxb- (OAuth & Permissions)"),
        ("APP_TOKEN", slack.app_token, _APP_TOKEN, "app-level token: it begins with xapp- (Basic Information)"),
        ("CLIENT_ID", slack.client_id, _CLIENT_ID, "client ID: two numbers with a dot between (Basic Information)"),
        ("CLIENT_SECRET", slack.client_secret, _CLIENT_SECRET, "client secret: copy it from Basic Information"),
    ):
        if value and not form.fullmatch(value):
            raise StartError(f"REPERE_SLACK_{name} is no {what}")
    if bool(slack.client_id) != bool(slack.client_secret):
        missing = "CLIENT_SECRET" if slack.client_id else "CLIENT_ID"
        raise StartError(f"REPERE_SLACK_{missing} is missing: client ID and client secret go together")
    if not all(_MEMBER.fullmatch(name) for name in slack.managers):
        raise StartError(
            "REPERE_SLACK_MANAGERS holds what is no member ID; they look like U012AB3CD: « Copy member ID » in "
            "somebody's profile"
        )
    if slack.bot_token and slack.client_id:
        raise StartError(
            "REPERE_SLACK_BOT_TOKEN is for one workspace, REPERE_SLACK_CLIENT_ID for several: leave one of them out"
        )
    if (slack.signing_secret or slack.app_token) and not (slack.bot_token or slack.client_id):
        raise StartError(
            "REPERE_SLACK_BOT_TOKEN is missing: set it, or client ID and client secret where the app is installed in "
            "several workspaces"
        )
    if (slack.bot_token or slack.client_id) and not (slack.signing_secret or slack.app_token):
        raise StartError(
            "REPERE_SLACK_SIGNING_SECRET is missing: set it for `repere serve`, or REPERE_SLACK_APP_TOKEN for "
            "`repere slack`"
        )
    return slack


def _value(secret: SecretStr | None) -> str:
    return secret.get_secret_value().strip() if secret else ""
