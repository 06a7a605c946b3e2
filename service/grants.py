"""Links to sources that open for whoever has them, where a course is not open to everybody."""

from collections.abc import Set as AbstractSet

from corpus import Document
from index.address import Base
from service.tokens import GrantTokens


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
