"""Types of answer that a question may ask for, and whether a text holds one: a number, a date, a price, a person …

Questions and texts are folded (small letters, no accents) unless said otherwise.
"""

import re
from collections.abc import Iterable
from typing import Literal

from reperage.corpus.blocks import BlockKind
from reperage.index.text.analysis import STOP_WORDS
from reperage.index.text.dictionary import dictionary
from reperage.index.text.folding import fold

AnswerType = Literal["number", "year", "time", "price", "person", "command"]

_LEADING = r"^(?:(?:et|mais|de|depuis|jusqu['’]?a|vers) )*"
_QUESTIONS: dict[AnswerType, re.Pattern[str]] = {
    "price": re.compile(
        r"\b(?:combien (?:ca )?cout\w+|cout\w+ combien|gratuit\w* ou payant\w*|payant\w* ou gratuit\w*"
        r"|quel(?:le)?s? (?:est |sont )?(?:le |les )?(?:prix|tarifs?|couts?)\b|how much does .* cost)"
    ),
    "year": re.compile(
        r"\bquelles? (?:est |etait )?(?:l['’]|la )?(?:annee|date)\b|\bquel siecle|\b(?:what|which) year\b"
    ),
    "time": re.compile(rf"{_LEADING}quand\b|\bquand (?:est-ce|a-t|ont-)|\bquelle epoque|^when (?:was|were|did)\b"),
    "command": re.compile(
        r"\b(?:quell?es? (?:est |sont )?(?:la |les )?(?:commandes?|cmd)|(?:quoi|c['’]est) la (?:commande|cmd)"
        r"|par quelle commande|(?:which|what) command)\b"
    ),
    "number": re.compile(
        r"\bcombien\b|\bhow (?:many|much|long|old|big)\b"
        r"|\bquel(?:le)?s? (?:est |sont |etait |sera )?(?:l['’]|la |le |les )?(?:age|nombre|numero|pourcentage|taux"
        r"|montant|duree|superficie|taille|hauteur|longueur|largeur|distance|poids|vitesse|population|altitude"
        r"|capacite|quantite|limite|plage|intervalle|frequence|debit|seuil)s?\b"
        r"|\bquel(?:le)?s? (?!sont)[^?]*\b(?:maxim\w+|minim\w+|max)\b"
    ),
    # Of other questions with "qui" the answer is often no name: "les nobles", "l'assemblée".
    "person": re.compile(
        r"\bqui (?:a |ont |est |fut )?(?:l['’])?(?:invent|cree|concu|fonde|decouvert|developpe|ecrit|createur)\w*"
        r"|\b(?:invente|cree|concu|fonde|decouvert|developpe|ecrit)e?s? par qui\b"
        r"|\bpar qui\b.*\b(?:invente|cree|concu|fonde)|\bwho (?:invented|created)\b"
    ),
}
_NUMBER_WORD = re.compile(
    r"\b(?:une? seule?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingt"
    r"|trente|quarante|cinquante|soixante|cents?|mille|millions?|milliards?|dizaines?|centaines?|milliers?|aucune?"
    r"|illimite\w*|two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|unlimited)\b"
)
_YEAR = re.compile(
    r"\b1\d{3}\b|\b20\d\d\b|\bsiecles?\b|\b(?:\d{1,2}|1er) (?:jan|fev|mar|avr|mai|juin|juil|aou|sep|oct|nov|dec)"
)
_TIME = re.compile(
    r"\b(?:jours?|mois|annees?|ans|semaines?|heures?|minutes?|secondes?|apres|avant|debut|fin|lorsqu|quand|moment)\b"
)
_PRICE = re.compile(r"\d ?(?:€|euros?|\$|dollars?|francs?)|\b(?:euros?|dollars?|francs?|gratuit\w*|payant\w*|free)\b")
_NAME = re.compile(r"(?<=[\w,;:’'(«] )[A-ZÀ-Ý][\w-]+")
_CAPITALISED = re.compile(r"[A-ZÀ-Ý][\w-]+")
_FULL_NAME = re.compile(r"\b[A-ZÀ-Ý][a-zà-ÿ]+(?:[ -](?:[A-Z]\.|d[eu]|von|van|[A-ZÀ-Ý][a-zà-ÿ]+))* [A-ZÀ-Ý][a-zà-ÿ]+")
# Verbs and who does what they say; "développement" and "publiques" make nothing.
_MAKING = re.compile(
    r"\b(?:(?:invent|fond|cre|developp|propos|publi)(?:e{1,2}s?|e?nt|a|ant|ait|aient|erent|(?:at)?(?:eur|rice)s?)"
    r"|concu\w*|concept(?:eur|rice)s?|decouv(?:r\w+|ert(?:e?s?|eurs?))|ecri(?:te?s?|v\w+)|auteure?s?|introdui\w+"
    r"|travaux|(?:invent|creat|develop|found|design)ed)\b"
)
_BY = re.compile(r"\b(?:par|by) (?:l[ea]s? |l['’])?([A-ZÀ-Ý][\w-]+)")
_COMMAND = re.compile(
    r"\bcommandes? ?[`*]|^\s*(?:\$|>|#) \w|`[a-z][\w.-]*(?: [\w./<>-]+)* --?\w"
    r"|\b(?:tapez|lancez|exécutez|saisissez|entrez|utilisez|faites)\b[^.`]{0,30}`[a-z]",
    re.M | re.I,
)


def answer_type_of(question: str) -> AnswerType | None:
    """The type of answer that a (folded) question asks for, if it is one of these."""
    return next((answer_type for answer_type, pattern in _QUESTIONS.items() if pattern.search(question)), None)


def holds_answer_type(
    answer_type: AnswerType, shown: str, source: str, question: str, kind: BlockKind = "paragraph"
) -> bool:
    """Whether a sentence holds an answer of this type, beside what the (folded) question itself names.

    `shown` is its text, `source` its Markdown, neither folded, and `kind` the kind of its block.
    """
    if answer_type == "command":
        return kind == "code" or bool(_COMMAND.search(source))
    folded = fold(shown)
    if answer_type == "person":
        return _names_a_person(shown, folded, question)
    if answer_type == "price":
        return bool(_PRICE.search(folded))
    of_question = set(re.findall(r"\d+", question))
    others = re.sub(r"\d+", lambda n: "" if n.group() in of_question else n.group(), folded)
    if answer_type in ("year", "time"):
        return bool(_YEAR.search(others) or (answer_type == "time" and _TIME.search(others)))
    return bool(re.search(r"\d", others) or _NUMBER_WORD.search(others))


def _names_a_person(shown: str, folded: str, question: str) -> bool:
    """Whether a text names a person beside what the question names: in full, or as the one who made something.

    "Une Image", "Docker Hub" of a question about Docker and "CI" are none. Surnames are in dictionaries too: words that
    are may be a name where the text says that something was made.
    """
    full = [_beside_question(_CAPITALISED.findall(match.group()), question) for match in _FULL_NAME.finditer(shown)]
    full = [name for name in full if len(name) > 1]
    if any(word not in dictionary() for name in full for word in name):
        return True
    if not _MAKING.search(folded):
        return False
    single = [name for name in names_in(shown) if not name.isupper() and fold(name) not in dictionary()]
    return bool(full or _beside_question([*single, *_BY.findall(shown)], question))


def _beside_question(words: Iterable[str], question: str) -> list[str]:
    """The words, folded, that the question does not hold; no function words."""
    return [word for word in map(fold, words) if word not in question and word not in STOP_WORDS]


def names_in(text: str) -> list[str]:
    """The capitalised words within the sentences of `text`, not folded."""
    return _NAME.findall(text)
