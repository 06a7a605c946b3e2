"""The authorization endpoint's rules: what a request must bring, by OpenID Connect and by LTI's security framework."""

from collections.abc import Mapping, Sequence

from tests.service.lti.messages import Launch
from tests.service.lti.registrations import Tool

SESSION = "platform_session"
"""The cookie of whoever is signed in at the platform."""
_FIXED = {"scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none"}
_LONGEST = 2000


def client_trouble(asked: Sequence[tuple[str, str]], tools: Mapping[str, Tool]) -> str | None:
    """Why nobody is sent anywhere: the request names no tool, or an address that is not the tool's."""
    names = [name for name, _ in asked]
    if len(set(names)) < len(names):
        return f"a parameter comes twice: {names}"
    given = dict(asked)
    tool = tools.get(given.get("client_id", ""))
    if tool is None:
        return f"client_id is {given.get('client_id')!r}"
    if given.get("redirect_uri") not in tool.redirect_uris:
        return f"redirect_uri is {given.get('redirect_uri')!r}, not one of {tool.redirect_uris}"
    return None


def trouble(given: Mapping[str, str], tool: Tool, launch: Launch | None, nonces: set[str]) -> str | None:
    """Why the tool gets an error: `given` are the parameters of a request whose client is known."""
    for name, wanted in _FIXED.items():
        if given.get(name) != wanted:
            return f"{name} is {given.get(name)!r}, not {wanted!r}"
    for name in ("nonce", "state"):
        if not 16 <= len(given.get(name, "")) <= _LONGEST:
            return f"{name} is {given.get(name)!r}, which is missing, easily guessed, or too long"
    if given["nonce"] in nonces:
        return "the nonce was used before"
    if launch is None:
        return f"lti_message_hint is {given.get('lti_message_hint')!r}, which was not given"
    if not launch.is_hinted:
        return "the lti_message_hint was used before"
    if given.get("login_hint") != f"hint-{launch.user.id}":
        return f"login_hint is {given.get('login_hint')!r}, which is not what was given"
    if tool != launch.tool:
        return "client_id is another tool's"
    return None
