"""Registration of Repère with a platform: by dynamic registration, or by what an administrator gives it.

Source: https://www.imsglobal.org/spec/lti-dr/v1p0.
"""

import json
from concurrent.futures import Future
from threading import BoundedSemaphore, Thread
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from pylti1p3.dynamic_registration import DynamicRegistration

from reperage.service.access.lti_platforms import host_of, new_platform, web_origins
from reperage.service.database.lti import Invitation, Platform
from reperage.service.errors import StartError
from reperage.service.lti.refusals import LaunchRefused
from reperage.service.urls import is_confidential, is_loopback, web_address

NAME = "Repère"
DESCRIPTION = "Réponses citées, à partir du cours · Cited answers from the course"
_PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
_TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
_SECONDS = 20.0
_SLOTS = BoundedSemaphore(2)
_LARGEST = 256_000


class Registration(DynamicRegistration):
    """Registration data of Repère at `base`, as a platform takes them."""

    client_name = NAME
    description = DESCRIPTION

    def __init__(self, base: str) -> None:
        self._base = base

    def get_initiate_login_uri(self) -> str:
        return f"{self._base}/lti/login"

    def get_jwks_uri(self) -> str:
        return f"{self._base}/lti/jwks"

    def get_redirect_uris(self) -> list[str]:
        return [self.get_target_link_uri()]

    def get_domain(self) -> str:
        return urlsplit(self._base).netloc

    def get_target_link_uri(self) -> str:
        return f"{self._base}/lti/launch"

    def get_claims(self) -> list[str]:
        return ["iss", "sub", "locale"]

    def get_messages(self) -> list[dict[str, str]]:
        uri = self.get_target_link_uri()
        return [
            {"type": "LtiResourceLinkRequest", "target_link_uri": uri},
            {"type": "LtiDeepLinkingRequest", "target_link_uri": uri, "label": NAME},
        ]

    def get_logo_uri(self) -> str:
        return f"{self._base}/static/favicon.svg"


def canvas_developer_key(base: str) -> dict[str, Any]:
    """Configuration of a developer key, as Canvas takes it
    (https://canvas.instructure.com/doc/api/file.lti_dev_key_config.html)."""
    tool = Registration(base)
    uri = tool.get_target_link_uri()
    placements = [
        {"placement": "course_navigation", "message_type": "LtiResourceLinkRequest"},
        {"placement": "link_selection", "message_type": "LtiDeepLinkingRequest"},
    ]
    return {
        "title": NAME,
        "description": DESCRIPTION,
        "target_link_uri": uri,
        "oidc_initiation_url": tool.get_initiate_login_uri(),
        "public_jwk_url": tool.get_jwks_uri(),
        "scopes": [],
        "custom_fields": {},
        "extensions": [
            {
                "domain": tool.get_domain(),
                "tool_id": "repere",
                "platform": "canvas.instructure.com",
                "privacy_level": "anonymous",
                "settings": {
                    "text": NAME,
                    "icon_url": tool.get_logo_uri(),
                    "placements": [
                        {"text": NAME, "target_link_uri": uri, "enabled": True, **placement} for placement in placements
                    ],
                },
            }
        ],
    }


def register(base: str, configuration_url: str, token: str, invitation: Invitation) -> Platform:
    """Register Repère with the platform whose configuration stands at an address. Blocks, for twenty seconds at most.

    Raises:
        LaunchRefused: the platform does not answer, or not as the specification says; or others register just now.
    """
    # A server that sends a byte now and then holds a thread up beyond any limit: one of its own, and no more of them.
    if not _SLOTS.acquire(blocking=False):
        raise LaunchRefused("not_registered", "other registrations are under way: try again in a minute")
    answer: Future[Platform] = Future()

    def run() -> None:
        try:
            answer.set_result(_register(base, configuration_url, token, invitation))
        except BaseException as error:
            answer.set_exception(error)
        finally:
            _SLOTS.release()

    Thread(target=run, name="lti registration", daemon=True).start()
    try:
        return answer.result(_SECONDS)
    except TimeoutError as error:
        raise LaunchRefused("not_registered", "the platform takes too long to answer") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        # What the library says may hold the address with its token.
        raise LaunchRefused("not_registered", f"the platform cannot be reached ({type(error).__name__})") from error
    except (ValueError, StartError) as error:
        raise LaunchRefused("not_registered", str(error)) from error


def _register(base: str, configuration_url: str, token: str, invitation: Invitation) -> Platform:
    """`register`; raises `ValueError` where the platform deviates from the specification."""
    if not token.isascii() or not token.isprintable():
        raise ValueError("the registration token is none")
    with requests.Session() as session:
        # Whoever runs Repère may have passwords for hosts in a file of theirs: none is sent.
        session.auth = _no_authentication
        configuration = _json_object(session, base, "GET", configuration_url)
        issuer, endpoint = _text_field(configuration, "issuer"), _text_field(configuration, "registration_endpoint")
        # Whoever answers for a platform must sit where it says that it is (3.5.1, "issuer").
        if web_origins(issuer) != web_origins(configuration_url):
            raise ValueError("the configuration does not stand where its issuer is")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        data = Registration(base).lti_registration_data()
        registration = _json_object(session, base, "POST", endpoint, json=data, headers=headers)
    tool, platform = registration.get(_TOOL), configuration.get(_PLATFORM)
    token_url = configuration.get("token_endpoint")
    deployment = tool.get("deployment_id") if isinstance(tool, dict) else None
    product = platform.get("product_family_code") if isinstance(platform, dict) else None
    return new_platform(
        issuer,
        _text_field(registration, "client_id"),
        _text_field(configuration, "authorization_endpoint"),
        _text_field(configuration, "jwks_uri"),
        token_url=token_url if isinstance(token_url, str) else None,
        deployments=frozenset({str(deployment)} if deployment else ()),
        frame_origins=invitation.frame_origins,
        courses=invitation.courses,
        name=invitation.name or " ".join(filter(None, [product if isinstance(product, str) else "", host_of(issuer)])),
    )


def _no_authentication(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _json_object(session: requests.Session, base: str, method: str, url: str, **options: Any) -> dict[str, Any]:
    """JSON object that an address answers with; raises `ValueError` where it does not, or takes too long."""
    parts = web_address(url)
    # What runs on this very machine is nobody's platform, unless Repère is tried out here.
    is_here = is_loopback(parts.hostname or "")
    if (is_here and not is_loopback(urlsplit(base).hostname or "")) or not is_confidential(parts):
        raise ValueError("a platform answers by https://, and from elsewhere")
    end, body = monotonic() + _SECONDS, bytearray()
    options["headers"] = {"Accept": "application/json", "Accept-Encoding": "identity"} | options.get("headers", {})
    with session.request(method, url, timeout=_SECONDS, allow_redirects=False, stream=True, **options) as response:
        if not 200 <= response.status_code < 300:
            raise ValueError(_NO_ANSWER)
        while piece := response.raw.read1(16_384, decode_content=True):
            body += piece
            if len(body) > _LARGEST or monotonic() > end:
                raise ValueError(_NO_ANSWER)
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError(_NO_ANSWER) from error
    if not isinstance(answer, dict):
        raise ValueError(_NO_ANSWER)
    return answer


_NO_ANSWER = "the platform does not answer as the specification says"


def _text_field(answer: dict[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"the platform does not tell its {name}")
    return value
