"""Origins as people write them, and as browsers send them."""

import pytest

from reperage.service.errors import StartError
from reperage.service.urls import normalized_origin


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://cours.example", "https://cours.example"),
        (" HTTPS://Cours.Example/ ", "https://cours.example"),
        ("https://cours.example:443", "https://cours.example"),
        ("http://cours.example:80/", "http://cours.example"),
        ("http://cours.example:443", "http://cours.example:443"),
        ("https://cours.example:", "https://cours.example"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:5173", "http://127.0.0.1:5173"),
        ("http://[::1]:5173", "http://[::1]:5173"),
        ("http://[0:0::1]", "http://[::1]"),
        ("https://école.example", "https://xn--cole-9oa.example"),
        ("https://ÉCOLE.example", "https://xn--cole-9oa.example"),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("https://un_cours.example", "https://un_cours.example"),
        ("https://xn--cole-9oa.example", "https://xn--cole-9oa.example"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(written: str, origin: str) -> None:
    assert normalized_origin(written) == origin
    assert normalized_origin(origin) == origin


@pytest.mark.parametrize(
    "written",
    [
        *("", " ", "*", "null", "cours.example", "//cours.example", "https://", "https:///", "https:cours.example"),
        *("ftp://cours.example", "file:///tmp/x", "javascript:alert(1)", "https://cours.example/moodle"),
        *("https://cours.example?", "https://cours.example#", "https://cours.example/?a=b", "https://cours.example//"),
        *("https://anne@cours.example", "https://anne:secret@cours.example", "https://cours.example:x"),
        *("https://cours.example:0", "https://cours.example:70000", "https://cours.example:-1"),
        *("https://a b.example", "https://a\n.example", "https://a\t.example", "https://a\0.example"),
        *("https://*.example", "https://a%41.example", "https://a\\b.example", "https://a..example", "https://.a"),
        *(
            "https://127.1",
            "https://0x7f.1",
            "https://1.2.3.256",
            "https://[::1",
            "https://[::g]",
            "https://[fe80::1%1]",
        ),
        *("https://" + "a" * 64 + ".example", "https://" + "a." * 200 + "example", "https://\ud800.example"),
        *("https://a,https://b", "https://a, b", "https://-a.example"),
    ],
)
def test_what_is_no_origin_is_refused(written: str) -> None:
    with pytest.raises(StartError, match="is no origin"):
        normalized_origin(written)
