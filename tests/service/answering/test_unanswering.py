import pytest

from tests.service.small_course import SmallCourse

pytestmark = pytest.mark.model


@pytest.mark.parametrize(
    ("text", "question", "answering"),
    [
        ("## Cours\n\nUne pile range. À quoi sert-elle ? Elle trie.", "Une pile", ["Une pile range.", "Elle trie."]),
        ("## Exercice 3 : la pile\n\nOn a une pile vide. Implémentez-la.", "Une pile", []),
        ("## Exercice 3 : la pile\n\nOn a une pile vide.", "Quel est l'exercice ?", ["On a une pile vide."]),
        ("## Les exercices du dos\n\nLa pile de livres tient.", "Une pile", ["La pile de livres tient."]),
        ("## À faire chez soi\n\nExpliquez la pile. Justifiez la file. On rend le tout.", "Une pile", []),
        ("## Bilan\n\n- [ ] Je sais la pile.\n- La pile est plate.", "Une pile", ["La pile est plate."]),
        ("## Liens\n\n- [La pile ronde](#pile)\n- [La pile](http://a.b) ronde", "Une pile", ["La pile ronde"]),
        ("## Vue\n\n```mermaid\ngraph TD; pile-->file\n```\n\n```c\npile();\n```", "Une pile", ["pile();"]),
        ("## Quai\n\n**!!! Pile !!!**\n\nOui.\n\nPile :\n\n- Pile", "Une pile", ["Oui.", "Pile :", "Pile"]),
        ("## Objectifs\n\n- Comprendre la pile.", "Une pile", []),
    ],
)
def test_what_answers_nothing_is_no_candidate(course, text: str, question: str, answering: list[str]) -> None:
    small: SmallCourse = course(f"# Structures\n\n{text}\n\n## Divers\n\nRien de plus ici.\n")
    shown = {candidate.sentence.shown for candidate in small.candidates(question)} - {"Rien de plus ici."}
    assert shown == set(answering)
