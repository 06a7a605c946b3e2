"""Words of French by what they do in a question, from `grammar.toml`."""

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

from reperage.index.text.dictionary import dictionary

# Verbs in -er and -ir are told from nouns by their imperfect, which a dictionary has; the others are few.
_REGULAR = re.compile(r"(\w{2,})(er|ir)")
_OTHER_VERBS = re.compile(
    r"(?:re|de|dis|com|com|sous|sur|entre|per|pro|trans|con|ins|ad|e|a|pour|in|ex|man|in|inter|ap|sur)?"
    r"(?:faire|dire|lire|crire|suivre|vivre|prendre|mettre|rendre|tendre|pendre|fendre|vendre|perdre|repondre|pondre"
    r"|construire|detruire|produire|duire|traduire|cuire|joindre|teindre|peindre|craindre|soudre|coudre|battre|rompre"
    r"|connaitre|paraitre|naitre|clure|boire|croire|voir|avoir|savoir|recevoir|cevoir|pouvoir|devoir|vouloir|falloir"
    r"|valoir|scrire|etre|plaire|taire|ouvrir|offrir|tenir|venir|courir|mourir)"
)


@cache
def words_of(table: str) -> frozenset[str]:
    """The words of one table of the grammar."""
    path = Path(__file__).with_name("grammar.toml")
    return frozenset(tomllib.loads(path.read_text(encoding="utf-8"))[table].split())


@lru_cache(maxsize=8192)
def is_infinitive(text: str) -> bool:
    if text in words_of("nouns_like_infinitives"):
        return False
    if _OTHER_VERBS.fullmatch(text) or text.endswith("iser"):
        return True
    match = _REGULAR.fullmatch(text)
    if match is None:
        return False
    stem, ending = match.groups()
    past = ("ait", "eait") if ending == "er" else ("issait", "ait")
    return any(stem + imperfect in dictionary() for imperfect in past)


def is_determiner(text: str) -> bool:
    return text in words_of("determiners")
