"""Find the Chromium that the browser tests drive; as a script, install one where there is none.

Where it looks, in this order: REPERE_TEST_BROWSER, the command path, the usual place on macOS, what
Playwright has installed for itself. Beside it, where there is one, the headless shell: the same Chromium without
windows and preferences, which costs the processor less than half.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SHELLS = ("chromium-headless-shell", "chrome-headless-shell")
MAC_APPS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find_browser() -> str | None:
    """The path of a Chromium that starts, or None."""
    named = os.environ.get("REPERE_TEST_BROWSER")
    if named:
        return shutil.which(named)
    found = next((path for name in (*NAMES, *MAC_APPS) if (path := shutil.which(name)) and starts(path)), None)
    if found:
        return found
    own = playwright_browser()
    return own if starts(own) else None


def find_headless_shell() -> str | None:
    """The path of a headless shell that starts; None without one, and where a browser is named."""
    if os.environ.get("REPERE_TEST_BROWSER"):
        return None
    return next((path for name in SHELLS if (path := shutil.which(name)) and starts(path)), None)


def playwright_browser() -> str:
    """Where Playwright would keep its own Chromium; it may not be there."""
    from playwright.sync_api import sync_playwright  # only the tests' extra brings it

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def starts(path: str) -> bool:
    """Whether `path` tells its version: Ubuntu's `chromium-browser` is a script that asks for a snap."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def install() -> None:
    """Try apt where that is allowed, then Playwright's own download; the caller looks what came of it."""
    if may_use_apt():
        print("Installing Chromium for the browser tests (apt-get install chromium)", flush=True)
        attempt("apt-get", "update")
        attempt("apt-get", "install", "-y", "--no-install-recommends", "chromium")
        if find_browser():
            return
    print("Installing Chromium for the browser tests (playwright install chromium)", flush=True)
    attempt(sys.executable, "-m", "playwright", "install", "chromium")


def install_headless_shell() -> None:
    """Try apt where Chromium is Debian's, which has one; the tests run without it, for longer."""
    if may_use_apt() and find_browser() == "/usr/bin/chromium":
        print("Installing Chromium's headless shell (apt-get install chromium-headless-shell)", flush=True)
        attempt("apt-get", "install", "-y", "--no-install-recommends", "chromium-headless-shell")


def may_use_apt() -> bool:
    return os.geteuid() == 0 and bool(shutil.which("apt-get"))


def attempt(*command: str) -> None:
    """Run `command` in silence, whatever comes of it."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, capture_output=True, check=False, env=environment)


def main() -> int:
    """Make sure that there is a browser; returns the exit status."""
    named = os.environ.get("REPERE_TEST_BROWSER")
    if named and not find_browser():
        print(f"REPERE_TEST_BROWSER is {named!r}, which is no program.", file=sys.stderr)
        return 1
    if not find_browser():
        install()
    if not find_browser():
        print(
            "The browser tests need Chromium or Google Chrome. Install one, "
            "or name it: REPERE_TEST_BROWSER=/path/to/chromium",
            file=sys.stderr,
        )
        return 1
    if not named and not find_headless_shell():
        install_headless_shell()
    return 0


if __name__ == "__main__":
    sys.exit(main())
