"""Links to sources that open for whoever has them, where a course is not open to everybody."""

from collections.abc import Set as AbstractSet

from starlette.requests import Request

from reperage.corpus import Document
from reperage.index.address import Base
from reperage.service.access.registry import Register
from reperage.service.access.signed_tokens import GrantTokens, Tokens, secret_keys
from reperage.service.errors import StateUnavailable
from reperage.service.http.authentication import is_open_here, own_origin
from reperage.service.settings import Settings


def links_for(request: Request, address: str) -> str:
    """What links begin with that answer a request, `address` being ours; where a course is not open to everybody, they
    open its documents for whoever has them."""
    if is_open_here(request):
        return address
    register: Register = request.app.state.register
    tokens: Tokens = request.app.state.tokens
    return granting(address, tokens.grant, register.courses(own_origin(request)) or frozenset())


def links_here(settings: Settings) -> str:
    """What links begin with for whoever is at this machine: the pages that `repere serve` serves, with a right to read
    once a key is asked for there."""
    from reperage.service.database.engine import existing_database
    from reperage.service.database.keys import all_keys

    address = settings.address()
    with existing_database(settings) as database:
        try:
            has_keys = database is not None and bool(all_keys(database))
        except StateUnavailable:
            has_keys = True
    if not has_keys:
        return address
    return granting(address, GrantTokens(secret_keys(settings.secret_key, settings.home)), frozenset())


def granting(address: str, tokens: GrantTokens, public: AbstractSet[str]) -> Base:
    """What links begin with that hold the right to read what they lead to; those to `public` courses need none."""
    made: dict[str, str] = {}

    def grant(document: Document) -> str:
        if document.course in public:
            return ""
        name = f"{document.course}/{document.id}"
        if name not in made:
            made[name] = tokens.new(document.course, document.id, document.version)
        return made[name]

    return Base.granting(address, grant)
