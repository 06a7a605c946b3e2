"""Who may do what: one `Caller` for every channel, and what each route takes."""

from dataclasses import dataclass
from typing import Literal

from reperage.service.errors import Forbidden, NoCredentials

Role = Literal["student", "teacher", "administrator"]
Channel = Literal["web", "api", "slack", "lti", "command_line"]

_RANKS: dict[Role, int] = {"student": 0, "teacher": 1, "administrator": 2}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks. `person` is a pseudonym; `courses` are those that may be asked, `None` for all.

    `tenant` names the platform and deployment of the LMS that has sent them; empty for everybody else.
    """

    person: str
    courses: frozenset[str] | None = None
    role: Role = "student"
    channel: Channel = "api"
    tenant: str = ""

    def may_read(self, course: str) -> bool:
        return self.courses is None or course in self.courses


COMMAND_LINE = Caller("command-line", role="administrator", channel="command_line")
"""Whoever runs the program on this machine."""


def lower(one: Role, other: Role) -> Role:
    """The role of the two that may do less."""
    return min(one, other, key=_RANKS.__getitem__)


def check(caller: Caller | None, least: Role, key: Role | None = None) -> Caller:
    """The caller, where they are let in as `least` at least. `key`: the role of the key that they come with, if any.

    Raises:
        NoCredentials: nobody is known, and nothing is open to everybody.
        Forbidden: it takes another role.
    """
    if caller is None:
        raise NoCredentials(
            "Send a key as `Authorization: Bearer …`; `repere keys create` makes one. Pages ask with a session, once "
            "their site is registered with `repere sites add`."
        )
    if _RANKS[caller.role] < _RANKS[least]:
        detail = f"This takes the role {least!r}; you have {caller.role!r}."
        if key is not None and _RANKS[key] < _RANKS[least]:
            detail += f" The key is of the role {key!r}, and nobody who comes with it has more."
        raise Forbidden(detail)
    return caller
