"""The rules of ARCHITECTURE.md: which room may import which, where third parties stand, and how large things are."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("corpus", "index", "service")
    for path in sorted((ROOT / package).rglob("*.py"))
}

# Each room imports rooms of lines above its own; those of one line do not know one another.
GROUND = {"errors", "clock", "settings", "caller", "urls", "optional_imports", "logs", "background", "messages"}
LINES = """
    corpus
    index
    ground
    contract
    sources
    answering
    database rate_limits
    access
    courses conversations webhooks
    assistant
    suggestions loading
    evaluation services
    http
    api pages slack lti mcp cli
    app
    service
"""
LAYERS = {room: n for n, line in enumerate(LINES.strip().splitlines()) for room in line.split()}
# What a channel starts, and from where.
STARTED = {
    ("service.cli.starting", "service.app"),
    ("service.cli.starting", "service.mcp"),
    ("service.cli.starting", "service.slack.socket_mode"),
}
# Beyond the lines: who asks is nothing to whoever answers.
NEVER = {(room, "service.caller") for room in ("contract", "sources", "answering")}

IMPORTING = ("__import__", "import_module")


class Arrow(NamedTuple):
    """One module imports another, or a library."""

    source: str
    target: str

    def __str__(self) -> str:
        return f"{self.source} → {self.target}"


@cache
def arrows(module: str) -> frozenset[Arrow]:
    """Every import of a module, wherever it stands, within functions and `TYPE_CHECKING` too."""
    return frozenset(Arrow(module, target) for target in imports(SOURCES[module].read_text(encoding="utf-8")))


def imports(source: str) -> Iterator[str]:
    """What a source imports: our modules without the distribution's name, libraries by theirs."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (_ours_or_library(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name their package"
            yield from (_ours_or_library(f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in IMPORTING:
            yield from (_ours_or_library(name.value) for name in node.args[:1] if isinstance(name, ast.Constant))


def _ours_or_library(name: str) -> str:
    if not name.startswith("reperage."):
        return name.partition(".")[0]
    own = name.removeprefix("reperage.")
    return own if own in SOURCES else own.rpartition(".")[0]


def room(module: str) -> str:
    """The room of one of our modules."""
    package, _, rest = module.partition(".")
    name = rest.partition(".")[0]
    if package != "service" or not name:
        return package
    return "ground" if name in GROUND else name


def broken(arrow: Arrow) -> bool:
    """Whether an arrow between our modules breaks a rule."""
    here, there = room(arrow.source), room(arrow.target)
    if any(here == source and arrow.target.startswith(target) for source, target in NEVER):
        return True
    if here == there or (arrow.source, arrow.target) in STARTED:
        return False
    return LAYERS[there] >= LAYERS[here]


def test_no_arrow_breaks_a_rule() -> None:
    ours = (arrow for module in SOURCES for arrow in arrows(module) if arrow.target in SOURCES)
    wrong = sorted(str(arrow) for arrow in ours if broken(arrow))
    assert not wrong, f"against the rules of ARCHITECTURE.md: {', '.join(wrong)}"


def test_every_path_that_the_pages_name_exists() -> None:
    for page in (ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", ROOT / "docs" / "security.md"):
        named = set(
            re.findall(r"(?<![\w/.])(?:corpus|index|service|web|tests|docs|bench|tools)/[\w./-]*\w/?", page.read_text())
        )
        missing = sorted(path for path in named if not (ROOT / path).exists())
        assert named
        assert not missing, f"{page.name} names what is not there: {missing}"


def test_architecture_md_says_the_same_rules() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    lines = [line.strip() for line in LINES.strip().splitlines()]
    assert "\n".join(lines) in page
    assert all(f"`{source}` → `{target}`" in page for source, target in STARTED)


def test_a_broken_rule_is_told_by_its_arrow() -> None:
    for source, target in [
        ("service.answering.pipeline", "service.database.turns"),
        ("service.api.questions", "service.slack.bot"),
        ("service.courses.jobs", "service.conversations.gaps"),
        ("service.clock", "service.contract.answer"),
        ("index.index", "service.clock"),
    ]:
        assert broken(Arrow(source, target))
    assert not broken(Arrow("service.api.questions", "service.http.sse"))


def test_no_circle() -> None:
    waiting = {module: {arrow.target for arrow in arrows(module)} & SOURCES.keys() - {module} for module in SOURCES}
    while free := {module for module, targets in waiting.items() if not targets & waiting.keys()}:
        waiting = {module: targets for module, targets in waiting.items() if module not in free}
    assert not waiting, f"modules that import one another in a circle, or stand on one that does: {sorted(waiting)}"


def test_imports_are_seen_wherever_they_stand() -> None:
    source = "import a.b\nfrom c.d import e\ndef f():\n    import g\n    if 1:\n        __import__('h.i')\n"
    assert set(imports(source)) == {"a", "c", "g", "h"}


def test_our_packages_are_imported_below_the_name_of_the_distribution() -> None:
    bare = {"corpus", "index", "service", "web"}
    for folder in ("corpus", "index", "service", "bench", "tools", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert not {name.partition(".")[0] for name in names} & bare, f"{path.relative_to(ROOT)}: {names}"


# The one package or the few modules that may import a third party; the linter's rule is all or nothing for a file.
HOMES = {
    "faiss": {"index/vectors.py"},
    "bm25s": {"index/lexical.py"},
    "rapidfuzz": {"index/text/vocabulary.py"},
    "spellchecker": {"index/text/dictionary.py"},
    "Stemmer": {"index/text/analysis.py"},
    "onnxruntime": {"index/onnx_module.py", "index/pair_model.py"},
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
    "limits": {"service/rate_limits/counters.py", "service/settings.py"},
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
    "requests": {"service/access/jwks.py", "service/webhooks/delivery_attempt.py", "service/lti/"},
    "urllib3": {"service/access/jwks.py", "service/webhooks/delivery_attempt.py", "service/lti/"},
    "pylti1p3": {"service/access/lti_keys.py", "service/lti/"},
}


# Frameworks, and where they may not be: search knows no vectors' maker above it, answers know no HTTP.
WITHOUT = {
    "corpus": {"faiss", "numpy", "torch", "tokenizers", "fastapi", "starlette", "httpx", "uvicorn"},
    "index": {"fastapi", "starlette", "httpx", "uvicorn"},
    "service": {"faiss", "bm25s", "Stemmer", "sentence_transformers", "torch"},
}
OF_HTTP = {"fastapi", "starlette", "uvicorn"}
WITH_HTTP = {"http", "api", "pages", "slack", "lti", "mcp", "cli", "app"}


def test_a_fenced_library_is_imported_in_its_home_alone() -> None:
    for library, homes in HOMES.items():
        importers = {
            SOURCES[module].relative_to(ROOT).as_posix()
            for module in SOURCES
            if library in {arrow.target for arrow in arrows(module)}
        }
        outside = {path for path in importers if not path.startswith(tuple(homes))}
        assert not outside, f"{library} is imported by {sorted(outside)}"
        unused = {home for home in homes if not any(path.startswith(home) for path in importers)}
        assert not unused, f"{library} has homes that do not import it: {sorted(unused)}"


def test_frameworks_stay_where_they_belong() -> None:
    wrong = [
        str(arrow)
        for module in SOURCES
        for arrow in arrows(module)
        if arrow.target in WITHOUT[module.partition(".")[0]]
        or (arrow.target in OF_HTTP and module.startswith("service") and room(module) not in WITH_HTTP)
    ]
    assert not wrong


MOST_LINES, MOST_LINES_OF_A_FUNCTION, MOST_MODULES = 400, 60, 15
# Longer for a reason: it is one list from its beginning to its end.
LONG = {"service.database.migrations.versions.0007_lti:upgrade"}


def test_nothing_is_too_large_to_read() -> None:
    assert len(list((ROOT / "service").glob("*.py"))) <= MOST_MODULES
    for module, path in SOURCES.items():
        source = path.read_text(encoding="utf-8")
        assert source.count("\n") <= MOST_LINES, module
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and f"{module}:{node.name}" not in LONG:
                assert (node.end_lineno or 0) - node.lineno < MOST_LINES_OF_A_FUNCTION, f"{module}: {node.name}"


def test_an_init_only_shows_what_others_have() -> None:
    for module, path in SOURCES.items():
        if path.name == "__init__.py":
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                names = [ast.unparse(target) for target in node.targets] if isinstance(node, ast.Assign) else []
                names += [node.name] if isinstance(node, ast.FunctionDef) else []
                shows = isinstance(node, ast.Import | ast.ImportFrom | ast.Expr | ast.If)
                assert shows or (names and all(name.startswith("_") for name in names)), (
                    f"{module}: {ast.unparse(node)}"
                )
