"""The double of a platform is as strict as the specifications: what they forbid a tool, it refuses and remembers."""

import secrets
import time
from collections.abc import Iterator

import httpx
import jwt
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.service.lti import names, registrations
from tests.service.lti.launching import browser, form_of
from tests.service.lti.messages import MISSING, Launch, Twists
from tests.service.lti.names import full
from tests.service.lti.platform import LtiPlatform
from tests.service.lti.registrations import Tool, at
from tests.service.lti.school import CAMILLE, DOMINIQUE, contexts
from tests.service.lti.server import Server
from tests.service.lti.signing import Json, SigningKey
from tests.service.serving import listening

KEY = SigningKey.of("tool-1")


@pytest.fixture(scope="module")
def running() -> Iterator[LtiPlatform]:
    """A platform, and a tool of which nothing is there but its keys."""
    with (
        LtiPlatform() as started,
        listening(Starlette(routes=[Route("/lti/jwks", lambda _: JSONResponse({"keys": [KEY.jwk()]}))])) as url,
    ):
        started.register(at(url))
        yield started


@pytest.fixture
def platform(running: LtiPlatform) -> LtiPlatform:
    """The same as if nothing had happened."""
    running.courses = contexts()
    running.violations.clear()
    return running


@pytest.fixture
def tool(platform: LtiPlatform) -> Tool:
    return platform.tool


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with browser() as opened:
        yield opened


def asked(launch: Launch, **changes: object) -> dict[str, str]:
    """The parameters of a good request for authorization, and what is changed in them."""
    parameters = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": launch.tool.client_id,
        "redirect_uri": launch.tool.redirect_uris[0],
        "login_hint": f"hint-{launch.user.id}",
        "lti_message_hint": launch.id,
        "state": "s" * 32,
        "nonce": secrets.token_hex(16),
    } | changes
    return {name: value for name, value in parameters.items() if value is not MISSING}


def test_a_good_request_is_answered_with_a_token(platform: LtiPlatform, tool: Tool, client: httpx.Client) -> None:
    launch = platform.begin(CAMILLE)
    client.get(platform.window_of(launch))
    answered = form_of(client.get(platform.authorization_url, params=asked(launch, nonce="n" * 32)).text)
    assert answered.address == tool.redirect_uris[0]
    assert answered.fields["state"] == "s" * 32
    key = client.get(platform.key_set_url).json()["keys"][0]
    claims = jwt.decode(
        answered.fields["id_token"], jwt.PyJWK(key), ["RS256"], issuer=platform.url, audience=tool.client_id
    )
    assert claims["nonce"] == "n" * 32
    assert claims[full("roles")][0] == names.LEARNER
    assert platform.violations == []


@pytest.mark.parametrize(
    "change",
    [
        {"scope": "openid profile"},
        {"response_type": "code"},
        {"response_mode": MISSING},
        {"prompt": MISSING},
        {"nonce": MISSING},
        {"nonce": "1"},
        {"state": MISSING},
        {"login_hint": "hint-u-0815"},
        {"lti_message_hint": "another"},
        {"lti_message_hint": MISSING},
    ],
    ids=str,
)
def test_a_wrong_request_is_answered_with_an_error(
    platform: LtiPlatform, tool: Tool, client: httpx.Client, change: dict[str, object]
) -> None:
    launch = platform.begin(CAMILLE)
    client.get(platform.window_of(launch))
    answered = form_of(client.get(platform.authorization_url, params=asked(launch, **change)).text)
    assert answered.fields["error"] == "invalid_request"
    assert "id_token" not in answered.fields
    assert len(platform.violations) == 1


@pytest.mark.parametrize("change", [{"client_id": "another"}, {"redirect_uri": "http://127.0.0.1/lti/launch"}], ids=str)
def test_nobody_is_sent_to_an_address_that_is_not_the_tools(
    platform: LtiPlatform, tool: Tool, client: httpx.Client, change: dict[str, object]
) -> None:
    launch = platform.begin(CAMILLE)
    client.get(platform.window_of(launch))
    answered = client.get(platform.authorization_url, params=asked(launch, **change))
    assert answered.status_code == 400
    assert "<form" not in answered.text
    assert len(platform.violations) == 1


