"""pylti1p3 on our own database: its requests, sessions, cookies and registrations, and what it leaves open.

The library checks what a message must hold, and knows roles and deep links. Ours are what a login remembers, the keys
and the signature: the library takes a login's answer twice, fetches keys without limits, lets a token live without
an end, and no clock be a second late.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

import jwt
from pylti1p3.cookie import CookieService
from pylti1p3.deployment import Deployment
from pylti1p3.exception import LtiException, OIDCException
from pylti1p3.message_launch import MessageLaunch, TLaunchData
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.redirect import Redirect
from pylti1p3.registration import Registration
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config.abstract import ToolConfAbstract

from reperage.service.access.jwks import JwksCache, JwksUnavailable, UnknownKey
from reperage.service.database.lti import Login, Platform
from reperage.service.lti.refusals import LaunchRefused

_LEEWAY_SECONDS = 60
"""How far the clock of an LMS may be off."""
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_MALFORMED = (AttributeError, TypeError, KeyError, ValueError, OverflowError, RecursionError)
_REQUIRED = ["iss", "aud", "sub", "exp", "iat", "nonce"]


class Parameters(Request):
    """The parameters of a request, whichever way they came."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters

    @property
    def session(self) -> dict[str, Any]:
        """Session, which the library would keep by itself; nothing stands in it."""
        return {}

    def is_secure(self) -> bool:
        return True

    def get_param(self, key: str) -> str:
        return self._parameters.get(key, "")


class LoginState(SessionService, CookieService):
    """State and nonce of a login, which the library would keep in a cookie and in a session."""

    def __init__(self, nonce: str = "") -> None:
        self.state, self.nonce = "", nonce

    def get_cookie(self, name: str) -> str | None:
        return None

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        self.state = str(value)

    def save_nonce(self, nonce: str) -> None:
        self.nonce = nonce

    def check_nonce(self, nonce: str) -> bool:
        return nonce == self.nonce

    def save_launch_data(self, key: str, jwt_body: Mapping[str, Any]) -> None:
        """Nothing: a token of ours holds what is needed of it."""

    def set_state_valid(self, state: str, id_token_hash: str) -> None:
        """Nothing: a login is answered once."""


class OnePlatform(ToolConfAbstract[Parameters]):
    """The registrations of one platform, which is known already."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def check_iss_has_one_client(self, iss: str) -> bool:
        return False

    def check_iss_has_many_clients(self, iss: str) -> bool:
        return True

    def find_registration_by_issuer(self, iss: str, *args: object, **kwargs: object) -> Registration:
        raise LaunchRefused("unknown_platform", f"issuer {iss!r}")

    def find_registration_by_params(self, iss: str, client_id: str, *args: object, **kwargs: object) -> Registration:
        platform = self._platform
        if iss != platform.issuer:
            raise LaunchRefused("unknown_platform", f"issuer {iss!r}, where the login was begun by {platform.issuer!r}")
        registration = Registration().set_issuer(platform.issuer).set_client_id(platform.client_id)
        return registration.set_auth_login_url(platform.auth_url).set_key_set_url(platform.key_set_url)

    def find_deployment(self, iss: str, deployment_id: str) -> Deployment | None:
        return Deployment().set_deployment_id(deployment_id) if deployment_id in self._platform.deployments else None

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str, *args: object, **kwargs: object
    ) -> Deployment | None:
        return self.find_deployment(iss, deployment_id)


class OwnLogin(OIDCLogin[Parameters, OnePlatform, LoginState, LoginState, str]):
    """The library's login, which answers with an address."""

    def get_redirect(self, url: str) -> Redirect[str]:
        raise NotImplementedError  # The address is all that is asked of it.

    def address(self, launch_url: str) -> str:
        """Address at which the browser goes on.

        Raises:
            LaunchRefused: a parameter is missing.
        """
        try:
            return str(self._prepare_redirect_url(launch_url))
        except OIDCException as error:
            raise LaunchRefused("invalid_message", str(error)) from error


