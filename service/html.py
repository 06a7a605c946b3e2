"""HTML from templates, and the headers that every page is sent with."""

from pathlib import Path

from jinja2 import ChainableUndefined, Environment, FileSystemLoader

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=ChainableUndefined,
    trim_blocks=True,
)


def render(template: str, **values: object) -> str:
    """A page from one of the templates; every value is escaped unless it is marked as safe."""
    return _templates.get_template(template).render(values)
