"""HTML from templates, and the headers that every page is sent with."""

from pathlib import Path

from jinja2 import ChainableUndefined, Environment, FileSystemLoader

LANGUAGES = ("fr", "en")
"""Languages of pages; the first where nothing else is asked for."""


def headers(frame_ancestors: str = "'none'", form_action: str = "'self'") -> dict[str, str]:
    """Headers of a page; who may show it in a frame, and where its forms may lead."""
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
            f"base-uri 'none'; form-action {form_action}; frame-ancestors {frame_ancestors}"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }


HEADERS = headers()


def wanted_language(accept_language: str) -> str:
    """The first language of an `Accept-Language` header, or of a locale, that pages are written in."""
    tags = (tag.strip()[:2].lower() for tag in accept_language.split(","))
    return next((tag for tag in tags if tag in LANGUAGES), LANGUAGES[0])


_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=ChainableUndefined,
    trim_blocks=True,
)


def render(template: str, **values: object) -> str:
    """A page from one of the templates; every value is escaped unless it is marked as safe."""
    return _templates.get_template(template).render(values)
