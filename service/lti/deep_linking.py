"""Links to the assistant that a teacher puts into a course of the LMS (LTI Deep Linking 2.0)."""

from collections.abc import Mapping
from typing import Any

from pylti1p3.deep_link import DeepLink
from pylti1p3.deep_link_resource import DeepLinkResource

from reperage.service.access.lti_keys import SigningKeys
from reperage.service.database.lti import Platform

KINDS = ("section", "question")
"""Kinds of what a link may hold: a section as `document#anchor`, or a first question."""
LONGEST = 500
"""Characters of what a link holds: it stands in an address."""


def response_token(
    keys: SigningKeys,
    platform: Platform,
    deployment_id: str,
    settings: Mapping[str, Any],
    title: str,
    launch_url: str,
    custom: Mapping[str, str],
) -> str:
    """Signed answer to a request for a link: one link, or none where `title` is empty. Blocks.

    Raises:
        StateUnavailable: there is no key to sign with.
    """
    link = DeepLink(keys.sign_for(platform), deployment_id, settings)  # type: ignore[arg-type]
    resource = DeepLinkResource().set_title(title).set_url(launch_url).set_custom_params(custom)
    message = link.get_message_jwt([resource] if title else [])
    # What was not sent is not sent back, as null either.
    data = "https://purl.imsglobal.org/spec/lti-dl/claim/data"
    if message[data] is None:
        del message[data]
    return str(link.encode_jwt(message))  # type: ignore[no-untyped-call]


def custom_of(fields: Mapping[str, str]) -> dict[str, str]:
    """Custom parameters of a link, as the teacher has filled in the form: nothing for the assistant of the course."""
    kind = fields.get("kind", "")
    value = fields.get(kind, "").strip()[:LONGEST] if kind in KINDS else ""
    return {kind: value} if value else {}
