"""Platforms make themselves known, by an invitation that is good once."""

import secrets
from collections.abc import Callable, Iterator
from html import unescape
from types import SimpleNamespace

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from reperage.service.access.secret_digest import secret_digest
from reperage.service.clock import now
from reperage.service.database.lti import Invitation, store_invitation
from reperage.service.messages import messages
from tests.service.lti import registrations
from tests.service.lti.launching import launch
from tests.service.lti.names import DEEP_LINKING_REQUEST, RESOURCE_LINK_REQUEST, TOOL_CONFIGURATION
from tests.service.lti.platform import LtiPlatform
from tests.service.lti.school import DOMINIQUE
from tests.service.lti.served import Lti, assert_refused, token_of
from tests.service.serving import listening

pytestmark = pytest.mark.model


@pytest.fixture
def unknown() -> Iterator[LtiPlatform]:
    """A platform that the service has never heard of."""
    with LtiPlatform() as started:
        yield started
        assert started.violations == []


def invitation(lti: Lti, *, ends: int = 60_000, courses: tuple[str, ...] = ()) -> str:
    """The address of an invitation, as `repere lti invite` prints it."""
    written = secrets.token_urlsafe(16)
    given = Invitation(secret_digest(written), "Le lycée", frozenset(courses), (), now() + ends)
    store_invitation(lti.served.app.state.services.database, given)
    return f"{lti.url}/lti/register?invitation={written}"


def test_a_platform_registers_itself_and_launches(lti: Lti, unknown: LtiPlatform, client: httpx.Client) -> None:
    answered = client.get(unknown.invitation(invitation(lti)))
    assert answered.status_code == 200, answered.text
    assert messages("fr")["lti_registered_title"] in unescape(answered.text)
    known = next(one for one in lti.platforms() if one.issuer == unknown.url)
    assert known.name == "Le lycée"
    assert known.deployments == {unknown.tool.deployment_id}
    told = unknown.registered[0]
    assert {message["type"] for message in told[TOOL_CONFIGURATION]["messages"]} == {
        RESOURCE_LINK_REQUEST,
        DEEP_LINKING_REQUEST,
    }
    assert not {"name", "email", "given_name"} & set(told[TOOL_CONFIGURATION]["claims"])
    assert token_of(launch(client, unknown, unknown.begin(DOMINIQUE)))


def test_an_invitation_is_good_once(lti: Lti, unknown: LtiPlatform, client: httpx.Client) -> None:
    address = invitation(lti)
    assert client.get(unknown.invitation(address)).status_code == 200
    assert_refused(client.get(unknown.invitation(address)), 403, "not_invited")
    assert len(unknown.registered) == 1


@pytest.mark.parametrize("which", ["none", "made up", "ended"])
def test_nobody_registers_without_an_invitation(
    lti: Lti, unknown: LtiPlatform, client: httpx.Client, which: str
) -> None:
    bare = f"{lti.url}/lti/register"
    address = {"none": bare, "made up": f"{bare}?invitation=x", "ended": invitation(lti, ends=-1)}[which]
    assert_refused(client.get(unknown.invitation(address)), 403, "not_invited")
    assert unknown.registered == []


def test_a_platform_that_does_not_tell_its_deployment_may_be_told_of_it_later(lti: Lti, client: httpx.Client) -> None:
    with LtiPlatform(with_deployment=False) as unknown:
        answered = client.get(unknown.invitation(invitation(lti)))
        assert messages("fr")["lti_registered_deployment"] in unescape(answered.text)
        refused = launch(client, unknown, unknown.begin(DOMINIQUE))
        assert_refused(refused, 403, "unknown_deployment")
        # Whoever has to add it reads it there.
        assert unknown.tool.deployment_id in refused.text


