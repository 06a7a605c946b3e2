"""`python -m bench [NAME …] [--corpus FOLDER]`: measure what the design promises, show it, write docs/benchmarks.md.

Without a name: all but `million`, which takes minutes. Figures of measures that are not run again are kept.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from bench import ask, build, encoder, memory, million, ready, report, widget
from bench.row import Row
from reperage.service.settings import Settings

MEASURES = {module.__name__.rsplit(".")[-1]: module for module in (ask, build, ready, memory, million, widget, encoder)}
_QUICK = [name for name in MEASURES if name != "million"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what the design promises.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(MEASURES)}")
    parser.add_argument("--corpus", type=Path, help="a folder of Markdown to encode and build, instead of our own")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(MEASURES):
        parser.error(f"no measure {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    kept = Settings().home / "bench.json"
    results = report.load(kept)
    names = arguments.names or _QUICK
    for name in names:
        print(f"Measuring {name}…", flush=True)
        measure: Callable[[Path | None], list[Row]] = MEASURES[name].measure
        report.keep(kept, results, name, measure(arguments.corpus))
    report.show(results, names)
    page = report.page(results, {name: module.__doc__ or "" for name, module in MEASURES.items()})
    report.PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
