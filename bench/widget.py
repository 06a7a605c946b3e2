"""Bytes of the page's own files, each compressed by gzip at level 9 and added up: the widget's without comments, where
TypeScript is there to leave them out (`make check` installs it)."""

import gzip
from pathlib import Path

from bench.row import Row
from tools import widget_size

_ENDINGS = (".html", ".css", ".js", ".svg")


def measure(corpus: Path | None) -> list[Row]:
    """The widget's row, and the pages around it."""
    size = widget_size.measure()
    comments = (
        "with comments, as TypeScript is not installed"
        if size.has_comments
        else f"comments aside ({size.served / 1000:.1f} kB with them)"
    )
    is_met = size.total <= widget_size.LIMIT
    widget = set(widget_size.modules(widget_size.WIDGET))
    files = [
        path for path in sorted(widget_size.WIDGET.parent.rglob("*")) if path.suffix in _ENDINGS and path not in widget
    ]
    rest = sum(len(gzip.compress(path.read_bytes(), 9)) for path in files)
    return [
        Row(
            "the widget",
            f"{size.total / 1000:.1f} kB in {len(size.by_file)} files, {comments}",
            f"at most {widget_size.LIMIT / 1000:.0f} kB gzipped, no dependency, no build step",
            # Comments alone may be what is too much.
            None if size.has_comments and not is_met else is_met,
        ),
        Row("the pages around it, gzipped", f"{rest / 1000:.1f} kB in {len(files)} files"),
    ]
