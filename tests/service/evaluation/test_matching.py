"""Phrases and texts as people type them."""

import pytest

from reperage.service.evaluation.matching import holds, holds_folded


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("C’est  l’été,\nenfin.", "l'été, enfin"),
        ("STRASSE", "straße"),
        ("cafe\u0301 noir", "caf\u00e9"),
        ("330\u00a0mètres", "330 mètres"),
    ],
)
def test_case_apostrophes_spaces_and_composition_make_no_difference(text: str, phrase: str):
    assert holds(text, phrase)


def test_accents_make_a_difference_unless_they_are_folded():
    assert not holds("des eleves", "élèves")
    assert holds_folded("des eleves", "Élèves")
    assert holds_folded("L’œuvre", "l'oeuvre")
    assert not holds_folded("des élèves", "professeurs")
