"""Links to sources that open for whoever has them, where a course is not open to everybody."""

from collections.abc import Set as AbstractSet

from reperage.corpus import Document
from reperage.service.access.secret_keys import secret_keys
from reperage.service.access.signed_tokens import GrantTokens
from reperage.service.clock import now
from reperage.service.errors import StateUnavailable
from reperage.service.settings import Settings
from reperage.service.sources.links import SourceLinks

_DAY = 86_400_000


class DocumentGrants:
    """Rights to read documents, each version signed once a day; the documents of `public` courses need none."""

    def __init__(self, tokens: GrantTokens, public: AbstractSet[str] = frozenset()) -> None:
        self._tokens, self._public = tokens, public
        self._signed: dict[tuple[str, str, str], str] = {}
        self._day = 0

    def __call__(self, document: Document) -> str:
        if document.course in self._public:
            return ""
        # Whoever keeps these for months must not hand out rights that have ended.
        if self._day != (today := now() // _DAY):
            self._signed, self._day = {}, today
        name = (document.course, document.id, document.version)
        token = self._signed.get(name)
        if token is None:
            token = self._signed[name] = self._tokens.new(document.course, document.id, document.version)
        return token


def links_here(settings: Settings) -> SourceLinks:
    """Links for whoever is at this machine: to the pages that `repere serve` serves, with a right to read once a key is
    asked for there."""
    from reperage.service.database.engine import existing_database
    from reperage.service.database.keys import all_keys

    address = settings.address()
    with existing_database(settings) as database:
        try:
            has_keys = database is not None and bool(all_keys(database))
        except StateUnavailable:
            has_keys = True
    if not has_keys:
        return SourceLinks(address)
    return SourceLinks(address, DocumentGrants(GrantTokens(secret_keys(settings.secret_key, settings.home))))


def links_from_anywhere(settings: Settings, tokens: GrantTokens) -> SourceLinks:
    """Links for people elsewhere, to the address that REPERE_PUBLIC_URL names; they begin with nothing where it names
    none. Made once at a start, they hold a right to read whatever sites are registered later."""
    return SourceLinks(str(settings.public_url or "").rstrip("/"), DocumentGrants(tokens))
