"""Refusals of launches: each reason has a title and a text for people in service/messages/, `lti_<reason>_…`."""

from typing import Literal, get_args

from reperage.service.errors import ServiceError

Reason = Literal[
    "unknown_platform",
    "unknown_deployment",
    "wrong_audience",
    "expired",
    "not_yet_valid",
    "replayed",
    "state_missing",
    "state_unknown",
    "other_browser",
    "bad_signature",
    "unknown_key",
    "keys_unavailable",
    "foreign_address",
    "invalid_message",
    "no_context",
    "not_mapped",
    "not_invited",
    "not_registered",
    "session_ended",
    "teachers_only",
]
REASONS: tuple[Reason, ...] = get_args(Reason)

_STATUSES: dict[Reason, int] = {
    "invalid_message": 400,
    "state_missing": 400,
    "foreign_address": 400,
    "no_context": 400,
    "session_ended": 401,
    "keys_unavailable": 502,
    "not_registered": 502,
}


class LaunchRefused(ServiceError):
    """A launch, or what follows it, is refused; `str(error)` is for whoever looks after the LMS."""

    title = "The launch is refused"

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail)
        self.reason: Reason = reason

    @property
    def page_status(self) -> int:
        """The HTTP status of the page that says so."""
        return _STATUSES.get(self.reason, 403)
