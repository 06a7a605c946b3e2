"""Bytes of the page's own files, each compressed by gzip at level 9 and added up. The widget is not built yet."""

import gzip
from pathlib import Path

from bench.row import Row

_WEB = Path(__file__).parent.parent / "web"
_ENDINGS = (".html", ".css", ".js", ".svg")


def measure(corpus: Path | None) -> list[Row]:
    """The widget's row, and the page that stands for it until then."""
    files = [path for path in sorted(_WEB.iterdir()) if path.suffix in _ENDINGS]
    size = sum(len(gzip.compress(path.read_bytes(), 9)) for path in files)
    return [
        Row("the widget", "not built yet", "at most 20 kB gzipped, no dependency, no build step"),
        Row("the page and the source viewer, gzipped", f"{size / 1000:.1f} kB in {len(files)} files"),
    ]
