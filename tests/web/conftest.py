"""One browser, and one service on the shipped course, for all the tests of the pages."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from reperage.index.encoder import Encoder
from reperage.service.settings import Settings
from tests.service.serving import Served, build_course, copy_home, serving
from tests.web.visiting import SIZES, visiting
from tools.browser import find_browser, find_headless_shell

PYTHON_COURSE = (
    """\
# Python

Les paramètres `*args` et `**kwargs` sont libres, et `**options` aussi, comme `handlers[i](event)` et `<b>` ici.

| gauche | droite |
|:-------|-------:|
| un     | deux   |

## Étapes d'installation

Les étapes d'installation du serveur Zébulon sont :

1. télécharger l'archive du serveur
2. décompresser l'archive

Pour démarrer le serveur Zébulon, tapez :

```bash
zebulon start --port 80 | tee **log**
```
"""
    + "\n\nUn long texte.\n" * 60
    + "\n## À la fin\n\nLe mot de la fin est pamplemousse.\n"
)


ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]


@cache
def chromium(*, whole: bool = False) -> str:
    """The path of the browser; a `whole` one has preferences, else it may be the headless shell."""
    executable = (None if whole else find_headless_shell()) or find_browser()
    assert executable, "the browser tests need Chromium: run `make test`"
    return executable


# For a file: Playwright keeps an event loop running as long as it is open, and no other test could run one.
@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    opened = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def web_home(home: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `REPERE_HOME` with the courses `docker` and `python`, for the tests of this folder. Build nothing in it."""
    own = tmp_path_factory.mktemp("web")
    copy_home(home, own)
    (own / "python").mkdir()
    (own / "python" / "python.md").write_text(PYTHON_COURSE, encoding="utf-8")
    build_course(own / "home", own / "python", encoder)
    return own / "home"


@pytest.fixture(scope="session")
def served(web_home: Path, encoder: Encoder) -> Iterator[Served]:
    """The service, with two courses."""
    with serving(Settings(home=web_home, rate_per_address="10000/minute"), encoder) as running:
        yield running


@pytest.fixture
def own_home(home: Path, tmp_path: Path) -> Path:
    """A `REPERE_HOME` of the test's own, with the shipped course in it."""
    return copy_home(home, tmp_path)


@pytest.fixture(scope="module")
def own_home_of_module(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for the tests of a file."""
    return copy_home(home, tmp_path_factory.mktemp("module"))


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    """A page of a usual size, in a window of its own; at the end nothing may have gone wrong in it."""
    with visiting(browser) as opened:
        yield opened


@pytest.fixture(params=SIZES)
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The same on a desk and on a phone."""
    with visiting(browser, SIZES[request.param]) as opened:
        yield opened
