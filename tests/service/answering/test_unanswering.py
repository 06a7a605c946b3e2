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
        ("## Liens\n\n- [La pile ronde](#pile)\n- [La file](file.md#a)", "Une pile", []),
        ("## Vue\n\n```mermaid\ngraph TD; pile-->file\n```\n\n```c\npile();\n```", "Une pile", ["pile();"]),
        ("## Quai\n\n**!!! Pile !!!**\n\nOui.\n\nPile :\n\n- Pile", "Une pile", ["Oui.", "Pile :", "Pile"]),
        ("## À faire\n\nCalculez la pile. Citez la file.", "Une pile", []),
        (
            "## À faire\n\nCalculez la pile. Citez la file.",
            "Comment calculer ?",
            ["Calculez la pile.", "Citez la file."],
        ),
        ("## Plan d'adressage\n\nLa pile est plate.", "Une pile", ["La pile est plate."]),
        ("## II. Exercices\n\nLa pile est vide.", "Comment fonctionne HTTP ?", []),
        ("## TP 1 : la pile\n\nOn la vide.\n\n### Vider\n\nLa pile se vide.", "Une pile", ["La pile se vide."]),
        ("## SQL\n\n```sql\nSELECT pile WHERE id = ?\n```", "Une pile", ["SELECT pile WHERE id = ?"]),
        ("## Liens\n\n- [La pile](p.zip)\n- [La file](#f)", "Une pile", ["La pile", "La file"]),
        ("## Objectifs\n\n- Comprendre la pile.", "Une pile", []),
    ],
)
def test_what_answers_nothing_is_no_candidate(course, text: str, question: str, answering: list[str]) -> None:
    small: SmallCourse = course(f"# Structures\n\n{text}\n\n## Divers\n\nRien de plus ici.\n")
    shown = {candidate.sentence.shown for candidate in small.candidates(question)} - {"Rien de plus ici."}
    assert shown == set(answering)
