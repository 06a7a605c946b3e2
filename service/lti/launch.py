"""Login and launch: how an LMS signs somebody in, and who they are."""

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reperage.service.access.jwks import JwksCache
from reperage.service.access.pseudonyms import lms_person
from reperage.service.access.secret_digest import secret_digest
from reperage.service.access.signed_tokens import LaunchSession
from reperage.service.caller import Role
from reperage.service.clock import now
from reperage.service.database.lti import Login, Platform
from reperage.service.lti.deep_linking import KINDS, LONGEST
from reperage.service.lti.pylti1p3_adapter import LoginState, OnePlatform, OwnLaunch, OwnLogin, Parameters
from reperage.service.lti.refusals import LaunchRefused
from reperage.service.lti.roles import role_of
from reperage.service.urls import is_confidential, origin_of_address, web_address

LOGIN_SECONDS = 600
"""How long a login may take."""
AGAIN = ("iss", "client_id", "login_hint", "lti_message_hint", "target_link_uri", "lti_deployment_id")
"""Parameters of a login that begin it again in a new window."""
STORAGE = "lti_storage_target"
NEW_WINDOW = "new_window"
_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
_SETTINGS = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
_LONGEST = 255
_LARGEST_LOGIN = 16_000


@dataclass(frozen=True, slots=True)
class StartedLogin:
    """A login that has begun: where the browser goes on, and the secret that proves that it is the same one later."""

    login: Login
    state: str
    address: str
    proof: str


@dataclass(frozen=True, slots=True)
class Launch:
    """Session of whoever the LMS has sent, and what for: `deep_link` where a link is to be put into the LMS's course,
    else `custom`, what the link held."""

    session: LaunchSession
    custom: Mapping[str, str]
    deep_link: Mapping[str, Any] | None

    def as_json(self) -> str:
        fields = {name: getattr(self.session, name) for name in LaunchSession.__slots__}
        return json.dumps([fields, dict(self.custom), self.deep_link])

    @classmethod
    def from_json(cls, text: str) -> "Launch":
        fields, custom, deep_link = json.loads(text)
        return cls(LaunchSession(**fields), custom, deep_link)


def begin(platform: Platform, parameters: Mapping[str, str], launch_url: str) -> StartedLogin:
    """Login as the platform asks for it.

    Raises:
        LaunchRefused: a parameter is missing, or they are too long.
    """
    login_state = LoginState()
    login = OwnLogin(
        Parameters(parameters), OnePlatform(platform), session_service=login_state, cookie_service=login_state
    )
    address, proof = login.address(launch_url), secrets.token_urlsafe(32)
    if sum(len(parameters.get(name, "")) for name in (*AGAIN, STORAGE)) > _LARGEST_LOGIN:
        raise LaunchRefused("invalid_message", f"the login has more than {_LARGEST_LOGIN:,} characters")
    # Nothing else: the hints may name the person.
    storage = {STORAGE: parameters[STORAGE]} if parameters.get(STORAGE) else {}
    row = Login(
        secret_digest(login_state.state),
        platform.id,
        login_state.nonce,
        secret_digest(proof),
        json.dumps(storage),
        now() + LOGIN_SECONDS * 1000,
    )
    return StartedLogin(row, login_state.state, address, proof)


def launch_of(parameters: Mapping[str, str], platform: Platform, login: Login, base: str, jwks: JwksCache) -> Launch:
    """Launch by which the platform answers a login. Blocks while keys are fetched.

    Raises:
        LaunchRefused: as `OwnLaunch.claims`; or it comes from no course, leads elsewhere, or holds what is no text.
    """
    claims = OwnLaunch(parameters, platform, login, jwks).claims()
    target = _required_text(claims, f"{_CLAIM}target_link_uri")
    if not is_own_address(target, base):
        raise LaunchRefused("foreign_address", f"target_link_uri is {target!r}")
    context = _object_claim(claims, f"{_CLAIM}context")
    if not _text_claim(context, "id"):
        raise LaunchRefused("no_context")
    presentation = _object_claim(claims, f"{_CLAIM}launch_presentation")
    settings = claims.get(_SETTINGS)
    session = LaunchSession(
        lms_person(platform.issuer, _required_text(claims, "sub")),
        _role(claims),
        platform.id,
        _required_text(claims, f"{_CLAIM}deployment_id"),
        _required_text(context, "id"),
        (_text_claim(context, "title") or _text_claim(context, "label"))[:100],
        (_text_claim(presentation, "locale") or _text_claim(claims, "locale"))[:20],
        now() // 1000,
    )
    custom = {
        name: value[:LONGEST]
        for name, value in _object_claim(claims, f"{_CLAIM}custom").items()
        if name in KINDS and isinstance(value, str)
    }
    deep_link = _deep_link(settings) if settings is not None else None
    if not _is_text([custom, deep_link]):
        raise LaunchRefused("invalid_message", "a text holds half of a surrogate pair")
    return Launch(session, custom, deep_link)


def is_same_browser(login: Login, proof: str | None) -> bool:
    """Whether a login was begun by whoever has that secret."""
    return proof is not None and hmac.compare_digest(login.proof, secret_digest(proof))


def is_own_address(address: object, base: str) -> bool:
    """Whether an address lies within our own pages."""
    return isinstance(address, str) and (address == base or address.startswith(f"{base}/")) and address.isprintable()


def _role(claims: Mapping[str, Any]) -> Role:
    roles = claims.get(f"{_CLAIM}roles")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise LaunchRefused("invalid_message", "the roles are no list of addresses")
    return role_of(roles)


def _deep_link(settings: object) -> dict[str, Any]:
    if not isinstance(settings, dict) or not isinstance(address := settings.get("deep_link_return_url"), str):
        raise LaunchRefused("invalid_message", "deep_linking_settings name no deep_link_return_url")
    try:
        if not is_confidential(web_address(address)):
            raise ValueError("others can read on the way what is sent there")
        origin_of_address(address)
    except ValueError as error:
        raise LaunchRefused("foreign_address", f"deep_link_return_url is {address[:_LONGEST]!r}: {error}") from error
    deep_link: dict[str, Any] = {"deep_link_return_url": address}
    if "data" in settings:
        deep_link["data"] = settings["data"]
    return deep_link


def _object_claim(claims: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A claim that is an object; an empty one where it is not there.

    Raises:
        LaunchRefused: it is something else.
    """
    value = claims.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise LaunchRefused("invalid_message", f"{name} is no object")
    return value


def _text_claim(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) and value.isprintable() else ""


def _is_text(value: object) -> bool:
    """Whether every text within a value can be written as UTF-8."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _required_text(claims: Mapping[str, Any], name: str) -> str:
    """A claim that names something, as it stands.

    Raises:
        LaunchRefused: it is missing, no text, or too long.
    """
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or "\0" in value:
        raise LaunchRefused("invalid_message", f"{name} is missing, or no text of at most {_LONGEST} characters")
    return value
