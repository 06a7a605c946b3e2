import pytest

from tests.corpus.reading import quotes_of, sentences_of


@pytest.mark.parametrize(
    "text",
    [
        "Un port, p. ex. Celui-ci, est exposé.",
        "Les images (p.\u00a0ex. Alpine) sont petites.",
        "Selon M. Martin et Mme. Curie, oui.",
        "Voir le Dr. House, cf. Annexe.",
        "Des ports, des volumes, etc. sont exposés.",
        "Voir docs.docker.com pour la suite.",
        "Voir docs.Docker.Com pour la suite.",
        "La version 1.5 de 2.0 est là.",
        "!!! Important !!!",
        "C'est isolé, c.-à-d. Sans accès.",
        "En 52 av. J.-C. César arriva.",
        "Voir art. 5 et fig. 3 et p. 12.",
        "D'après J. R. Tolkien et A. Turing.",
        "Lancer `docker run a. B` ici.",
        "Lancer ``a ? B`` ici.",
        "Il dit « Lance le conteneur ! » et il part.",
        "Il demande « Où ? », puis part.",
        "Des conteneurs... puis des images.",
        "Attendre ... puis partir… et revenir.",
        "Le fichier .env et node.js",
        "Voir <https://docker.com/a.B?C!> ici.",
    ],
)
def test_no_sentence_ends_here(text: str) -> None:
    assert quotes_of(text) == [text]


@pytest.mark.parametrize(
    "sentences",
    [
        ["Qu'est-ce ?", "Un port."],
        ["Qu'est-ce\u00a0?", "Un port."],
        ["Attention !", "Le port est pris."],
        ["Une suite…", "Une autre."],
        ["Une suite...", "Une autre."],
        ["Il dit « oui. »", "Puis il part."],
        ["Il dit « oui\u202f!\u202f»", "Puis il part."],
        ["(Voir plus bas.)", "Puis il part."],
        ["Il dit “oui.”", "« Non. »", "(Si.)"],
        ["C'est le démon.", "`dockerd` le lance."],
        ["Quoi ?!", "1.5 Go."],
        ["Voir la figure.", "École."],
        ["Voir l'annexe A1.", "L’hôte répond."],
        ["Il y a des ports, etc.", "Les volumes restent."],
        ["Un conteneur.", "🐳 Docker."],
    ],
)
def test_a_sentence_ends_here(sentences: list[str]) -> None:
    assert quotes_of(" ".join(sentences)) == sentences


def test_an_end_at_a_line_feed_is_an_end_and_a_line_feed_alone_is_none() -> None:
    assert quotes_of("Un port.\nDeux ports\nsont là.") == ["Un port.", "Deux ports\nsont là."]


@pytest.mark.parametrize("line_break", ["  \n", "\\\n", "<br>", "<br/>\n"])
def test_a_forced_line_break_is_an_end_before_a_capital_only(line_break: str) -> None:
    assert [s.shown for s in sentences_of(f"Un port{line_break}Deux ports")] == ["Un port", "Deux ports"]
    assert len(sentences_of(f"Un port{line_break}et deux")) == 1


def test_a_text_without_any_letter_is_one_sentence() -> None:
    assert quotes_of("(12) 15 ! 4") == ["(12) 15 ! 4"]


@pytest.mark.parametrize(
    "sentences",
    [
        ["**Un port.**", "*Deux ports.*"],
        ["Le `démon`.", "**`Docker`** le lance."],
        ["_Un **port.**_", "[Deux ports](a.md)."],
        ["[Un port.](a.md)", "~~Deux.~~"],
        ["~~Un~~ port **exposé**.", "<b>Deux.</b>"],
    ],
)
def test_a_span_holds_the_marks_that_open_and_close_in_it(sentences: list[str]) -> None:
    assert quotes_of(" ".join(sentences)) == sentences


def test_a_span_leaves_out_quote_marks_and_white_space_at_its_ends() -> None:
    text = "> Un port.\n> Deux\n> ports.\n>Trois.   \n>\n> \u00a0Quatre.\u00a0\n"
    assert quotes_of(text) == ["Un port.", "Deux\n> ports.", "Trois.", "Quatre."]
    assert [s.shown for s in sentences_of(text)] == ["Un port.", "Deux ports.", "Trois.", "Quatre."]