class OwnLaunch(MessageLaunch[Parameters, OnePlatform, LoginState, LoginState]):
    """The library's launch, as the answer to one login."""

    def __init__(self, parameters: Mapping[str, str], platform: Platform, login: Login, jwks: JwksCache) -> None:
        login_state = LoginState(login.nonce)
        super().__init__(
            Parameters(parameters), OnePlatform(platform), session_service=login_state, cookie_service=login_state
        )
        self._platform, self._jwks = platform, jwks

    def claims(self) -> dict[str, Any]:
        """Claims of the platform, every part of them verified.

        Raises:
            LaunchRefused: it is not the platform's, is not for us, was told before, or is no message of LTI.
        """
        try:
            self.validate()
        except LtiException as error:
            raise LaunchRefused("invalid_message", str(error)) from error
        except _MALFORMED as error:
            # The library takes it for granted that claims are of the kinds that they should be.
            raise LaunchRefused("invalid_message", f"a part is of another kind ({type(error).__name__})") from error
        return dict(self.get_launch_data())

    def _get_request_param(self, key: str) -> str:
        return self._request.get_param(key)

    def get_client_id(self) -> str:
        body: Mapping[str, Any] = self._get_jwt_body()
        audience, party = body.get("aud"), body.get("azp")
        audiences = audience if isinstance(audience, list) else [audience]
        # Who else is meant may be told only along with who asked for it (Security Framework, 5.1.3).
        if self._platform.client_id not in audiences or (party or self._platform.client_id) != self._platform.client_id:
            raise LaunchRefused("wrong_audience", f"the token is for {_excerpt(audience)}")
        if len(audiences) > 1 and party is None:
            raise LaunchRefused("wrong_audience", "the token is for several, and names no authorised party")
        return self._platform.client_id

    def validate_state(self) -> "OwnLaunch":
        """Nothing: the login was found by it."""
        return self

    def validate_jwt_format(self) -> "OwnLaunch":
        super().validate_jwt_format()
        if not all(isinstance(part, dict) for part in (self._jwt.get("header"), self._jwt.get("body"))):
            raise LaunchRefused("invalid_message", "the token's parts are no JSON objects")
        return self

    def validate_nonce(self) -> "OwnLaunch":
        if self._jwt["body"].get("nonce") != self._session_service.nonce:
            raise LaunchRefused("replayed", "the token's nonce is not the one of this login")
        return self

    def validate_jwt_signature(self) -> "OwnLaunch":
        header: Mapping[str, Any] = self._jwt["header"]
        if (algorithm := header.get("alg")) not in _ALGORITHMS:
            raise LaunchRefused("bad_signature", f"the token is signed by {_excerpt(algorithm)}, which proves nothing")
        if not isinstance(kid := header.get("kid"), str):
            raise LaunchRefused("unknown_key", "the token does not name its key")
        try:
            key = self._jwks.key(self._platform.key_set_url, kid)
            claims = jwt.decode(
                self._get_id_token(),
                key,
                algorithms=[key.algorithm_name],
                audience=self._platform.client_id,
                issuer=self._platform.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": _REQUIRED},
            )
        except JwksUnavailable as error:
            raise LaunchRefused("keys_unavailable", str(error)) from error
        except UnknownKey as error:
            raise LaunchRefused("unknown_key", str(error)) from error
        except jwt.ExpiredSignatureError as error:
            raise LaunchRefused("expired") from error
        except jwt.ImmatureSignatureError as error:
            raise LaunchRefused("not_yet_valid") from error
        except jwt.InvalidAudienceError as error:
            raise LaunchRefused("wrong_audience") from error
        except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError, jwt.InvalidKeyError) as error:
            raise LaunchRefused("bad_signature", str(error)) from error
        except jwt.InvalidTokenError as error:
            raise LaunchRefused("invalid_message", str(error)) from error
        self._jwt["body"] = cast(TLaunchData, claims)
        return self

    def validate_deployment(self) -> "OwnLaunch":
        deployment_id = self._get_deployment_id()
        if deployment_id not in self._platform.deployments:
            raise LaunchRefused(
                "unknown_deployment", f"deployment {_excerpt(deployment_id)} of {self._platform.issuer}"
            )
        return self


def _excerpt(value: object) -> str:
    """A value of somebody else's, short enough for a page, in ASCII: it may hold what is no text."""
    return json.dumps(value)[:100]
