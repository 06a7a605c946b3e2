"""What quotes bear out of a sentence."""

import time

import pytest

from corpus import Section, Sentence
from service.compose import Quote
from service.generation.support import refusal
from service.generation.written import Written


def quote(text: str, *path: str) -> Quote:
    section = Section(
        document_id="cours", heading_path=path or ("Réseau",), anchor="a", start=0, end=999, is_empty=False
    )
    sentence = Sentence(start=0, end=len(text), shown=text.replace("`", ""), kind="paragraph", block=0, group=0)
    return Quote(section, sentence, text)


EXPOSED = (
    "Un conteneur communique avec l'extérieur par un port exposé, ouvert sur la machine avec `docker run -p 8080:80`."
)
INTERNAL = "Les ports internes ne sont pas accessibles depuis la machine."
YEAR = "En 1998, deux chercheurs ont présenté 10 000 pages dans `/var/www/index.html`."


@pytest.mark.parametrize(
    ("sentence", "quotes"),
    [
        ("Un port exposé est ouvert sur la machine", [EXPOSED]),
        ("On l'ouvre avec `docker run -p 8080:80`", [EXPOSED]),
        ("On l'ouvre sur la machine avec `docker run`", [EXPOSED]),
        ("Les ports internes ne sont jamais accessibles depuis la machine", [INTERNAL]),
        ("Un port exposé est ouvert, un port interne n'est pas accessible", [EXPOSED, INTERNAL]),
        ("Ils ont présenté 10000 pages en 1998", [YEAR]),
        ("Les 2 chercheurs ont présenté 10 000 pages", [YEAR]),
        ("Les pages sont dans `/var/www/index.html`", [YEAR]),
    ],
)
def test_what_the_quotes_say_in_other_words_passes(sentence: str, quotes: list[str]) -> None:
    assert refusal(Written(sentence, (1,)), [quote(text) for text in quotes]) is None


@pytest.mark.parametrize(
    ("sentence", "quotes", "why"),
    [
        ("Un port exposé est ouvert sur la machine", [], "no quote"),
        ("Les ports internes sont accessibles depuis la machine", [INTERNAL], "negation"),
        ("Un port exposé n'est pas ouvert sur la machine", [EXPOSED], "negation"),
        ("Un port exposé est ouvert sur la machine avec `docker run -p 8081:80`", [EXPOSED], "code"),
        ("On ouvre un port exposé sur la machine avec `docker expose`", [EXPOSED], "code"),
        ("Un port exposé est ouvert sur la machine avec -p", [INTERNAL], "literal"),
        ("Un port exposé est ouvert avec --publish sur la machine", [EXPOSED], "literal"),
        ("Un port exposé est ouvert sur la machine dans /etc/ports", [EXPOSED], "literal"),
        ("Un port exposé est ouvert sur la machine par http://exemple.fr", [EXPOSED], "literal"),
        ("Un port exposé est ouvert sur la machine par ports.yml", [EXPOSED], "literal"),
        ("Un port exposé est ouvert sur la machine par TCP", [EXPOSED], "literal"),
        ("Un conteneur communique avec l'extérieur par 3 ports exposés", [EXPOSED], "number"),
        ("Un conteneur communique avec l'extérieur par trois ports exposés", [EXPOSED], "number"),
        ("Les chercheurs ont présenté 10 001 pages", [YEAR], "number"),
        ("En 1999, deux chercheurs ont présenté 10 000 pages", [YEAR], "number"),
        ("En mars 1998, deux chercheurs ont présenté 10 000 pages", [YEAR], "number"),
        ("Trois chercheurs ont présenté 10 000 pages", [YEAR], "number"),
        ("An exposed port lets a container talk to the outside", [EXPOSED], "words"),
        ("La recette demande du beurre et de la farine", [EXPOSED], "words"),
        ("Un conteneur communique avec l'extérieur de Kubernetes par un port exposé", [EXPOSED], "foreign word"),
        ("Un conteneur de Paul communique avec l'extérieur par un port exposé", [EXPOSED], "foreign word"),
        ("Un conteneur communique avec l'extérieur par un port exposé avec docker rmi", [EXPOSED], "foreign word"),
        ("…", [EXPOSED], "no words"),
    ],
)
def test_what_the_quotes_do_not_say_fails(sentence: str, quotes: list[str], why: str) -> None:
    assert refusal(Written(sentence, (1,)), [quote(text) for text in quotes]) == why


def test_code_must_stand_in_a_quote_to_the_letter() -> None:
    source = quote("docker run \\\n  -p 8080:80 nginx")
    assert refusal(Written("docker run \\\n -p 8080:80", (1,), "code"), [source]) is None
    for other in ("docker run -p 8080:80", "docker run \\\n -p 8080:8", "rm -rf /", ""):
        assert refusal(Written(other, (1,), "code"), [source]) == "code"


def test_a_heading_names_what_its_sentences_are_about() -> None:
    under = quote("Il est ouvert sur la machine.", "Réseau", "Le port exposé")
    assert refusal(Written("Le port exposé est ouvert sur la machine", (1,)), [under]) is None


@pytest.mark.parametrize("long", ["a" * 8000, "a/" * 4000, "1 " * 4000, "`" * 8000, "d'" * 4000, "-" * 8000])
def test_a_long_sentence_takes_no_long_time(long: str) -> None:
    started = time.perf_counter()
    refusal(Written(f"Un port {long}", (1,)), [quote(EXPOSED)])
    assert time.perf_counter() - started < 5
