"""French or English? Told from the function words of a question."""

import re
from functools import lru_cache

from reperage.index.text.analysis import fold

# Words of one language only: "a", "on", "or", "me", "en" and "as" tell nothing.
_ENGLISH_WORDS = """
    about after all an and any are be been before between both but by can could did do does doesn doing don each
    explain for from get gets give had has have how i if in into is isn it its just let make makes many may more most
    much must my need not of other our out should show so some such tell than that the their them then there these
    they this those through to up us use used using was we were what when where whether which while who whom whose
    why will with without would you your
    """
ENGLISH = frozenset(_ENGLISH_WORDS.split())
_OPENINGS = "what how why when where who which whose can does do is are should"
_ENGLISH_OPENINGS = frozenset(_OPENINGS.split())
_FRENCH_WORDS = """
    afin ainsi alors apres au aussi autre autres aux avant avec ca ce cela ces cet cette ceux chez comme comment
    combien d dans de depuis des doit donc du elle elles entre est et etre eux faire fait faut il ils j je jusqu l la
    laquelle le lequel les leur leurs lui ma mais mes mon n ne nos notre nous ont ou par parce pas peut peuvent
    plus pour pourquoi puis qu quand que quel quelle quelles quels qui quoi s sa sans se ses si son sont sous sur t ta
    tes toi ton tous tout toute toutes tu un une vers vos votre vous y c
    """
FRENCH = frozenset(_FRENCH_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=1024)
def is_english(question: str) -> bool:
    """Whether English function words prevail over French ones; false for French and for doubt."""
    words = _WORD.findall(fold(question))
    english = sum(word in ENGLISH for word in words)
    french = sum(word in FRENCH for word in words)
    return english > french and (english > 1 or words[0] in _ENGLISH_OPENINGS)
