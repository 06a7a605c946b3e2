"""Small sets, written to disk for one test."""

import json
from collections.abc import Sequence
from pathlib import Path

PASSAGES = [
    {"_id": "p1", "title": "Les ports", "text": "Un port exposé est ouvert sur la machine locale. Il a un numéro."},
    {"_id": "p2", "title": "Les images", "text": "Une image est faite de couches superposées."},
    {"_id": "p3", "title": "Les volumes", "text": "Un volume garde les données d'un conteneur après son arrêt."},
    {"_id": "p4", "title": "", "text": "La tour Eiffel mesure 330 mètres.\r\nElle se trouve à Paris."},
]
QUERIES = [
    {"_id": "q1", "text": "Qu'est-ce qu'un port exposé ?", "answers": ["ouvert sur la MACHINE  locale"]},
    {"_id": "q2", "text": "De quoi est faite une image ?", "answers": ["couches"]},
    {"_id": "q3", "text": "Combien mesure la tour Eiffel ?", "answers": ["330 mètres", "330 m"]},
]
QRELS = [("q1", "p1", "1"), ("q2", "p2", "1"), ("q3", "p4", "1")]


def write_beir(
    folder: Path,
    passages: Sequence[object] = PASSAGES,
    queries: Sequence[object] = QUERIES,
    qrels: Sequence[Sequence[str]] = QRELS,
    *,
    header: bool = True,
    removed: Sequence[str] = (),
    unanswerable: Sequence[str] = (),
) -> Path:
    """A set in the layout of BEIR; a passage or query that is a text is written as it is."""
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    _write_lines(folder / "corpus.jsonl", passages)
    _write_lines(folder / "queries.jsonl", queries)
    rows = [("query-id", "corpus-id", "score")] * header + list(qrels)
    (folder / "qrels" / "test.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
    if removed:
        (folder / "removed_passages.txt").write_text("\n".join(removed) + "\n")
    if unanswerable:
        (folder / "unanswerable_without_removed.txt").write_text("\n".join(unanswerable) + "\n")
    return folder


def _write_lines(path: Path, lines: Sequence[object]) -> None:
    written = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    path.write_text("\n".join(written) + "\n", encoding="utf-8")
