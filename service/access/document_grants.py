"""Links to sources that open for whoever has them, where a course is not open to everybody."""

from collections.abc import Set as AbstractSet
from contextlib import suppress

from reperage.corpus import Document
from reperage.service.access.secret_keys import secret_keys
from reperage.service.access.signed_tokens import GrantTokens
from reperage.service.clock import now
from reperage.service.database.engine import Database
from reperage.service.database.sites import registered_sites
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
        if name not in self._signed:
            self._signed[name] = self._tokens.new(document.course, document.id, document.version)
        return self._signed[name]


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


def links_from_anywhere(settings: Settings, tokens: GrantTokens, database: Database) -> SourceLinks:
    """Links for people elsewhere, to the address that REPERE_PUBLIC_URL names; they begin with nothing where it names
    none. Blocks."""
    if not settings.public_url:
        return SourceLinks()
    public: AbstractSet[str] = frozenset()
    with suppress(StateUnavailable):
        # To open an SQLite file that is not there would make it, for everybody to read.
        if database.is_current():
            public = registered_sites(database).get(settings.public_origin or "", public)
    return SourceLinks(str(settings.public_url).rstrip("/"), DocumentGrants(tokens, public))
