"""Draw the pictures of docs/screenshots/: the service with the shipped course, in a real Chromium.

    python tools/screenshots.py [NAME ...]

Needs the extra `test` and a Chromium (`make test` brings both). Without a name, every picture is drawn.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tools.browser import find_browser

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
COURSE_PAGE = "courses/docker"
DEMO_PAGE = "demo"
DESK, PHONE = (1280, 800), (390, 844)

REFERENCE = "Quelle est la différence entre un port exposé et un port interne ?"
NOT_IN_MATERIAL = "Comment installer Kubernetes ?"

Step = Callable[[Page], None]
"""What someone does on the page, until what follows from it is there."""


def sees_suggestions(page: Page) -> None:
    page.locator("repere-chat .suggestion").first.wait_for()


def opens_panel(page: Page) -> None:
    page.locator("repere-chat button.launcher").click()
    page.locator("repere-chat textarea#question").wait_for()


def asks(question: str) -> Step:
    def ask(page: Page) -> None:
        page.locator("repere-chat textarea#question").fill(question)
        page.locator("repere-chat button.send").click()
        page.locator('repere-chat .turn[data-state="done"]').last.wait_for()

    return ask


def opens_source(page: Page) -> None:
    page.locator("repere-chat .turn").last.locator(".chip").first.click()
    page.locator("repere-chat aside.source").wait_for()
    page.wait_for_load_state("networkidle")


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: its file's name, the page below the service's address, and what is done there first."""

    name: str
    path: str
    steps: tuple[Step, ...]
    size: tuple[int, int] = DESK
    scheme: Literal["light", "dark"] = "light"

    @property
    def scale(self) -> int:
        """Pixels of the picture for one of the page: a phone's are small."""
        return 2 if self.size == PHONE else 1


SHOTS = (
    Shot("page", COURSE_PAGE, (sees_suggestions,)),
    Shot("answer", COURSE_PAGE, (sees_suggestions, asks(REFERENCE))),
    Shot("source", COURSE_PAGE, (sees_suggestions, asks(REFERENCE), opens_source)),
    Shot("refusal", COURSE_PAGE, (sees_suggestions, asks(NOT_IN_MATERIAL))),
    Shot("dark", COURSE_PAGE, (sees_suggestions, asks(REFERENCE), opens_source), scheme="dark"),
    Shot("phone", COURSE_PAGE, (sees_suggestions, asks(REFERENCE)), size=PHONE),
    Shot("phone-source", COURSE_PAGE, (sees_suggestions, asks(REFERENCE), opens_source), size=PHONE),
    Shot("demo", DEMO_PAGE, (opens_panel, sees_suggestions, asks(REFERENCE))),
)


def draw(browser: Browser, address: str, shot: Shot) -> bytes:
    """The picture of `shot` as PNG."""
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=shot.scale,
        is_mobile=shot.size == PHONE,
        has_touch=shot.size == PHONE,
        color_scheme=shot.scheme,
        reduced_motion="reduce",
        locale="fr-FR",
        timezone_id="Europe/Paris",
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(address + shot.path, wait_until="networkidle")
    for step in shot.steps:
        step(page)
    page.mouse.move(0, 0)  # nothing is hovered
    page.evaluate("document.fonts.ready.then(() => null)")
    picture = page.screenshot(animations="disabled", caret="hide")
    context.close()
    return picture


@contextmanager
def service() -> Iterator[str]:
    """The service with the shipped course and nothing else, on a free port; its address, with a slash at the end."""
    with tempfile.TemporaryDirectory() as home:
        log = Path(home) / "log"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REPERE_")}
        environment |= {"REPERE_HOME": home, "HF_HUB_OFFLINE": "1"}
        command = [str(Path(sys.executable).parent / "repere"), "serve", "--port", "0"]
        with log.open("wb") as errors, subprocess.Popen(command, env=environment, stderr=errors) as process:
            try:
                yield _address(process, log)
            finally:
                process.terminate()


def _address(process: subprocess.Popen[bytes], log: Path, seconds: float = 120) -> str:
    """Where the service answers, once it does."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        said = log.read_text(encoding="utf-8", errors="replace")
        found = re.search(r"http://[^\s\"]+/", said)
        if found and _is_ready(found.group()):
            return found.group()
        time.sleep(0.1)
    sys.exit(f"{log.read_text(encoding='utf-8', errors='replace')}The service did not start.")


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}readyz", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def main() -> None:
    shots = {shot.name: shot for shot in SHOTS}
    parser = argparse.ArgumentParser(description="Draw the pictures of docs/screenshots/.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to draw: {', '.join(shots)}")
    names = parser.parse_args().names or list(shots)
    if unknown := set(names) - set(shots):
        parser.error(f"no picture {', '.join(sorted(unknown))}; there are {', '.join(shots)}")
    executable = find_browser()
    if executable is None:
        sys.exit("There is no Chromium: `make test` installs one.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with service() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        for name in names:
            picture = draw(browser, address, shots[name])
            (FOLDER / f"{name}.png").write_bytes(picture)
            print(f"{len(picture):>9,}  {name}.png", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
