"""The service as a platform meets it."""

import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from reperage.corpus.shipped import shipped_material
from reperage.service.access.lti_platforms import new_platform
from reperage.service.access.signed_tokens import LAUNCH_PREFIX
from reperage.service.database.lti import Context, Platform, add_platform, all_platforms, make_course, map_context
from reperage.service.lti.refusals import Reason
from reperage.service.messages import messages
from tests.service.lti.platform import LtiPlatform
from tests.service.lti.registrations import at
from tests.service.serving import Served

TOKEN = re.compile(rf"\b{LAUNCH_PREFIX}[\w.-]{{40,}}")


@dataclass(frozen=True)
class Lti:
    """The service, where platforms reach it, and its home."""

    served: Served
    home: Path

    @property
    def url(self) -> str:
        return self.served.url

    def add(self, platform: Platform) -> None:
        add_platform(self.served.app.state.services.database, platform)
        self.served.app.state.services.registry.read_again()

    def map(self, platform: LtiPlatform, course: str = "docker", context: str = "c-101") -> None:
        """Give one of a platform's courses its course, as its teacher would."""
        tool = platform.tool
        known = next(one for one in self.platforms() if one.issuer == platform.url and one.client_id == tool.client_id)
        where = Context(known.id, tool.deployment_id, context)
        database = self.served.app.state.services.database
        if course in shipped_material():
            map_context(database, where, course, 0)
        else:
            assert make_course(database, where, [course], 0) == course
        self.served.app.state.services.registry.read_again()

    def platforms(self) -> list[Platform]:
        return all_platforms(self.served.app.state.services.database)

    def session(self, token: str) -> dict[str, Any]:
        """What the API tells a view of its launch."""
        response = self.get("/v1/lti/session", token)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def get(self, path: str, token: str) -> httpx.Response:
        return self.served.client.get(path, headers={"Authorization": f"Bearer {token}"})


def introduce(lti: Lti, platform: LtiPlatform, base: str = "", client_id: str = "client-1") -> None:
    """Register the service with a platform, and the platform with the service, by hand."""
    tool = platform.register(at(base or lti.url, client_id))
    known = new_platform(
        platform.url,
        tool.client_id,
        platform.authorization_url,
        platform.key_set_url,
        deployments=frozenset({tool.deployment_id}),
    )
    lti.add(known)


def token_of(response: httpx.Response) -> str:
    """The token that a launch has ended with."""
    assert response.status_code == 200, response.text
    found = set(TOKEN.findall(unescape(response.text)))
    assert len(found) == 1, response.text
    return str(found.pop())


def assert_refused(response: httpx.Response, status: int, *reasons: Reason, language: str = "fr") -> None:
    """A page that a person understands, which tells why, gives no session and repeats nothing of a token."""
    page = unescape(response.text)
    assert response.status_code == status, page
    assert response.headers["content-type"].startswith("text/html")
    titles = [messages(language)[f"lti_{reason}_title"] for reason in reasons]
    texts = [messages(language)[f"lti_{reason}_detail"] for reason in reasons]
    assert any(title in page and text in page for title, text in zip(titles, texts, strict=True)), page
    assert f'<html lang="{language}"' in page
    assert not TOKEN.search(page)
    assert "eyJ" not in page
    assert "Traceback" not in page
    assert response.headers["cache-control"] == "no-store"
