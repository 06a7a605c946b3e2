"""`/lti`: what makes Repère a tool of a platform: its keys, registrations, and links that teachers put into courses."""

from time import monotonic

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from reperage.service.access.secret_digest import secret_digest
from reperage.service.clock import now
from reperage.service.database.lti import add_new_platform, store_invitation, take_invitation
from reperage.service.http.request_origin import own_address
from reperage.service.http.requirements import OPEN
from reperage.service.http.services_of import services_of
from reperage.service.lti.incoming import Fields, count_session, database_of, platform_by_id, read_again
from reperage.service.lti.pages import page
from reperage.service.lti.refusals import Refused
from reperage.service.urls import origin_of_address

router = APIRouter(include_in_schema=False)

_KEY_SET_SECONDS = 60.0
_FRESH = {"Cache-Control": "public, max-age=600"}


@router.post("/lti/deep-link", dependencies=[OPEN])
def deep_link(request: Request, fields: Fields) -> Response:
    """The link that a teacher has made, on its way back to the platform; none where they have changed their mind."""
    from reperage.service.access.lti_keys import SigningKeys
    from reperage.service.lti.deep_linking import custom_of, response_token

    services = services_of(request)
    tokens, database = services.tokens, services.database
    # The form may stay open for as long as the request for the link is good.
    session = tokens.launch.renewable(fields.get("token", ""))
    asked = tokens.deep_link.read(fields.get("link", ""))
    if session is None or asked is None or not asked.is_of(session):
        raise Refused("session_ended")
    platform = platform_by_id(database, session.platform_id)
    if session.deployment_id not in platform.deployments:
        raise Refused("unknown_deployment", f"deployment {session.deployment_id[:100]!r}")
    title = "" if "cancel" in fields else " ".join(fields.get("title", "").split())[:100] or "Repère"
    keys, launch_url = SigningKeys(database, services.secret_keys), f"{own_address(request)}/lti/launch"
    settings = asked.settings
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


@router.get("/lti/jwks", dependencies=[OPEN])
def key_set(request: Request) -> Response:
    """The public keys that Repère signs with (RFC 7517)."""
    from reperage.service.access.lti_keys import SigningKeys

    state = request.app.state
    made_at, keys = getattr(state, "key_set", (float("-inf"), {}))
    # To read a private key takes forty milliseconds.
    if monotonic() - made_at > _KEY_SET_SECONDS:
        keys = SigningKeys(database_of(request), services_of(request).secret_keys).jwks()
        state.key_set = monotonic(), keys
    return JSONResponse(keys, headers=_FRESH)


@router.get("/lti/canvas.json", dependencies=[OPEN])
def canvas_configuration(request: Request) -> Response:
    """What Canvas takes as the configuration of a developer key."""
    from reperage.service.lti.registration import canvas

    return JSONResponse(canvas(own_address(request)), headers=_FRESH)


@router.get("/lti/register", dependencies=[OPEN, Depends(count_session)])
def register_platform(request: Request, fields: Fields) -> Response:
    """Dynamic registration, for whoever was invited; the invitation stays good where it fails."""
    from reperage.service.lti.registration import register

    database = database_of(request)
    invitation = take_invitation(database, secret_digest(fields.get("invitation", "")), now())
    if invitation is None:
        raise Refused("not_invited")
    configuration, token = fields.get("openid_configuration", ""), fields.get("registration_token", "")
    try:
        platform = register(own_address(request), configuration, token, invitation)
        if not add_new_platform(database, platform):
            raise Refused("not_registered", "the platform is registered already: `repere lti add` changes one")
    except BaseException:
        store_invitation(database, invitation)
        raise
    read_again(request)
    return page(request, "lti/registered.html", platform.frame_origins, platform=platform)
