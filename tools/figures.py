"""Write what `repere evaluate -o FILE` measured into docs/evaluation.md.

python tools/figures.py FILE [FILE ...]

Every set has a row for each stage of its search, what its answers hold and when they are given, and the sha256 of
the files it was read from, shortened to 12 digits.
"""

import json
import sys
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "docs" / "evaluation.md"
START, END = "<!-- figures: made by tools/figures.py -->", "<!-- end of figures -->"
MEASURES = {"ndcg_at_10": "nDCG@10", "recall_at_1": "recall@1", "recall_at_10": "recall@10", "mrr": "MRR"}


def main(paths: list[str]) -> None:
    """Put the tables in the place of those before."""
    found = [json.loads(Path(path).read_text(encoding="utf-8")) for path in paths]
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(START)
    after = rest.partition(END)[2]
    parts = [START, stages(found), decisions(found), checksums(found), END]
    PAGE.write_text(before + "\n\n".join(parts) + after, encoding="utf-8")


def stages(found: list[dict[str, Any]]) -> str:
    """A row for each stage of each set: means with their 95 % intervals."""
    rows = [["set", "questions", "stage", *MEASURES.values()]]
    for one in found:
        for name, figures in (one["stages"] or {}).items():
            cells = [f"{f['value']:.3f} ({f['low']:.3f}–{f['high']:.3f})" for f in map(figures.get, MEASURES)]
            rows.append([one["set"], f"{one['queries']:,}", name, *cells])
    return table(rows)


def decisions(found: list[dict[str, Any]]) -> str:
    """A row for each set whose answers or refusals can be measured."""
    rows = [["set", "holds the span", "words", "AUROC", "threshold", "answered", "refused", "refused at 90 % answered"]]
    for one in found:
        if one["answers"] and one["abstention"]:
            answers, abstention = one["answers"], one["abstention"]
            shares = [abstention[key] for key in ("answered", "refused", "refused_at_90_answered")]
            rows.append(
                [
                    one["set"],
                    f"{answers['contains_span']:.3f}",
                    f"{answers['mean_words']:.1f}",
                    f"{abstention['auroc']:.3f}",
                    f"{abstention['threshold']:g}",
                    *(f"{share:.3f}" for share in shares),
                ]
            )
    return table(rows)


def checksums(found: list[dict[str, Any]]) -> str:
    """A row for each file."""
    rows = [["set", "file", "sha256"]]
    rows += [[one["set"], f"`{name}`", f"`{digest[:12]}`"] for one in found for name, digest in one["files"].items()]
    return table(rows)


def table(rows: list[list[str]]) -> str:
    head, *body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, f"|{' --- |' * len(rows[0])}", *body])


if __name__ == "__main__":
    main(sys.argv[1:])
