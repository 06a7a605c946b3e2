"""The platform's pages: plain, in a frame or around one."""

import json
from collections.abc import Iterable, Mapping
from html import escape

from starlette.responses import HTMLResponse

_PAGE = """<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>body {{ margin: 0; font: 16px sans-serif }} h1 {{ font-size: 1.2em; margin: 0.5em }}
iframe.tool {{ border: 0; width: 100%; height: calc(100vh - 4em); display: block }}</style></head>
<body>{body}</body></html>"""


def page(title: str, body: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(_PAGE.format(title=escape(title), body=body), status)


def posting(address: str, fields: Mapping[str, str]) -> HTMLResponse:
    """A page that posts a form at once."""
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
    )
    form = f'<form method="post" action="{escape(address)}">{inputs}</form>'
    return page("…", f"{form}<script>document.forms[0].submit()</script>")


def framing(title: str, address: str, origins: Iterable[str], storage: str | None = None) -> HTMLResponse:
    """A page with a tool in a frame; `storage` names the frame that keeps things for it, `_parent` the page itself."""
    known = list(origins)
    beside = f'<iframe name="{escape(storage)}" src="/storage" hidden></iframe>' if _is_beside(storage) else ""
    tool = f'<iframe class="tool" name="tool" title="L’outil" src="{escape(address)}"></iframe>'
    script = _script(known, storage or "", is_here=storage == "_parent")
    return page(title, f"<h1>{escape(title)}</h1>{script}{beside}<main>{tool}</main>")


def keeping(origins: Iterable[str], name: str) -> HTMLResponse:
    """The frame that keeps things."""
    return page("…", _script(list(origins), name, is_here=True))


def _script(origins: list[str], frame: str, *, is_here: bool) -> str:
    return (
        f'<script src="/storage.js" data-origins="{escape(json.dumps(origins))}" data-frame="{escape(frame)}"'
        f' data-here="{"yes" if is_here else "no"}"></script>'
    )


def _is_beside(storage: str | None) -> bool:
    return storage is not None and storage != "_parent"
