"""One launch: what a platform says of it at the beginning, and in the token at the end."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from tests.service.lti import names
from tests.service.lti.names import full
from tests.service.lti.registrations import Tool
from tests.service.lti.school import Context, Link, User
from tests.service.lti.signing import Json, SigningKey

LIFETIME = 300


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING: Any = _Missing()
"""As the value of a parameter or claim: it is not sent."""


@dataclass
class Twists:
    """What is sent otherwise than it should be; nothing, mostly.

    `login` and `answer` are parameters of the first and the last request, `claims` those of the token by full or short
    name, and `algorithm`, `key` and `header` how it is signed.
    """

    login: Json = field(default_factory=dict)
    claims: Json = field(default_factory=dict)
    header: Json = field(default_factory=dict)
    answer: Json = field(default_factory=dict)
    algorithm: str = "RS256"
    key: SigningKey | None = None


@dataclass
class Launch:
    """Somebody on the way to the tool."""

    user: User
    context: Context
    link: Link | None
    """The link that is followed; none where content is picked."""
    tool: Tool
    twists: Twists
    storage: str | None = None
    """The name of the frame in which the platform keeps things for the tool."""
    target: str = "iframe"
    is_hinted: bool = True
    """Whether the message hint is good: the request that brings it uses it up, and the launch begins with it anew."""
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    data: str = field(default_factory=lambda: f"{secrets.token_hex(8)} é=&\"'<")
    """What the tool has to give back with the content that is picked, whatever it looks like."""

    def login(self, issuer: str) -> dict[str, str]:
        """The parameters with which the platform begins it at the tool."""
        parameters = {
            "iss": issuer,
            "login_hint": f"hint-{self.user.id}",
            "target_link_uri": self.target_link_uri,
            "lti_message_hint": self.id,
            "client_id": self.tool.client_id,
            "lti_deployment_id": self.tool.deployment_id,
            "lti_storage_target": self.storage if self.storage else MISSING,
        }
        return without(parameters | self.twists.login)

    @property
    def target_link_uri(self) -> str:
        if self.link is None:
            return self.tool.deep_linking_uri
        return self.link.target or self.tool.target_link_uri

    def claims(self, issuer: str, nonce: str) -> Json:
        """What the token says."""
        now = int(time.time())
        said = {
            "iss": issuer,
            "aud": self.tool.client_id,
            "sub": f"sub-{self.user.id}",
            "iat": now,
            "exp": now + LIFETIME,
            "nonce": nonce,
            "given_name": self.user.given_name,
            "family_name": self.user.family_name,
            "name": self.user.name,
            "email": self.user.email,
            "locale": self.user.locale or MISSING,
            "version": names.VERSION,
            "deployment_id": self.tool.deployment_id,
            "target_link_uri": self.target_link_uri,
            "roles": self.context.roles_of(self.user),
            "context": {
                "id": self.context.id,
                "label": self.context.label,
                "title": self.context.title,
                "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"],
            },
            "tool_platform": {"guid": "lycee.example", "name": "Le lycée", "product_family_code": "double"},
            "launch_presentation": self._presentation(issuer),
            "lis": {"person_sourcedid": f"sis:{self.user.id}", "course_section_sourcedid": ""},
            "https://lycee.example/claim/timetable": {"nobody": "knows this"},
        }
        said |= self._linked() if self.link else self._picking(issuer)
        twisted = {full(name): value for name, value in said.items()}
        return without(twisted | {full(name): value for name, value in self.twists.claims.items()})

    def token(self, issuer: str, nonce: str, key: SigningKey) -> str:
        twists = self.twists
        signing = twists.key or key
        return signing.token(self.claims(issuer, nonce), algorithm=twists.algorithm, header=twists.header)

    def _presentation(self, issuer: str) -> Json:
        shown = {
            "document_target": self.target,
            "return_url": f"{issuer}/courses/{self.context.id}",
            "locale": self.user.locale or MISSING,
        }
        return without(shown)

    def _linked(self) -> Json:
        assert self.link is not None
        custom = {"custom": dict(self.link.custom)} if self.link.custom else {}
        return {
            "message_type": names.RESOURCE_LINK_REQUEST,
            "resource_link": {"id": self.link.id, "title": self.link.title},
        } | custom

    def _picking(self, issuer: str) -> Json:
        return {
            "message_type": names.DEEP_LINKING_REQUEST,
            "deep_linking_settings": {
                "deep_link_return_url": f"{issuer}/picked/{self.id}",
                "accept_types": ["link", names.RESOURCE_LINK],
                "accept_presentation_document_targets": ["iframe", "window"],
                "accept_multiple": False,
                "auto_create": True,
                "data": self.data,
            },
        }


def without(values: Json) -> Json:
    """`values` without those that are missing."""
    return {name: value for name, value in values.items() if value is not MISSING}
