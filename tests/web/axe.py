"""axe-core in a page: what keeps people from using it, as far as a program can tell."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# Each version of WCAG has its own tag for what it adds.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]

_RUN = """tags => axe.run(document, {
  runOnly: {type: "tag", values: tags},
  rules: {"target-size": {enabled: tags.includes("wcag22aa")}},
  resultTypes: ["violations"],
  preload: false,
})"""


def violations(page: Page, tags: list[str] = TAGS) -> list[str]:
    """What is wrong in the whole document and its open shadow roots: a line for each rule and element.

    Nothing when all is well. Animations should have ended: a colour on its way is no colour of the page. axe-core
    writes styles into the page, which a Content-Security-Policy bars: open the page with `bypass_csp`.
    """
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(_RUN, tags)
    return [_line(rule, node) for rule in found["violations"] for node in rule["nodes"]]


def _line(rule: dict[str, Any], node: dict[str, Any]) -> str:
    """`rule (impact): where: what: the element`."""
    reasons = "; ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])
    # Within a shadow root the selectors of the hosts stand before the element's own.
    places = (" >> ".join(target) if isinstance(target, list) else target for target in node["target"])
    html = " ".join(node["html"].split())[:160]
    return f"{rule['id']} ({rule['impact']}): {' in '.join(places)}: {reasons or rule['help']}: {html}"
