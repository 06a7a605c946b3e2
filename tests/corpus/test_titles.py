import pytest

from reperage.corpus.titles import Anchors
from tests.corpus.reading import headings_of


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("# Docker ([Documentation](https://docs.docker.com/))", "Docker"),
        ("# Docker [[a](b), [c](d)] en bref", "Docker en bref"),
        ("# Installer [Docker](https://docker.com) chez soi", "Installer Docker chez soi"),
        ("# Images (voir [là](b))", "Images (voir là)"),
        ("# ([Docker](b))", "(Docker)"),
        ("# **Le** `démon` *Docker* &amp; ![image](a.png)<br>", "Le démon Docker &"),
        ("# Fermé ##", "Fermé"),
        ("#", ""),
        ("Deux\nlignes\n===", "Deux lignes"),
    ],
)
def test_a_title_drops_marks_and_links_between_brackets(heading: str, title: str) -> None:
    assert [h.title for h in headings_of(heading)] == [title]


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("# Introduction Docker ([Doc officielle](https://d.com))", "introduction-docker-doc-officielle"),
        ("# L'été à l’École !", "lété-à-lécole-"),
        ("# 🐳 Docker", "-docker"),
        ("# `docker-compose.yml` & snake_case", "docker-composeyml--snake_case"),
        ("# C++ / C#", "c--c"),
    ],
)
def test_an_anchor_is_what_github_makes_of_the_whole_heading(heading: str, anchor: str) -> None:
    assert [h.anchor for h in headings_of(heading)] == [anchor]


def test_repeated_headings_get_anchors_that_no_literal_heading_has() -> None:
    anchors = Anchors()
    given = [anchors.add(text) for text in ("Foo", "Foo 1", "Foo", "Foo", "foo-1", "!!!", "?")]
    assert given == ["foo", "foo-1", "foo-2", "foo-3", "foo-1-1", "section", "section-1"]