Answer = Callable[[Request, str], Response]
BROKEN: dict[str, Answer] = {
    "no platform": lambda request, url: Response("<h1>Connexion</h1>", media_type="text/html"),
    "failing": lambda request, url: Response(status_code=500),
    "another issuer's": lambda request, url: JSONResponse(configuration(url) | {"issuer": "https://elsewhere.example"}),
    "without an issuer": lambda request, url: JSONResponse(configuration(url) | {"issuer": None}),
    "a list": lambda request, url: JSONResponse([configuration(url)]),
    "elsewhere": lambda request, url: RedirectResponse("http://192.0.2.1/"),
    "registering in the clear": lambda request, url: JSONResponse(
        configuration(url) | {"registration_endpoint": "http://192.0.2.1/registration"}
    ),
    "huge": lambda request, url: JSONResponse(configuration(url) | {"more": "x" * 5_000_000}),
    "broken off": lambda request, url: Response("{", headers={"content-length": "5000"}),
    "nested deeply": lambda request, url: Response("[" * 100_000, media_type="application/json"),
    "registering nothing": lambda request, url: JSONResponse(configuration(url)),
}


def configuration(url: str) -> dict[str, object]:
    names = ("authorization_endpoint", "jwks_uri", "registration_endpoint", "token_endpoint")
    return {"issuer": url} | {name: f"{url}/{name}" for name in names}


@pytest.mark.parametrize("how", BROKEN)
def test_a_platform_that_answers_wrongly_is_not_registered_and_may_try_again(
    lti: Lti, unknown: LtiPlatform, client: httpx.Client, how: str
) -> None:
    state = {"url": ""}

    async def answer(request: Request) -> Response:
        return BROKEN[how](request, state["url"])

    async def nothing(request: Request) -> Response:
        return JSONResponse({}, 201)

    app = Starlette(routes=[Route("/config", answer), Route("/registration_endpoint", nothing, methods=["POST"])])
    before, address = len(lti.platforms()), invitation(lti)
    with listening(app) as url:
        state["url"] = url
        answered = client.get(f"{address}&openid_configuration={url}/config&registration_token=t")
    assert_refused(answered, 502, "not_registered")
    assert len(lti.platforms()) == before
    assert client.get(unknown.invitation(address)).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["", "x", "file:///etc/passwd", "http://192.0.2.1/", "https://user:secret@127.0.0.1/", "gopher://127.0.0.1/", "//"],
)
def test_an_address_of_a_configuration_that_is_none(lti: Lti, client: httpx.Client, address: str) -> None:
    invited = invitation(lti)
    answered = client.get(httpx.URL(invited).copy_merge_params({"openid_configuration": address}))
    assert_refused(answered, 502, "not_registered")


def test_a_platform_that_is_known_is_not_replaced_by_whoever_is_invited(
    lti: Lti, unknown: LtiPlatform, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It gives everybody the same client ID.
    monkeypatch.setattr(registrations, "secrets", SimpleNamespace(token_hex=lambda length: "same"))
    assert client.get(unknown.invitation(invitation(lti))).status_code == 200
    before = next(one for one in lti.platforms() if one.issuer == unknown.url)
    address = invitation(lti)
    for _ in range(2):  # It is still good.
        assert_refused(client.get(unknown.invitation(address)), 502, "not_registered")
    assert next(one for one in lti.platforms() if one.issuer == unknown.url) == before


def test_frame_origins_of_an_invitation_are_those_of_the_platform(
    lti: Lti, unknown: LtiPlatform, client: httpx.Client
) -> None:
    written = secrets.token_urlsafe(16)
    origins = ("https://lycee.example",)
    given = Invitation(secret_digest(written), "", frozenset(), origins, now() + 60_000)
    store_invitation(lti.served.app.state.services.database, given)
    answered = client.get(unknown.invitation(f"{lti.url}/lti/register?invitation={written}"))
    assert "https://lycee.example" in answered.headers["content-security-policy"].partition("frame-ancestors")[2]
    assert next(one for one in lti.platforms() if one.issuer == unknown.url).frame_origins[0] == origins[0]
