"""Settings: all described, named alike, never changed, and what is wrong with one is said plainly."""

import pytest
from pydantic import ValidationError

from reperage.service.settings import Settings


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described(name: str):
    description = Settings.model_fields[name].description
    assert description
    assert description.endswith(".")


def test_settings_are_read_from_variables_with_one_prefix(monkeypatch):
    monkeypatch.setenv("REPERE_PORT", "4321")
    monkeypatch.setenv("PORT", "1234")
    monkeypatch.setenv("REPERE_SOMETHING_ELSE", "x")
    assert Settings().port == 4321


def test_settings_do_not_change():
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.port = 1


def test_every_setting_has_a_default():
    assert Settings().port == 8000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REPERE_PORT", "abc"),
        ("REPERE_PORT", "-1"),
        ("REPERE_PORT", "70000"),
        ("REPERE_PUBLIC_URL", "cours.example"),
        ("REPERE_PUBLIC_URL", "ftp://cours.example"),
        ("REPERE_ENCODER_THREADS", "-2"),
        ("REPERE_MAX_QUESTION_LENGTH", "3"),
        ("REPERE_ROOT_PATH", "repere"),
        ("REPERE_TRUSTED_PROXIES", "proxy.example"),
        ("REPERE_RATE_PER_SESSION", "often"),
        ("REPERE_RATE_PER_ADDRESS", "0/minute"),
        ("REPERE_LOG_LEVEL", "loud"),
        ("REPERE_LOG_FORMAT", "xml"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(repere, name: str, value: str):
    done = repere("courses", **{name: value})

    assert done.returncode == 1
    assert name in done.stderr
    assert repr(value) in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_every_value_that_makes_no_sense_is_named(repere):
    done = repere("courses", REPERE_PORT="abc", REPERE_LOG_FORMAT="xml")

    assert done.returncode == 1
    assert "REPERE_PORT" in done.stderr
    assert "REPERE_LOG_FORMAT" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://localhost:8000"),
        ("0.0.0.0", "http://localhost:8000"),
        ("::1", "http://localhost:8000"),
        ("::", "http://localhost:8000"),
        ("192.0.2.7", "http://192.0.2.7:8000"),
        ("2001:db8::7", "http://[2001:db8::7]:8000"),
        ("cours.example", "http://cours.example:8000"),
    ],
)
def test_the_address_to_open_is_one_that_a_browser_takes(host: str, address: str):
    settings = Settings(host=host)
    assert settings.address() == address
    assert settings.address(4321) == address.replace("8000", "4321")
    assert Settings(host=host, public_url="https://cours.example/a/").address(4321) == "https://cours.example/a"


def test_an_index_depends_on_what_is_put_before_its_texts():
    plain, prompted = Settings().recipe, Settings(document_prompt="texte : ").recipe
    assert plain.parameters() != prompted.parameters()
    assert Settings(query_prompt="question : ").recipe == plain
