"""What was asked before in each conversation, as far as follow-up questions need it."""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

MOST_CONVERSATIONS = 10_000
MOST_QUESTIONS = 5


class Conversations:
    """The last questions of the latest conversations, in memory; for any number of threads."""

    def __init__(self, most: int = MOST_CONVERSATIONS) -> None:
        self._most = most
        self._questions: OrderedDict[tuple[str, str], tuple[str, ...]] = OrderedDict()
        self._lock = Lock()

    def earlier(self, conversation_id: str, course: str) -> Sequence[str]:
        """The questions of a conversation about one course as they were read, oldest first."""
        with self._lock:
            return self._questions.get((conversation_id, course), ())

    def remember(self, conversation_id: str, course: str, question: str) -> None:
        with self._lock:
            key = (conversation_id, course)
            self._questions[key] = (*self._questions.get(key, ()), question)[-MOST_QUESTIONS:]
            self._questions.move_to_end(key)
            if len(self._questions) > self._most:
                self._questions.popitem(last=False)
