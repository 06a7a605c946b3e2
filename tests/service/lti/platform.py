"""A platform of LTI 1.3 on this machine, as strict as the specifications, with people, courses and links.

    with LtiPlatform() as platform:
        platform.register(at("http://localhost:8000"))
        response = launch(browser(), platform, platform.begin(CAMILLE))
        ...
        assert platform.violations == []

What the tool does against the specifications (LTI 1.3, its security framework, deep linking 2.0, dynamic registration
1.0, client side postMessages) is refused as a real platform would, and stands in `violations`. What the platform itself
shall do wrong is a launch's `Twists`, and `key_set`, how its keys are served.
"""

import secrets
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlencode, urlsplit

from tests.service.lti.messages import Launch, Twists
from tests.service.lti.registrations import Tool
from tests.service.lti.school import Context, Link, User, contexts
from tests.service.lti.server import KeySet, Server
from tests.service.lti.signing import Json, SigningKey
from tests.service.serving import listening


@dataclass
class LtiPlatform:
    """The platform. `register` makes a tool known, `begin` a launch."""

    with_deployment: bool = True
    """Whether a dynamic registration tells the deployment, which a platform need not."""
    key: SigningKey = field(default_factory=lambda: SigningKey.of("platform-1"))
    key_set: KeySet = "good"
    keys_asked: int = 0
    """How often its keys were asked for."""
    tools: dict[str, Tool] = field(default_factory=dict)
    courses: dict[str, Context] = field(default_factory=contexts)
    violations: list[str] = field(default_factory=list)
    registered: list[Json] = field(default_factory=list)
    """What dynamic registrations brought."""
    answers: list[dict[str, str]] = field(default_factory=list)
    """What tools were sent at the end of launches."""
    url: str = ""
    launches: dict[str, Launch] = field(default_factory=dict)
    invited: set[str] = field(default_factory=set)
    """The tokens of registrations that may be made."""

    def __post_init__(self) -> None:
        self._running = ExitStack()

    def __enter__(self) -> Self:
        self.url = self._running.enter_context(listening(Server(self).app))
        return self

    def __exit__(self, *_: object) -> None:
        self.key_set = "good"
        self._running.close()

    def register(self, tool: Tool) -> Tool:
        self.tools[tool.client_id] = tool
        return tool

    @property
    def tool(self) -> Tool:
        """The one that was registered last."""
        return list(self.tools.values())[-1]

    @property
    def configuration_url(self) -> str:
        return f"{self.url}/.well-known/openid-configuration"

    @property
    def authorization_url(self) -> str:
        return f"{self.url}/authorize"

    @property
    def key_set_url(self) -> str:
        return f"{self.url}/keys"

    def begin(
        self,
        user: User,
        context: str = "c-101",
        link: Link | str | None = "",
        *,
        storage: str | None = None,
        target: str = "iframe",
        twists: Twists | None = None,
        tool: Tool | None = None,
    ) -> Launch:
        """Somebody follows a link of a course, its first where none is named, or with `None` picks content."""
        course = self.courses[context]
        followed = next(iter(course.links.values())) if link == "" else link
        followed = course.links[followed] if isinstance(followed, str) else followed
        launch = Launch(user, course, followed, tool or self.tool, twists or Twists(), storage, target)
        self.launches[launch.id] = launch
        return launch

    def page_of(self, launch: Launch, method: str = "get") -> str:
        """The address of the course's page with the tool in a frame, where the launch begins by itself."""
        return f"{self.url}/courses/{launch.context.id}?{urlencode({'launch': launch.id, 'method': method})}"

    def window_of(self, launch: Launch, method: str = "get") -> str:
        """The address that begins the launch in the whole window."""
        return f"{self.url}/begin/{launch.id}?{urlencode({'method': method})}"

    def invitation(self, address: str) -> str:
        """The tool's address for a dynamic registration, with what the platform adds to it."""
        token = secrets.token_urlsafe(24)
        self.invited.add(token)
        added = urlencode({"openid_configuration": self.configuration_url, "registration_token": token})
        return f"{address}{'&' if urlsplit(address).query else '?'}{added}"

    def installing_page(self, address: str) -> str:
        """The address of an administrator's page, where the tool at `address` registers itself in a frame."""
        return f"{self.url}/install?{urlencode({'tool': self.invitation(address)})}"

    def rotate(self) -> SigningKey:
        """Sign with another key from now on; the old one is no longer published."""
        self.key = SigningKey.of(f"platform-{secrets.token_hex(2)}")
        return self.key
