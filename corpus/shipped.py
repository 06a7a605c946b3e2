"""The courses that ship with the project: a folder of Markdown each, beside this module."""

from pathlib import Path

from reperage.corpus.document import slug

MATERIAL = Path(__file__).parent / "material"
"""The courses that ship with the project, a folder each."""

SHIPPED = "--shipped"
"""What stands for the folder of a course that ships with the project, in a manifest and for `repere build`."""

Material = dict[str, Path]
"""Folders by course."""


def shipped_material() -> Material:
    """The folders of the courses that ship with the project, by course."""
    return {
        folder.name: folder
        for folder in sorted(MATERIAL.iterdir())
        if folder.is_dir() and folder.name == slug(folder.name)
    }
