"""Usage of a heading's words in its document, outside of code: with which articles, with a capital or without."""

import re
from collections import Counter
from functools import lru_cache

_MOST_READ = 300_000
"""Characters of a document that are looked at."""
_CODE = re.compile(r"^(```|~~~).*?(?:^\1|\Z)|^(?: {4}|\t).*?$|^#+ .*?$|`[^`\n]+`", re.M | re.S)
_ARTICLES = r"(?<![^\W\d_])((?i:une?|les?|la|des|l(?=['’])|an?|the))(?:['’]|\s+)[*_«\s]*"


@lru_cache(maxsize=8)
def prose(text: str) -> str:
    """`text` without code and headings."""
    return _CODE.sub(" ", text[:_MOST_READ])


def articles_before(phrase: str, text: str) -> Counter[str]:
    """How often each article stands before a phrase that is written just so; `l` for an elided one."""
    articles = re.findall(rf"{_ARTICLES}{re.escape(phrase)}(?!\w)", prose(text))
    return Counter(article.lower() for article in articles)


def uses(phrase: str, text: str) -> int:
    """How often a phrase is written just so within sentences, also with an `s` behind it."""
    return len(re.findall(rf"(?:(?<=[a-zà-ÿ,;:(]\s)|(?<=['’*_«])){re.escape(phrase)}s?(?!\w)", prose(text)))


def as_within_sentences(phrase: str, text: str) -> str:
    """A phrase with its first letter as sentences have it; small where they do not have it at all."""
    first = phrase.split()[0]
    small = first[:1].lower() + first[1:]
    return phrase if uses(first, text) > uses(small, text) else small + phrase[len(first) :]


def is_name(phrase: str, text: str) -> bool:
    """Whether a phrase of capitalised words stands within sentences, twice at least."""
    return not any(word[0].islower() for word in phrase.split()) and uses(phrase, text) > 1
