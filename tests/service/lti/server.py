"""What the platform serves, and what it refuses."""

import asyncio
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.service.lti import authorization, deep_linking, pages, registrations
from tests.service.lti.authorization import SESSION
from tests.service.lti.messages import Launch, without
from tests.service.lti.names import DEEP_LINKING_REQUEST, PLATFORM_CONFIGURATION, RESOURCE_LINK_REQUEST
from tests.service.lti.school import User

if TYPE_CHECKING:
    from tests.service.lti.platform import LtiPlatform

KeySet = Literal["good", "down", "slow", "huge", "no JSON", "empty", "elsewhere"]
SLOW_SECONDS = 30
_HUGE = 5_000_000


class Server:
    """The endpoints of a platform."""

    def __init__(self, platform: "LtiPlatform") -> None:
        self.platform = platform
        self.app = Starlette(routes=self._routes())
        self._sessions: dict[str, User] = {}
        self._nonces: set[str] = set()

    def _routes(self) -> list[Route]:
        return [
            Route("/courses/{context}", self._course),
            Route("/install", self._install),
            Route("/begin/{launch}", self._begin),
            Route("/authorize", self._authorize, methods=["GET", "POST"]),
            Route("/picked/{launch}", self._picked, methods=["POST"]),
            Route("/keys", self._keys),
            Route("/.well-known/openid-configuration", self._configuration),
            Route("/registration", self._registration, methods=["POST"]),
            Route("/storage", self._storage),
            Route("/storage.js", _storage_script),
            Route("/violations", self._violation, methods=["POST"]),
        ]

    async def _course(self, request: Request) -> Response:
        """A course with the tool in it, for whoever begins the launch, who is signed in by coming here."""
        launch = self.platform.launches[request.query_params["launch"]]
        address = f"/begin/{launch.id}?{urlencode({'method': request.query_params.get('method', 'get')})}"
        return self._signed_in(pages.framing(launch.context.title, address, self._origins(), launch.storage), launch)

    async def _begin(self, request: Request) -> Response:
        """The third-party-initiated login, by GET or by POST."""
        launch = self.platform.launches[request.path_params["launch"]]
        launch.is_hinted = True
        parameters = launch.login(self.platform.url)
        if request.query_params.get("method") == "post":
            return self._signed_in(pages.posting(launch.tool.initiate_login_uri, parameters), launch)
        return self._signed_in(RedirectResponse(f"{launch.tool.initiate_login_uri}?{urlencode(parameters)}"), launch)

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params.multi_items()
        if request.method == "POST":
            asked = parse_qsl((await request.body()).decode(), keep_blank_values=True)
        if trouble := authorization.client_trouble(asked, self.platform.tools):
            return self._refused(f"authorization: {trouble}")
        given = dict(asked)
        tool, launch = (
            self.platform.tools[given["client_id"]],
            self.platform.launches.get(given.get("lti_message_hint", "")),
        )
        address, state = given["redirect_uri"], {"state": given.get("state", "")}
        if trouble := authorization.trouble(given, tool, launch, self._nonces):
            self.platform.violations.append(f"authorization: {trouble}")
            return pages.posting(address, {"error": "invalid_request", "error_description": trouble} | state)
        assert launch is not None
        launch.is_hinted = False
        if self._sessions.get(request.cookies.get(SESSION, "")) != launch.user:
            return pages.posting(address, {"error": "login_required", "error_description": "sign in"} | state)
        self._nonces.add(given["nonce"])
        answer = without(
            {"id_token": launch.token(self.platform.url, given["nonce"], self.platform.key)}
            | state
            | launch.twists.answer
        )
        self.platform.answers.append(answer)
        return pages.posting(address, answer)

    async def _picked(self, request: Request) -> Response:
        """Where the tool returns what a teacher picked."""
        launch = self.platform.launches[request.path_params["launch"]]
        fields = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        if self._sessions.get(request.cookies.get(SESSION, "")) != launch.user:
            return self._refused("picked: by somebody who is not signed in")
        try:
            links = await deep_linking.picked(fields.get("JWT", ""), launch, self.platform.url, self._nonces)
        except deep_linking.Refused as error:
            return self._refused(f"picked: {error}")
        launch.context.links |= {link.id: link for link in links}
        return pages.page("Ajouté", f'<p id="added">Liens ajoutés : {len(links)}</p>')

    async def _keys(self, request: Request) -> Response:
        self.platform.keys_asked += 1
        good = JSONResponse({"keys": [self.platform.key.jwk()]})
        if self.platform.key_set == "slow":
            # Until the test has seen enough.
            for _ in range(SLOW_SECONDS * 10):
                if self.platform.key_set != "slow":
                    break
                await asyncio.sleep(0.1)
            return good
        answers: dict[str, Response] = {
            "down": Response(status_code=503),
            "huge": JSONResponse({"keys": [self.platform.key.jwk(), {"kty": "oct", "k": "A" * _HUGE}]}),
            "no JSON": Response("<h1>Connexion</h1>", media_type="text/html"),
            "empty": JSONResponse({"keys": []}),
            "elsewhere": RedirectResponse("http://192.0.2.1/keys"),
        }
        return answers.get(self.platform.key_set, good)

    async def _configuration(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.platform.url,
                "authorization_endpoint": self.platform.authorization_url,
                "token_endpoint": f"{self.platform.url}/token",
                "jwks_uri": self.platform.key_set_url,
                "registration_endpoint": f"{self.platform.url}/registration",
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid"],
                "response_types_supported": ["id_token"],
                "response_modes_supported": ["form_post"],
                "subject_types_supported": ["public", "pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "claims_supported": ["iss", "sub", "aud", "name", "given_name", "family_name", "email", "locale"],
                PLATFORM_CONFIGURATION: {
                    "product_family_code": "double",
                    "version": "1.0",
                    "messages_supported": [{"type": RESOURCE_LINK_REQUEST}, {"type": DEEP_LINKING_REQUEST}],
                    "variables": ["Context.id", "ResourceLink.id"],
                },
            }
        )

    async def _registration(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.platform.invited:
            self.platform.violations.append("registration: without the token, or with one that was used")
            return JSONResponse({"error": "invalid_token"}, 401)
        body = await request.json() if request.headers.get("content-type", "").startswith("application/json") else None
        tool, wrong = registrations.asked(body)
        if wrong:
            self.platform.violations += [f"registration: {what}" for what in wrong]
            return JSONResponse({"error": "invalid_client_metadata", "error_description": "; ".join(wrong)}, 400)
        self.platform.invited.remove(token)
        self.platform.registered.append(body)
        self.platform.register(tool)
        own = dict(body[registrations.TOOL_CONFIGURATION])
        own |= {"deployment_id": tool.deployment_id} if self.platform.with_deployment else {}
        return JSONResponse(body | {"client_id": tool.client_id, registrations.TOOL_CONFIGURATION: own}, 201)

    async def _install(self, request: Request) -> Response:
        return pages.framing("Outils externes", request.query_params["tool"], self._origins())

    async def _storage(self, request: Request) -> Response:
        return pages.keeping(self._origins(), "lti_storage")

    async def _violation(self, request: Request) -> Response:
        self.platform.violations.append(f"message: {(await request.body()).decode()}")
        return Response(status_code=204)

    def _origins(self) -> list[str]:
        return [tool.origin for tool in self.platform.tools.values()]

    def _refused(self, why: str) -> Response:
        self.platform.violations.append(why)
        return pages.page("Refusé", f"<p>{why}</p>", 400)

    def _signed_in(self, response: Response, launch: Launch) -> Response:
        session = secrets.token_hex(8)
        self._sessions[session] = launch.user
        # As platforms have to, since tools send people back to them from a frame.
        response.set_cookie(SESSION, session, secure=True, httponly=True, samesite="none")
        return response


async def _storage_script(request: Request) -> Response:
    text = Path(__file__).with_name("storage.js").read_text(encoding="utf-8")
    return Response(text, media_type="text/javascript")
