"""What quotes bear out of a sentence."""

import pytest

from reperage.corpus import Section, Sentence
from reperage.service.answering.extractive import Quote
from reperage.service.answering.generation.output_parser import GeneratedSentence
from reperage.service.answering.generation.verification import verify


def quote(text: str, *path: str, kind: str = "paragraph") -> Quote:
    section = Section(
        document_id="cours", heading_path=path or ("Réseau",), anchor="a", start=0, end=999, is_empty=False
    )
    sentence = Sentence(start=0, end=len(text), shown=text.replace("`", ""), kind=kind, block=0, group=0)
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
    assert verify(GeneratedSentence(sentence, (1,)), [quote(text) for text in quotes]) is None


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
        ("Un conteneur communique avec l'extérieur de Kubernetes par un port exposé", [EXPOSED], "name"),
        ("Un conteneur de Paul communique avec l'extérieur par un port exposé", [EXPOSED], "name"),
        ("Un conteneur communique avec l'extérieur par un port exposé avec docker rmi", [EXPOSED], "command"),
        ("…", [EXPOSED], "no words"),
    ],
)
def test_what_the_quotes_do_not_say_fails(sentence: str, quotes: list[str], why: str) -> None:
    assert verify(GeneratedSentence(sentence, (1,)), [quote(text) for text in quotes]) == why


def test_code_must_stand_in_a_quote_to_the_letter() -> None:
    source = quote("docker run \\\n  -p 8080:80 nginx", kind="code")
    assert verify(GeneratedSentence("docker run \\\n -p 8080:80", (1,), "code"), [source]) is None
    for other in ("docker run -p 8080:80", "docker run \\\n -p 8080:8", "rm -rf /", ""):
        assert verify(GeneratedSentence(other, (1,), "code"), [source]) == "code"


CLIENT = "La commande client `docker` permet d'interagir avec le démon dans un environnement, en même temps."
CLEAN = "On nettoie le dossier avec `rm -rf ./build`, voir https://hub.docker.com/ pour 10 000 images."
NEVER = "N'exécutez jamais `rm -rf /` sur la machine."


@pytest.mark.parametrize(
    ("sentence", "quotes", "why"),
    [
        ("Les ports internes sont accessibles depuis la machine", [INTERNAL, EXPOSED], "negation"),
        ("Les ports internes sont accessibles depuis la machine, ni plus ni moins", [INTERNAL], "negation"),
        ("Les ports internes sont accessibles sans arrêt depuis la machine", [INTERNAL], "negation"),
        ("Il n'est pas vrai que les ports internes ne sont pas accessibles", [INTERNAL], "negation"),
        ("Un port exposé n'est pas ouvert sur la machine", [EXPOSED, INTERNAL], "negation"),
        ("Un conteneur évite de communiquer avec l'extérieur par un port exposé", [EXPOSED], "negation"),
        (
            "Les ports internes sont accessibles depuis la machine et les ports exposés ne le sont pas",
            [INTERNAL, EXPOSED],
            "negation",
        ),
        ("Il est faux qu'un conteneur communique avec l'extérieur", [EXPOSED], "negation"),
        ("La commande docker rm permet d'interagir avec le démon", [CLIENT], "command"),
        ("La commande docker ps permet d'interagir avec le démon", [CLIENT], "command"),
        ("La commande docker stop permet d'interagir avec le démon", [CLIENT], "command"),
        ("La commande docker –force permet d'interagir avec le démon", [CLIENT], "literal"),
        ("La commande docker −−force permet d'interagir avec le démon", [CLIENT], "literal"),
        ("La commande docker “-v” permet d'interagir avec le démon", [CLIENT], "literal"),
        ("La commande docker permet d'interagir avec le démon dans .env", [CLIENT], "literal"),
        ("La commande docker permet d'interagir avec le démon dans %TEMP%", [CLIENT], "literal"),
        ("On nettoie le dossier avec `rm -rf .`", [CLEAN], "code"),
        ("On nettoie le dossier avec https://hub.docker", [CLEAN], "literal"),
        ("On nettoie le dossier pour -10 000 images", [CLEAN], "number"),
        ("On nettoie le dossier pour 10 000 € images", [CLEAN], "number"),
        ("On nettoie le dossier pour vingt-deux images", [CLEAN], "number"),
        ("On nettoie le dossier pour une quinzaine d'images", [CLEAN], "number"),
        ("On nettoie le onzième dossier pour les images", [CLEAN], "number"),
        ("On nettoie le quart du dossier pour les images", [CLEAN], "number"),
        ("On nettoie le dossier pour ③ images", [CLEAN], "number"),
        ("On nettoie le dossier pour les images²", [CLEAN], "literal"),
        ("On nettoie le dossier pour V images", [CLEAN], "number"),
        ("On nettoie le dossier pour t\u200brois images", [CLEAN], "characters"),
        ("On nettoie le dossier pour \u202e0001\u202c images", [CLEAN], "characters"),
        ("On nettoie <!-- ne pas --> le dossier pour les images", [CLEAN], "markup"),
        ("On nettoie le [dossier](x) pour les images", [CLEAN], "markup"),
        ("On nettoie le dossier&sol; pour les images", [CLEAN], "markup"),
    ],
)
def test_what_a_liar_would_try_fails(sentence: str, quotes: list[str], why: str) -> None:
    assert verify(GeneratedSentence(sentence, (1,)), [quote(text) for text in quotes]) == why


@pytest.mark.parametrize(
    ("code", "text"),
    [("rm -rf .", CLEAN), ("rm -rf /", NEVER), ("nettoie le dossier", CLEAN)],
)
def test_a_block_of_code_is_code_of_a_quote_that_does_not_deny_it(code: str, text: str) -> None:
    assert verify(GeneratedSentence(code, (1,), "code"), [quote(text)]) == "code"
    assert verify(GeneratedSentence("rm -rf ./build", (1,), "code"), [quote(CLEAN)]) is None


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("Les ports internes sont inaccessibles depuis la machine", INTERNAL),
        ("La commande docker permet d'interagir avec le démon", CLIENT),
        ("Depuis la machine, les ports internes ne sont pas accessibles", INTERNAL),
        ("On nettoie le dossier pour dix mille images", "On nettoie le dossier pour 10 000 images."),
        ("On crée l'image de zéro", "On peut créer une image de toutes pièces."),
        ("Cela coûte 50 % du prix, soit la moitié", "Cela coûte 50% du prix, soit la moitié."),
        ("Il y a vingt et un dossiers", "Il y a 21 dossiers."),
        ("Il y en a quatre-vingt-douze au XIXe siècle", "Il y en a 92 au XIXe siècle."),
    ],
)
def test_an_honest_sentence_in_other_words_passes(sentence: str, text: str) -> None:
    assert verify(GeneratedSentence(sentence, (1,)), [quote(text)]) is None


def test_a_heading_names_what_its_sentences_are_about() -> None:
    under = quote("Il est ouvert sur la machine.", "Réseau", "Le port exposé")
    assert verify(GeneratedSentence("Le port exposé est ouvert sur la machine", (1,)), [under]) is None


@pytest.mark.timeout(30)
@pytest.mark.parametrize("long", ["a" * 8000, "a/" * 4000, "1 " * 4000, "`" * 8000, "d'" * 4000, "-" * 8000])
def test_a_long_sentence_is_refused_in_the_end(long: str) -> None:
    assert verify(GeneratedSentence(f"Un port {long}", (1,)), [quote(EXPOSED)]) is not None
