"""Who asks through an LMS: a token that the LMS's server signs for one of its users in one course, sent with its key as
`Repere-User` (a JWT, RFC 7519)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from anyio import CapacityLimiter, to_thread

from reperage.service.access.encryption import Encryption
from reperage.service.access.jwks import JwksCache, JwksUnavailable, UnknownKey
from reperage.service.access.pseudonyms import lms_person
from reperage.service.caller import Caller, Role, lower
from reperage.service.database.keys import Key
from reperage.service.errors import Forbidden, InvalidUserToken, JwksDown

if TYPE_CHECKING:
    import jwt

HEADER = "Repere-User"
AUDIENCE = "repere"
PURPOSE = "repere.keys"
"""What signing secrets are encrypted for."""
_ROLES: Mapping[str, Role] = {"student": "student", "teacher": "teacher"}
"""An administrator's rights do not end at a course, so that no user of a course has them."""
_ALGORITHMS = {"RSA": ["RS256", "PS256"], "EC": ["ES256"], "OKP": ["EdDSA"]}
"""What a public key of a kind may have signed with; never anything symmetric."""
_PUBLIC = [name for names in _ALGORITHMS.values() for name in names]
_WITH_SECRET = ["HS256"]
_LEEWAY_SECONDS = 30
_LONGEST_SECONDS = 3600
_LONGEST_NAME = 255
_LONGEST_TOKEN = 8192
_FETCHING = 8
"""Requests that wait for sets of keys at once."""


class UserTokens:
    """Reads users' tokens; on the event loop, which never waits."""

    def __init__(self, encryption: Encryption, jwks: JwksCache) -> None:
        self._encryption, self._jwks = encryption, jwks
        # Of their own: an LMS that does not answer must take no thread from anybody else.
        self._threads = CapacityLimiter(_FETCHING)

    async def caller(self, token: str, key: Key) -> Caller:
        """The user whom a token names that came with a key.

        Raises:
            InvalidUserToken: it proves nothing; says why.
            Forbidden: it names a course that the key does not open.
            JwksDown: the LMS's public keys cannot be fetched.
        """
        if key.issuer is None:
            raise InvalidUserToken(
                f"This key takes no {HEADER}: make one with `repere keys create --issuer … --jwks …` or "
                "`--issuer … --signing-secret`."
            )
        if len(token) > _LONGEST_TOKEN:
            raise InvalidUserToken(f"The token has more than {_LONGEST_TOKEN:,} characters.")
        public = await self._public_key(token, key.key_set_url) if key.key_set_url else None
        claims = self._claims(token, key, public)
        subject, course = _text(claims, "sub"), _text(claims, "course")
        if key.courses is not None and course not in key.courses:
            raise Forbidden("The token names a course that the key does not open.")
        role = _role(claims.get("role", "student"))
        return Caller(lms_person(key.issuer, subject), frozenset({course}), lower(role, key.role))

    async def _public_key(self, token: str, url: str) -> "jwt.PyJWK":
        import jwt

        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise InvalidUserToken("It is no JWT.") from error
        if header.get("alg") not in _PUBLIC:
            raise InvalidUserToken(_ALGORITHM.format(", ".join(_PUBLIC)))
        kid = header.get("kid")
        if not isinstance(kid, str) or not kid:
            raise InvalidUserToken("Its header names no key: `kid` says which of the set signs.")
        try:
            if (public := self._jwks.cached_key(url, kid)) is not None:
                return public
            return await to_thread.run_sync(self._jwks.key, url, kid, limiter=self._threads)
        except UnknownKey as error:
            raise InvalidUserToken("The set of public keys has no such `kid` that signs.") from error
        except JwksUnavailable as error:
            raise JwksDown("The LMS's public keys cannot be fetched for now; the program's log says why.") from error

    def _claims(self, token: str, key: Key, public: "jwt.PyJWK | None") -> dict[str, Any]:
        """What a token says that is signed as the key demands, for us, and good now."""
        import jwt

        if public is None:
            secret = self._encryption.decrypt(key.signing_secret or "")
            if secret is None:
                raise InvalidUserToken("The key's signing secret cannot be read any more: make another key.")
            with_what, algorithms = secret.encode(), _WITH_SECRET
        else:
            with_what, algorithms = public.key, _ALGORITHMS.get(public.key_type or "", [])
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                with_what,
                algorithms,
                audience=AUDIENCE,
                issuer=key.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["iss", "aud", "sub", "iat", "exp"]},
            )
            if claims["exp"] - claims["iat"] > _LONGEST_SECONDS:
                raise InvalidUserToken("It is good for too long: `exp` is an hour after `iat` at most.")
        except (jwt.PyJWTError, TypeError, ValueError, OverflowError) as error:
            raise InvalidUserToken(_reason(error, algorithms)) from error
        return claims


def _text(claims: Mapping[str, Any], name: str) -> str:
    """A claim that names something."""
    value = claims.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_NAME or not value.isprintable():
        raise InvalidUserToken(f"`{name}` is missing, or no text of {_LONGEST_NAME} characters at most.")
    return value


def _role(claim: object) -> Role:
    if not isinstance(claim, str) or claim not in _ROLES:
        raise InvalidUserToken("`role` is `student` or `teacher`.")
    return _ROLES[claim]


_ALGORITHM = "It is signed by another algorithm than this key takes: {}."


def _reason(error: Exception, algorithms: list[str]) -> str:
    """What is wrong with a token, in a sentence that does not repeat it."""
    import jwt

    reasons: list[tuple[type[Exception], str]] = [
        (jwt.ExpiredSignatureError, "It has ended: `exp` is past."),
        (jwt.ImmatureSignatureError, "It is not good yet: `iat` or `nbf` lies ahead; compare the clocks."),
        (jwt.InvalidAudienceError, f"It is for somebody else: `aud` is `{AUDIENCE}`."),
        (jwt.InvalidIssuerError, "`iss` is not the issuer that the key was made with."),
        (jwt.InvalidAlgorithmError, _ALGORITHM.format(", ".join(algorithms))),
        (jwt.InvalidSignatureError, "Its signature is not of the key that it names."),
        (jwt.InvalidKeyError, "The key that it names does not fit its algorithm."),
    ]
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"It lacks `{error.claim}`."
    return next(
        (reason for kind, reason in reasons if isinstance(error, kind)), "It is no JWT, or a claim has no sense."
    )
