"""English follow-ups, made to stand alone as the French ones; they have less to agree."""

import re
import unicodedata
from collections.abc import Sequence

MOST_WORDS = 30

_CONNECTIVES = r"(?:(?:and|but|so|ok|okay|then)[ ,]+)*"
_WHAT_ABOUT = re.compile(
    rf"{_CONNECTIVES}(?:what about|how about|and(?: for| what about)?|same for)\s+(?P<phrase>.+?)\s*\??", re.I
)
_ALONE = re.compile(
    rf"{_CONNECTIVES}(?P<word>why|how|for example|an example|and then|then what|meaning|what else)\s*\??", re.I
)
_ASKS = re.compile(
    r"\b(?:what|how|why|when|where|who|which|is|are|do|does|can|could|should|did|if|it|they|i|you|we)\b", re.I
)
_TOPIC = re.compile(
    r"(?:what(?:'s| is| are| does| do)|who (?:is|are)|where (?:is|are)"
    r"|how (?:do|does|can|to|should|could)(?: (?:i|you|we|one))?"
    r"|why (?:do|does|is|are|use|should)(?: (?:i|you|we))?|(?:can|could|should|do|does|is|are)(?: (?:i|you|we|there))?"
    r"|define|explain|describe|tell me about)\s+(?P<rest>.+)",
    re.I,
)
_NOUN_PHRASE = re.compile(r"\b(?:an?|the|this|these|my|our)\s+(?P<noun>[\w./-]+(?:\s+[\w./-]+)*)", re.I)
_NOUN_ENDS = re.compile(
    r"\s+(?:is|are|be|do|does|can|could|should|to|in|on|with|from|for|by|at|that|which|who|when|where|if|use[sd]?|work[s]?"
    r"|talk[s]?|communicate[s]?|run[s]?|mean[s]?|look|and how|and why|not|have|has|need[s]?)\b.*",
    re.I,
)
# "is an image immutable" and "why are images immutable" say something of their subject, "what is an image" does not.
_COPULA = re.compile(r"(?:why |where )?(?:is|are)(?!\s+there)\b", re.I)
_DOER = re.compile(r"(?:how|why|where|when|can|should|could)\b.*\b(?:i|you|we|one|to)\b", re.I)
_IMPERSONAL = re.compile(r"(?:it|that|this)\b", re.I)
_PREDICATE = re.compile(
    r"(?<=[\w./-])(?:\s+(?:not|also|always|still|really|very|\w+ly))*\s+(?:(?:an?|the|this|these|my|our)\s.+|[\w-]+)$",
    re.I,
)
_OF = re.compile(
    r"(?:an?|the)\s+(?:advantages?|drawbacks?|benefits?|purpose|role|limits?|difference|point|use)\s+of\s+(.+)", re.I
)
_PRONOUN = re.compile(
    r"\b(?P<word>it|them|they|its|their)\b(?!\s+(?:is\s+)?(?:possible|necessary|true|mandatory))", re.I
)
_NOUN_BEFORE = re.compile(
    r"\b(?:an?|the|my|this|these)\s+\w+|\b(?!(?:and|but|so|what|how|why|when|where|who|which|is|are|do|does|did|can|could"
    r"|should|would|will|i|you|we|to|if|not|then|about|of|for|in|with|on|stop|start|use|make|create|delete|remove|run|build"
    r"|change|see|find|get|list|install|configure|keep|put|share|update|access|give|set|save|let)\b)[a-z]{3,}",
    re.I,
)


def standalone(question: str, earlier: Sequence[str]) -> str | None:
    """`question` with what it leaves unsaid, or `None` where it stands alone."""
    previous = unicodedata.normalize("NFC", earlier[-1]).strip()
    topic = _topic(previous)
    if topic is None or len(question.split()) > MOST_WORDS:
        return None
    if match := _ALONE.fullmatch(question):
        word = match.group("word").capitalize()
        return f"{word}: {previous[:1].lower()}{previous[1:]}"
    match = _WHAT_ABOUT.fullmatch(question)
    if match and not _ASKS.search(match.group("phrase")):
        at = previous.find(topic)
        return f"{previous[:at]}{match.group('phrase')}{previous[at + len(topic) :]}"
    return _pronoun(question, topic)


def _pronoun(question: str, topic: str) -> str | None:
    match = _PRONOUN.search(question)
    if match is None or _NOUN_BEFORE.search(question[: match.start()]):
        return None
    bare = re.sub(rf"^{_CONNECTIVES}", "", question, flags=re.I)
    start = match.start() - (len(question) - len(bare))
    end = start + len(match.group())
    if match.group("word").lower() in ("its", "their"):
        noun = re.match(r"\s+[\w-]+", bare[end:])
        if noun is None:
            return None
        end += noun.end()
        whole = f"{bare[:start]}the{noun.group()} of {topic}{bare[end:]}"
    else:
        whole = f"{bare[:start]}{topic}{bare[end:]}"
    return whole[:1].upper() + whole[1:]


def _topic(question: str) -> str | None:
    """The noun phrase that a question is about, as it is written there."""
    text = question.rstrip(" ?!.")
    opening = _TOPIC.match(text)
    if opening is None:
        return None
    rest = opening.group("rest")
    if of := _OF.search(rest):
        return of.group(1)
    copula = _COPULA.match(text)
    # "are containers isolated from the host": what the subject is said to be may name something as well.
    noun_phrase = _NOUN_PHRASE.match(rest) if copula and not _IMPERSONAL.match(rest) else _NOUN_PHRASE.search(rest)
    phrase = noun_phrase.group() if noun_phrase else rest
    if not (noun_phrase or copula) and _DOER.match(text):
        phrase = rest.partition(" ")[2] or rest
    phrase = _NOUN_ENDS.sub("", phrase)
    if copula and rest.startswith(phrase):
        phrase = _without_predicate(phrase, only_participle=text.lower().startswith("where"))
    return phrase or None


def _without_predicate(phrase: str, *, only_participle: bool) -> str:
    """`an image` of `an image immutable`: what is said of it, an adjective, a participle or another noun."""
    predicate = _PREDICATE.search(phrase)
    if predicate is None or (only_participle and not predicate.group().lower().endswith("ed")):
        return phrase
    return phrase[: predicate.start()]
