"""The arrows between the packages, read from their imports."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [path for package in ("corpus", "index", "service") for path in sorted((ROOT / package).rglob("*.py"))]

# What each package may not import: the packages to its right, and what they are built on.
FORBIDDEN = {
    "corpus": {"reperage.index", "reperage.service", "bench", "tools", "tests"}
    | {"faiss", "numpy", "torch", "sentence_transformers", "onnxruntime", "tokenizers", "bm25s", "Stemmer"}
    | {"fastapi", "starlette", "langchain", "langchain_core"},
    "index": {"reperage.service", "bench", "tools", "tests", "fastapi", "starlette", "httpx", "uvicorn", "langchain"},
    "service": {"bench", "tools", "tests", "faiss", "bm25s", "Stemmer", "sentence_transformers", "torch"},
}


@cache
def imported(path: Path) -> frozenset[str]:
    """What a file imports."""
    return frozenset(imports(path.read_text(encoding="utf-8")))


def imports(source: str) -> Iterator[str]:
    """The top-level name of every import, wherever it stands; of ours with the folder."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (_top(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name their package"
            yield from (_top(f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("__import__", "importlib.import_module"):
            yield _top(ast.literal_eval(node.args[0]))


def _top(name: str) -> str:
    parts = name.split(".")
    return ".".join(parts[: 2 if parts[0] == "reperage" else 1])


def test_there_is_something_to_read() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in SOURCES} == set(FORBIDDEN)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_arrow_points_backwards(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    assert not imported(path) & (FORBIDDEN[package] | {"corpus", "index", "service"})


def test_an_arrow_that_points_backwards_is_seen_wherever_it_stands() -> None:
    source = "import a.b\nfrom c.d import e\ndef f():\n    import g\n    if 1:\n        __import__('h.i')\n"
    assert set(imports(source)) == {"a", "c", "g", "h"}


# The one package or the few modules that may import a third party; the linter's rule is all or nothing for a file.
HOMES = {
    "faiss": {"index/vectors.py"},
    "bm25s": {"index/lexical.py"},
    "rapidfuzz": {"index/text/vocabulary.py"},
    "spellchecker": {"index/text/dictionary.py"},
    "Stemmer": {"index/text/analysis.py"},
    "onnxruntime": {"index/onnx_module.py"},
    "sentence_transformers": {"index/encoder.py", "index/onnx_module.py", "index/reranker.py"},
    "sklearn": {"service/evaluation/fit.py"},
    "torch": {"index/encoder.py", "index/onnx_module.py"},
    "langchain": {"service/answering/generation/chat_model.py"},
    "langchain_core": {"index/langchain.py", "service/answering/generation/chat_model.py"},
    "mcp": {"service/mcp.py"},
    "markdown_it": {"corpus/markdown.py", "corpus/blocks.py", "corpus/titles.py", "service/sources/document_html.py"},
    "sqlalchemy": {"service/database/"},
    "alembic": {"service/database/"},
    "idna": {"service/urls.py"},
    "itsdangerous": {"service/access/signed_tokens.py"},
    "limits": {"service/rate_limits/counters.py"},
    "redis": {"service/rate_limits/counters.py"},
    "sse_starlette": {"service/http/sse.py"},
    "ir_measures": {"service/evaluation/measures.py"},
    "nh3": {"service/sources/document_html.py"},
    "typer": {"service/cli/"},
    "aiohttp": {"service/slack/"},
    "slack_bolt": {"service/slack/"},
    "slack_sdk": {"service/slack/"},
    "cryptography": {"service/access/"},
    "jwt": {"service/access/jwks.py", "service/access/lms_user_tokens.py", "service/lti/"},
    "requests": {"service/access/jwks.py", "service/webhooks/signing.py", "service/lti/"},
    "urllib3": {"service/access/jwks.py", "service/webhooks/signing.py", "service/lti/"},
    "pylti1p3": {"service/access/lti_keys.py", "service/lti/"},
}


@pytest.mark.parametrize("library", HOMES)
def test_a_fenced_library_is_imported_in_its_home_alone(library: str) -> None:
    importers = [path.relative_to(ROOT).as_posix() for path in SOURCES if library in imported(path)]
    used = {path: [home for home in HOMES[library] if path == home or path.startswith(home)] for path in importers}
    assert all(used.values()), f"{library} is imported by {[path for path, homes in used.items() if not homes]}"
    assert {home for homes in used.values() for home in homes} == HOMES[library]
