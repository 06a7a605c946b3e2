"""What a login may bring and leave, and where a link may be sent."""

from pathlib import Path

import httpx
import pytest
from pydantic import HttpUrl

from reperage.index.encoder import Encoder
from reperage.service.database.engine import Database
from reperage.service.database.lti import add_platform
from reperage.service.settings import Settings
from tests.service.lti.launching import launch, log_in
from tests.service.lti.messages import Twists
from tests.service.lti.platform import LtiPlatform
from tests.service.lti.school import CAMILLE, DOMINIQUE
from tests.service.lti.served import Lti, assert_refused
from tests.service.serving import copy_home, serving

pytestmark = pytest.mark.model
SETTINGS = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"


def set_cookie(response: httpx.Response) -> tuple[str, set[str]]:
    name, *attributes = response.headers["set-cookie"].split("; ")
    return name.partition("=")[0], set(attributes)


def test_the_proof_comes_back_within_frames_and_to_us_alone(
    lti: Lti, platform: LtiPlatform, client: httpx.Client
) -> None:
    _, attributes = set_cookie(log_in(client, platform, platform.begin(CAMILLE)))
    assert {"HttpOnly", "Secure", "SameSite=None", "Partitioned", "Path=/", "Max-Age=600"} == attributes


def test_no_other_host_of_a_site_can_set_the_proof(
    home: Path, encoder: Encoder, lti: Lti, platform: LtiPlatform, tmp_path: Path
) -> None:
    """By its name, which browsers guard; under a path of another's site too."""
    own = copy_home(home, tmp_path)
    database = Database(f"sqlite:///{own / 'repere.sqlite3'}")
    database.migrate()
    known = next(one for one in lti.platforms() if one.issuer == platform.url)
    add_platform(database, known)
    database.close()
    settings = Settings(home=own, public_url=HttpUrl("https://lycee.example/repere"))
    query = {"iss": known.issuer, "client_id": known.client_id, "login_hint": "x"}
    with serving(settings, encoder) as public:
        answered = public.client.get("/lti/login", params=query)
        name, attributes = set_cookie(answered)
    assert name.startswith("__Host-")
    assert "Path=/" in attributes
    assert not any(attribute.startswith("Domain") for attribute in attributes)


def test_a_login_that_would_fill_the_disk_leaves_nothing(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    begun = platform.begin(CAMILLE, twists=Twists(login={"login_hint": "x" * 20_000}))
    assert_refused(log_in(client, platform, begun, "post"), 400, "invalid_message")


@pytest.mark.parametrize(
    "address",
    [
        "http://evil.example/",
        "https://user:password@evil.example/",
        "https://a.example; frame-ancestors *; x/y",
        "https://*/x",
        "https://[/",
        "javascript:alert(1)",
        "https://日本.example/",
    ],
)
def test_a_link_is_sent_to_no_odd_address(lti: Lti, platform: LtiPlatform, client: httpx.Client, address: str) -> None:
    lti.map(platform)
    settings = {
        "deep_link_return_url": address,
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe"],
    }
    twisted = platform.begin(DOMINIQUE, link=None, twists=Twists(claims={SETTINGS: settings}))
    assert_refused(launch(client, platform, twisted), 400, "foreign_address")