def test_a_redirect_address_with_more_in_it_is_another(platform: LtiPlatform, tool: Tool, client: httpx.Client) -> None:
    launch = platform.begin(CAMILLE)
    address = f"{tool.redirect_uris[0]}?more=1"
    assert client.get(platform.authorization_url, params=asked(launch, redirect_uri=address)).status_code == 400
    assert len(platform.violations) == 1


def test_a_nonce_is_taken_once(platform: LtiPlatform, tool: Tool, client: httpx.Client) -> None:
    launch = platform.begin(CAMILLE)
    client.get(platform.window_of(launch))
    for expected in ([], ["authorization: the nonce was used before"]):
        client.get(platform.authorization_url, params=asked(launch, nonce="o" * 32))
        assert platform.violations == expected


def test_somebody_who_is_not_signed_in_gets_no_token(platform: LtiPlatform, tool: Tool, client: httpx.Client) -> None:
    launch = platform.begin(CAMILLE)
    answered = form_of(client.get(platform.authorization_url, params=asked(launch)).text)
    assert answered.fields["error"] == "login_required"
    assert platform.violations == []


def response(platform: LtiPlatform, launch: Launch, **changes: object) -> Json:
    """What a tool says when content was picked, and what is changed in it."""
    now = int(time.time())
    item = {"type": names.RESOURCE_LINK, "title": "Un lien", "url": f"{launch.tool.origin}/lti/launch"}
    claims = {
        "iss": launch.tool.client_id,
        "aud": platform.url,
        "iat": now,
        "exp": now + 60,
        "nonce": secrets.token_hex(16),
        "message_type": names.DEEP_LINKING_RESPONSE,
        "version": names.VERSION,
        "deployment_id": launch.tool.deployment_id,
        "data": launch.data,
        "content_items": [item | {"custom": {"section": "1"}}],
    } | changes
    return {full(name): value for name, value in claims.items() if value is not MISSING}


def test_content_that_was_picked_is_kept(platform: LtiPlatform, tool: Tool, client: httpx.Client) -> None:
    launch = platform.begin(DOMINIQUE, link=None)
    client.get(platform.window_of(launch))
    returned = client.post(f"{platform.url}/picked/{launch.id}", data={"JWT": KEY.token(response(platform, launch))})
    assert returned.status_code == 200, returned.text
    assert [link.custom for link in launch.context.links.values()] == [{}, {"section": "1"}]
    assert platform.violations == []


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "another"},
        {"aud": "another"},
        {"aud": MISSING},
        {"nonce": MISSING},
        {"exp": MISSING},
        {"exp": 1},
        {"exp": 9_999_999_999},
        {"version": "1.3"},
        {"message_type": names.DEEP_LINKING_REQUEST},
        {"deployment_id": "2"},
        {"data": "another"},
        {"data": MISSING},
        {"content_items": {}},
        {"content_items": [{"type": names.RESOURCE_LINK}] * 2},
        {"content_items": [{"type": "html"}]},
        {"content_items": [{"type": names.RESOURCE_LINK, "url": "http://another/"}]},
        {"content_items": [{"type": names.RESOURCE_LINK, "custom": {"section": 1}}]},
        {"content_items": [{"type": names.RESOURCE_LINK, "colour": "red"}]},
    ],
    ids=str,
)
def test_content_is_refused_that_is_not_told_as_it_should_be(
    platform: LtiPlatform, tool: Tool, client: httpx.Client, change: dict[str, object]
) -> None:
    launch = platform.begin(DOMINIQUE, link=None)
    client.get(platform.window_of(launch))
    token = KEY.token(response(platform, launch, **change))
    assert client.post(f"{platform.url}/picked/{launch.id}", data={"JWT": token}).status_code == 400
    assert len(platform.violations) == 1
    assert len(launch.context.links) == 1


