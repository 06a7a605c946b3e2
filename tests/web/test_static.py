"""What the widget's sources never do, so that nothing an answer or a course says can become markup or code."""

import re
from pathlib import Path

import pytest

from tools.environment import Problem
from tools.widget_size import WIDGET, imports, measure, modules

WEB = WIDGET.parent
TEMPLATES = WEB.parent / "service" / "http" / "templates"
SOURCES = [WIDGET, *sorted((WEB / "widget").rglob("*.js"))]

NEVER = {
    "markup from text": r"\.(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|DOMParser|setHTMLUnsafe"
    r"|createContextualFragment|srcdoc",
    "code from text": r"\beval\s*\(|\bnew\s+Function\b|\bset(?:Timeout|Interval)\s*\(\s*[\"'`]|javascript:",
    "a style in an attribute": r"\.setAttribute\(\s*[\"'`]style[\"'`]",
    "a style element": r"<style|createElement\(\s*[\"'`]style[\"'`]",
    "an event handler in an attribute": r"\bon[a-z]+\s*=\s*[\"'`]|\.setAttribute\(\s*[\"'`]on",
    "a remote address": r"(?:https?:|[\"'`])//(?!www\.w3\.org/2000/svg\b)[\w$]",
}


# The widget's size counts what is loaded at its start. In a comment this is a type.
ON_THE_WAY = "a module loaded on the way"


def found(source: str) -> set[str]:
    """By their names above, the things that `source` should not do."""
    names = {name for name, pattern in NEVER.items() if re.search(pattern, source)}
    without_comments = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    return names | ({ON_THE_WAY} if re.search(r"\bimport\s*\(", without_comments) else set())


def loaded(path: Path) -> set[Path]:
    """The files that a template, a module or a stylesheet names."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        names = re.findall(r'(?:href|src)="(?:\.\./|\{\{ root \}\})?(?:static/)?([^":{}]+\.(?:css|js|svg))"', source)
        return {WEB / name for name in names}
    names = imports(source) if path.suffix == ".js" else re.findall(r'url\("([^"]+)"\)', source)
    return {(path.parent / name).resolve() for name in names}


def test_every_file_is_loaded_by_a_page_and_none_is_missing():
    reached = set().union(*(loaded(path) for path in TEMPLATES.rglob("*.html")))
    waiting = list(reached)
    while waiting:
        path = waiting.pop()
        assert path.is_file()
        if path.suffix in (".js", ".css"):
            new = loaded(path) - reached
            reached |= new
            waiting += new
    assert reached == {path for path in WEB.rglob("*") if path.is_file()}


def test_all_that_the_widget_loads_is_read():
    assert set(modules(WIDGET)) <= set(SOURCES)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(WEB).as_posix())
def test_a_source_makes_no_markup_and_no_code_and_reaches_for_nothing(path: Path):
    source = path.read_text(encoding="utf-8")
    assert found(source) == set()
    assert all(name.startswith(("./", "../")) for name in imports(source))


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("node.innerHTML = text", "markup from text"),
        ("node.outerHTML += text", "markup from text"),
        ('node.insertAdjacentHTML("beforeend", text)', "markup from text"),
        ("document.write(text)", "markup from text"),
        ("eval(text)", "code from text"),
        ("new Function(text)", "code from text"),
        ('setTimeout("go()", 1)', "code from text"),
        ('node.setAttribute("style", text)', "a style in an attribute"),
        ("const page = `<style>a {}</style>`", "a style element"),
        ("""const page = '<a onclick="go()">'""", "an event handler in an attribute"),
        ('node.setAttribute("onclick", text)', "an event handler in an attribute"),
        ('fetch("https://example.org/x")', "a remote address"),
        ('fetch("//example.org/x")', "a remote address"),
        ("a { background: url(http://example.org/x) }", "a remote address"),
        ('const more = await import("./more.js")', ON_THE_WAY),
    ],
)
def test_what_a_source_should_not_do_is_seen(source: str, name: str):
    assert found(source) == {name}


@pytest.mark.parametrize(
    "source",
    [
        'const SVG = "http://www.w3.org/2000/svg";',
        'button.addEventListener("click", go); button.onclick = go;',
        '/** @type {import("./api.js").Answer | Map<string, import("./api.js").Hit>} */',
        "sheet.replaceSync(css); node.style.setProperty('--x', '1px'); node.textContent = text;",
        "const place = `${root}/courses/${course}`; // a comment",
    ],
)
def test_what_a_source_may_do_is_left_alone(source: str):
    assert found(source) == set()


@pytest.fixture
def entry(tmp_path: Path) -> Path:
    """A widget of three modules that import one another, and one that is of no use to it."""
    (tmp_path / "widget").mkdir()
    for name, source in {
        "widget.js": '/** @typedef {import("./widget/types.js").T} T */\n'
        'import { one } from "./widget/one.js";\nexport const zero = one; // a comment\n',
        "widget/one.js": 'import {\n  two,\n} from "./two.js";\nexport * from "../widget.js";\n'
        "export const one = two;\n",
        "widget/two.js": "export const two = 2;\n",
        "widget/types.js": "export {};\n",
    }.items():
        (tmp_path / name).write_text(source, encoding="utf-8")
    return tmp_path / "widget.js"


def test_the_size_is_that_of_every_module_that_is_loaded(entry: Path):
    size = measure(entry)
    assert list(size.by_file) == ["widget.js", "widget/one.js", "widget/two.js"]
    assert size.total == sum(size.by_file.values()) > 0


def test_comments_are_left_out_of_the_size_where_typescript_is_there(entry: Path):
    before = measure(entry)
    with entry.open("a", encoding="utf-8") as file:
        file.write("/* nothing like what stands above: jumping zebras */\n")
    grown = measure(entry).total - before.total
    assert grown == 0 if not before.has_comments else grown > 0


@pytest.mark.parametrize("name", ["lit", "/widget/one.js", "https://example.org/x.js", "./absent.js", "../outside.js"])
def test_an_import_that_leads_nowhere_is_a_sentence(entry: Path, name: str):
    (entry.parent.parent / "outside.js").write_text("export {};\n", encoding="utf-8")
    entry.write_text(f'import "{name}";\n', encoding="utf-8")
    with pytest.raises(Problem, match="which is no file of"):
        modules(entry)
