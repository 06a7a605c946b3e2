"""What the view of the documents makes of a file's name, beside what the service takes."""

import pytest
from playwright.sync_api import Page

from reperage.corpus import slug
from reperage.service.courses.material import LONGEST_NAME, check_name
from tests.service.serving import Served

pytestmark = [pytest.mark.browser, pytest.mark.model]

NAMES = [
    "Les câbles",
    "e\u0301te\u0301",
    "Cœur de réseau",
    "ŒUVRES",
    "ex æquo",
    "Æther",
    "Straße",
    "İstanbul",
    "ﬁche x² n°½",
    "TP 2 — la suite (v1.0)",
    "1\ufe0f\u20e32\ufe0f\u20e3 début",
    "__init__",
    "Лекция 3",
    "Ελληνικά A",
    "document",
    "a" * (LONGEST_NAME + 1),
    "é " * LONGEST_NAME,
]
GONE = ["Лекция", "Ελληνικά", "漢字", "ß", "…", ""]
_SLUGS = "async ([module, names]) => {const {slug} = await import(module); return names.map(slug)}"


def slugs(page: Page, url: str, names: list[str]) -> list[str]:
    """The same names as the view has them."""
    page.goto(url)
    return page.evaluate(_SLUGS, [f"{url}/static/lti/views/documents/document-id.js", names])


def test_a_name_is_the_one_that_the_service_gives(served: Served, desk: Page) -> None:
    found = slugs(desk, served.url, NAMES)
    assert found == [slug(name)[:LONGEST_NAME].rstrip("-") for name in NAMES]
    for name in found:
        check_name("document", name)


def test_nothing_is_left_of_a_name_without_plain_letters(served: Served, desk: Page) -> None:
    """The service would call each of them the same, and one would take the place of the other."""
    assert {slug(name) for name in GONE} == {"document"}
    assert set(slugs(desk, served.url, GONE)) == {""}
