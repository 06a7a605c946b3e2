import pytest

from reperage.index.text.language_detection import is_english


@pytest.mark.parametrize(
    "question",
    [
        "What is an exposed port?",
        "how do containers talk to each other",
        "Can I start and stop a container like a service?",
        "What happens to the changes a container made once it is stopped?",
        "what is docker",
        "why?",
    ],
)
def test_english_is_seen(question: str) -> None:
    assert is_english(question)


@pytest.mark.parametrize(
    "question",
    [
        "",
        "?!",
        "docker run",
        "port",
        "C'est quoi un port ?",
        "comment on fait un docker pull",
        "docker for windows",
        "Qu'est-ce que le build and run ?",
        "c'est quoi what if",
        "différence entre in et out",
        "🐳",
    ],
)
def test_french_and_doubt_are_not_english(question: str) -> None:
    assert not is_english(question)
