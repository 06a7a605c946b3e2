"""What a platform knows about a tool, and how it is told: by hand, or by dynamic registration."""

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.service.lti.names import DEEP_LINKING_REQUEST, RESOURCE_LINK_REQUEST, TOOL_CONFIGURATION


@dataclass(frozen=True)
class Tool:
    """A registered tool and its deployment."""

    client_id: str
    deployment_id: str
    initiate_login_uri: str
    redirect_uris: tuple[str, ...]
    jwks_uri: str
    target_link_uri: str
    deep_linking_uri: str
    """Where it wants messages of deep linking to lead."""

    @property
    def origin(self) -> str:
        parts = urlsplit(self.initiate_login_uri)
        return f"{parts.scheme}://{parts.netloc}"


def at(base: str, client_id: str = "client-1", deployment_id: str = "1") -> Tool:
    """The tool at `base`, as an administrator would type it in."""
    return Tool(
        client_id=client_id,
        deployment_id=deployment_id,
        initiate_login_uri=f"{base}/lti/login",
        redirect_uris=(f"{base}/lti/launch",),
        jwks_uri=f"{base}/lti/jwks",
        target_link_uri=f"{base}/lti/launch",
        deep_linking_uri=f"{base}/lti/launch",
    )


def asked(body: Any) -> tuple[Tool, list[str]]:
    """The tool that a request for registration describes, with a client ID of its own; and what is wrong with it."""
    if not isinstance(body, dict):
        return at(""), ["the registration is no JSON object"]
    wrong = [
        f"{name} is {body.get(name)!r}, not {wanted!r}"
        for name, wanted in (("application_type", "web"), ("token_endpoint_auth_method", "private_key_jwt"))
        if body.get(name) != wanted
    ]
    if "id_token" not in body.get("response_types", ()):
        wrong.append("response_types lacks id_token")
    if not {"implicit", "client_credentials"} <= set(body.get("grant_types", ())):
        wrong.append("grant_types lacks implicit or client_credentials")
    if not isinstance(body.get("client_name"), str) or not body["client_name"]:
        wrong.append("client_name is missing")
    if not isinstance(body.get("scope", ""), str):
        wrong.append("scope is no string")
    own = body.get(TOOL_CONFIGURATION)
    own = own if isinstance(own, dict) else {}
    login = str(body.get("initiate_login_uri", ""))
    domain = urlsplit(login).netloc
    if own.get("domain") != domain:
        wrong.append(f"domain is {own.get('domain')!r}, not {domain!r}")
    redirects = body.get("redirect_uris") or []
    messages = {message.get("type"): message for message in own.get("messages", ()) if isinstance(message, dict)}
    target = own.get("target_link_uri", "")
    deep_linking = messages.get(DEEP_LINKING_REQUEST, {}).get("target_link_uri", target)
    for name, address in [
        ("initiate_login_uri", login),
        ("jwks_uri", body.get("jwks_uri", "")),
        ("target_link_uri", target),
        ("target_link_uri of deep linking", deep_linking),
        *(("redirect_uris", address) for address in redirects),
        *((name, body[name]) for name in ("logo_uri", "policy_uri", "tos_uri", "client_uri") if name in body),
    ]:
        if urlsplit(address).scheme not in ("http", "https") or urlsplit(address).netloc != domain:
            wrong.append(f"{name} is {address!r}")
    if not redirects:
        wrong.append("redirect_uris is missing")
    wrong += [f"the message {kind!r} is unknown" for kind in messages if kind not in _MESSAGES]
    wrong += [f"the claim {claim!r} is no string" for claim in own.get("claims", [0]) if not isinstance(claim, str)]
    tool = Tool(
        client_id=f"client-{secrets.token_hex(4)}",
        deployment_id=f"deployment-{secrets.token_hex(4)}",
        initiate_login_uri=login,
        redirect_uris=tuple(redirects),
        jwks_uri=body.get("jwks_uri", ""),
        target_link_uri=target,
        deep_linking_uri=deep_linking,
    )
    return tool, wrong


_MESSAGES = (RESOURCE_LINK_REQUEST, DEEP_LINKING_REQUEST)
