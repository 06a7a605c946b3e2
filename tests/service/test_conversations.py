"""What is remembered of conversations."""

from concurrent.futures import ThreadPoolExecutor

from service.conversations import MOST_QUESTIONS, Conversations


def test_questions_come_back_in_their_order() -> None:
    conversations = Conversations()
    assert list(conversations.earlier("a", "docker")) == []
    conversations.remember("a", "docker", "un")
    conversations.remember("a", "docker", "deux")
    assert list(conversations.earlier("a", "docker")) == ["un", "deux"]


def test_conversations_and_courses_are_kept_apart() -> None:
    conversations = Conversations()
    conversations.remember("a", "docker", "un")
    assert list(conversations.earlier("b", "docker")) == []
    assert list(conversations.earlier("a", "nsi")) == []
    conversations.remember("a", "nsi", "deux")
    assert list(conversations.earlier("a", "docker")) == ["un"]


def test_only_the_last_questions_are_kept() -> None:
    conversations = Conversations()
    for i in range(100):
        conversations.remember("a", "docker", str(i))
    assert list(conversations.earlier("a", "docker")) == [str(i) for i in range(100 - MOST_QUESTIONS, 100)]


def test_only_the_latest_conversations_are_kept() -> None:
    conversations = Conversations(most=3)
    for name in "abc":
        conversations.remember(name, "docker", "un")
    conversations.remember("a", "docker", "deux")
    conversations.remember("d", "docker", "un")
    kept = {name: list(conversations.earlier(name, "docker")) for name in "abcd"}
    assert kept == {"a": ["un", "deux"], "b": [], "c": ["un"], "d": ["un"]}


def test_what_was_given_does_not_change_afterwards() -> None:
    conversations = Conversations()
    conversations.remember("a", "docker", "un")
    before = conversations.earlier("a", "docker")
    conversations.remember("a", "docker", "deux")
    assert list(before) == ["un"]


def test_threads_lose_no_question_and_keep_no_more_than_there_is_room_for() -> None:
    conversations = Conversations(most=50)

    def ask(i: int) -> None:
        name = str(i % 60)
        conversations.remember(name, "docker", str(i))
        conversations.earlier(name, "docker")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(6000)))
    kept = [conversations.earlier(str(i), "docker") for i in range(60)]
    assert sum(bool(questions) for questions in kept) == 50

    alone = Conversations()
    with ThreadPoolExecutor(MOST_QUESTIONS) as pool:
        list(pool.map(lambda i: alone.remember("a", "docker", str(i)), range(MOST_QUESTIONS)))
    assert sorted(alone.earlier("a", "docker")) == [str(i) for i in range(MOST_QUESTIONS)]
