"""`/lti/jwks`, `/lti/canvas.json`, `/lti/register`: the keys and registrations of Repère as a tool of a platform."""

from time import monotonic

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from reperage.service.access.secret_digest import secret_digest
from reperage.service.clock import now
from reperage.service.database.lti import add_new_platform, store_invitation, take_invitation
from reperage.service.http.request_origin import own_address
from reperage.service.http.requirements import OPEN
from reperage.service.http.services_of import services_of
from reperage.service.lti.pages import page
from reperage.service.lti.refusals import LaunchRefused
from reperage.service.lti.request_fields import Fields, count_session, database_of, read_registry_again

router = APIRouter(include_in_schema=False)

_KEY_SET_SECONDS = 60.0
_FRESH = {"Cache-Control": "public, max-age=600"}


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
    from reperage.service.lti.registration import canvas_developer_key

    return JSONResponse(canvas_developer_key(own_address(request)), headers=_FRESH)


@router.get("/lti/register", dependencies=[OPEN, Depends(count_session)])
def register_platform(request: Request, fields: Fields) -> Response:
    """Dynamic registration, for whoever was invited; the invitation stays good where it fails."""
    from reperage.service.lti.registration import register

    database = database_of(request)
    invitation = take_invitation(database, secret_digest(fields.get("invitation", "")), now())
    if invitation is None:
        raise LaunchRefused("not_invited")
    configuration, token = fields.get("openid_configuration", ""), fields.get("registration_token", "")
    try:
        platform = register(own_address(request), configuration, token, invitation)
        if not add_new_platform(database, platform):
            raise LaunchRefused("not_registered", "the platform is registered already: `repere lti add` changes one")
    except BaseException:
        store_invitation(database, invitation)
        raise
    read_registry_again(request)
    return page(request, "lti/registered.html", platform.frame_origins, platform=platform)
