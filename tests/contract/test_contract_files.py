"""What others rely on stays byte for byte what it was, whatever the code behind it is called."""

import pytest

from tests.contract.described import DESCRIBED, FILES


@pytest.mark.parametrize("name", DESCRIBED)
def test_what_others_rely_on_is_unchanged(name: str) -> None:
    assert DESCRIBED[name]() == (FILES / name).read_text(encoding="utf-8")