@pytest.mark.parametrize("how", ["unsigned", "HS256", "another key"])
def test_content_is_refused_that_the_tool_has_not_signed(
    platform: LtiPlatform, tool: Tool, client: httpx.Client, how: str
) -> None:
    launch = platform.begin(DOMINIQUE, link=None)
    client.get(platform.window_of(launch))
    claims = response(platform, launch)
    token = {
        "unsigned": KEY.token(claims, algorithm="none"),
        "HS256": KEY.token(claims, algorithm="HS256"),
        "another key": SigningKey.of("another").token(claims, header={"kid": KEY.kid}),
    }[how]
    assert client.post(f"{platform.url}/picked/{launch.id}", data={"JWT": token}).status_code == 400
    assert len(platform.violations) == 1


def registration(base: str, **changes: object) -> Json:
    own = {
        "domain": base.removeprefix("http://"),
        "target_link_uri": f"{base}/lti/launch",
        "claims": ["iss", "sub"],
        "messages": [{"type": names.DEEP_LINKING_REQUEST, "target_link_uri": f"{base}/lti/pick"}],
    }
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "client_name": "Un outil",
        "initiate_login_uri": f"{base}/lti/login",
        "redirect_uris": [f"{base}/lti/launch"],
        "jwks_uri": f"{base}/lti/jwks",
        "scope": "",
        names.TOOL_CONFIGURATION: own | changes.pop("own", {}),
    } | changes


@pytest.mark.parametrize("with_deployment", [True, False])
def test_a_tool_registers_itself_once_for_each_invitation(client: httpx.Client, with_deployment: bool) -> None:
    with LtiPlatform(with_deployment=with_deployment) as platform:
        given = httpx.URL(platform.invitation("http://tool/register?mine=1")).params
        assert given["mine"] == "1"
        endpoint = client.get(given["openid_configuration"]).json()["registration_endpoint"]
        bearer = {"Authorization": f"Bearer {given['registration_token']}"}
        made = client.post(endpoint, json=registration("http://tool"), headers=bearer)
        assert made.status_code == 201
        assert made.json()["client_id"] == platform.tool.client_id
        assert ("deployment_id" in made.json()[names.TOOL_CONFIGURATION]) == with_deployment
        assert platform.tool.deep_linking_uri == "http://tool/lti/pick"
        assert platform.violations == []
        assert client.post(endpoint, json=registration("http://tool"), headers=bearer).status_code == 401
        assert len(platform.violations) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"application_type": "native"},
        {"response_types": ["code"]},
        {"grant_types": ["implicit"]},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"client_name": MISSING},
        {"redirect_uris": []},
        {"redirect_uris": ["http://another/lti/launch"]},
        {"jwks_uri": MISSING},
        {"own": {"domain": "another"}},
        {"own": {"messages": [{"type": "LtiUnknown"}]}},
    ],
    ids=str,
)
def test_a_registration_that_is_not_as_it_should_be_is_refused(change: dict[str, object]) -> None:
    body = {name: value for name, value in registration("http://tool", **change).items() if value is not MISSING}
    assert registrations.asked(body)[1]
    assert not registrations.asked(registration("http://tool"))[1]


def test_what_is_twisted_is_sent_otherwise(platform: LtiPlatform, tool: Tool, client: httpx.Client) -> None:
    twists = Twists(
        login={"iss": "another"}, claims={"nonce": "0", "roles": MISSING}, answer={"state": "0"}, algorithm="none"
    )
    launch = platform.begin(CAMILLE, twists=twists)
    assert "iss=another" in client.get(platform.window_of(launch)).headers["location"]
    answered = form_of(client.get(platform.authorization_url, params=asked(launch)).text).fields
    assert answered["state"] == "0"
    assert jwt.get_unverified_header(answered["id_token"])["alg"] == "none"
    claims = jwt.decode(answered["id_token"], options={"verify_signature": False})
    assert claims["nonce"] == "0"
    assert full("roles") not in claims


def test_every_endpoint_is_there(platform: LtiPlatform) -> None:
    told = httpx.get(platform.configuration_url).json()
    served = {route.path for route in Server(platform).app.routes}
    assert {
        httpx.URL(told[name]).path for name in ("authorization_endpoint", "jwks_uri", "registration_endpoint")
    } < served
