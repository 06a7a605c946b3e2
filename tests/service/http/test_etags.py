"""What a request says about the ETags that it knows, without HTTP."""

import pytest
from fastapi.responses import Response

from reperage.service.courses.conditions import Conditions
from reperage.service.errors import PreconditionFailed
from reperage.service.http.etags import conditional_response, etag_of

HERE = '"abc"'


def holds(conditions: Conditions, etag: str | None = HERE, exists: bool = True) -> bool:
    try:
        conditions.check(exists, lambda: etag)
    except PreconditionFailed:
        return False
    return True


@pytest.mark.parametrize("condition", [HERE, f'"x", {HERE}', f'"x",{HERE},', f", {HERE}", "*", " * ", f'"a,b", {HERE}'])
def test_a_list_names_each_of_its_etags(condition: str) -> None:
    assert holds(Conditions(if_match=condition))
    assert not holds(Conditions(if_none_match=condition))


@pytest.mark.parametrize("condition", ['"x"', '"x",', ",", " ", '""', "abc", '"*"', '"x, abc"', "a*", '"abc'])
def test_what_names_another_one_or_none_does_not_name_this_one(condition: str) -> None:
    assert not holds(Conditions(if_match=condition))
    assert holds(Conditions(if_none_match=condition))


def test_a_weak_etag_is_enough_to_have_it_already_and_not_to_change_it() -> None:
    assert not holds(Conditions(if_match=f"W/{HERE}"))
    assert not holds(Conditions(if_none_match=f"W/{HERE}"))


@pytest.mark.parametrize("condition", [HERE, f"{HERE},", ",", '""', ""])
def test_what_has_changed_since_anybody_read_it_is_nobodys_etag(condition: str) -> None:
    assert holds(Conditions(if_none_match=condition), etag=None)
    assert not condition or not holds(Conditions(if_match=condition), etag=None)


def test_an_etag_may_hold_a_comma() -> None:
    assert holds(Conditions(if_match='"a,b"'), etag='"a,b"')


@pytest.mark.parametrize(("form", "status"), [("{}", 304), ("W/{},", 304), ('"x", {}', 304), ("*", 304), (",", 200)])
def test_what_is_known_already_is_not_sent_again(form: str, status: int) -> None:
    etag = etag_of(b"text")
    response = conditional_response(form.replace("{}", etag), Response(b"text"))
    assert (response.status_code, response.headers["etag"]) == (status, etag)
    assert bytes(response.body) == (b"text" if status == 200 else b"")
