"""`/lti/deep-link`: a link that a teacher puts into a course of the platform."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from reperage.service.http.request_origin import own_address
from reperage.service.http.requirements import OPEN
from reperage.service.http.services_of import services_of
from reperage.service.lti.pages import page
from reperage.service.lti.refusals import LaunchRefused
from reperage.service.lti.request_fields import Fields, platform_by_id
from reperage.service.urls import origin_of_address

router = APIRouter(include_in_schema=False)


@router.post("/lti/deep-link", dependencies=[OPEN])
def deep_link(request: Request, fields: Fields) -> Response:
    """The link that a teacher has made, on its way back to the platform; none where they have changed their mind."""
    from reperage.service.access.lti_keys import SigningKeys
    from reperage.service.lti.deep_linking import custom_of, response_token

    services = services_of(request)
    tokens, database = services.tokens, services.database
    # The form may stay open for as long as the request for the link is good.
    session = tokens.launch.renewable(fields.get("token", ""))
    link_request = tokens.deep_link.read(fields.get("link", ""))
    if session is None or link_request is None or not link_request.is_of(session):
        raise LaunchRefused("session_ended")
    platform = platform_by_id(database, session.platform_id)
    if session.deployment_id not in platform.deployments:
        raise LaunchRefused("unknown_deployment", f"deployment {session.deployment_id[:100]!r}")
    title = "" if "cancel" in fields else " ".join(fields.get("title", "").split())[:100] or "Repère"
    keys, launch_url = SigningKeys(database, services.secret_keys), f"{own_address(request)}/lti/launch"
    settings = link_request.settings
    token = response_token(keys, platform, session.deployment_id, settings, title, launch_url, custom_of(fields))
    address = settings["deep_link_return_url"]
    # The platform may lead on to another of its hosts, which our policy would forbid.
    allowed = {origin_of_address(address): None} | dict.fromkeys(platform.frame_origins)
    return page(
        request,
        "lti/return.html",
        platform.frame_origins,
        form_action=" ".join(allowed),
        address=address,
        token=token,
    )
