"""Turns that wait to be written: they can be read from here until they are."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from itertools import chain, islice
from threading import Lock

from reperage.service.database.turns import Turn


class TurnQueue:
    """Turns by conversation, the conversation that was added to last at the end; for any number of threads."""

    def __init__(self, most: int) -> None:
        """`most`: turns that wait; of more the oldest is given up."""
        self._most = most
        self._turns: OrderedDict[str, list[Turn]] = OrderedDict()
        self._count = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return self._count

    def add(self, turn: Turn) -> bool:
        """Let a turn wait; whether there was room, and none had to be given up for it."""
        with self._lock:
            self._turns.setdefault(turn.answer.conversation_id, []).append(turn)
            self._turns.move_to_end(turn.answer.conversation_id)
            self._count += 1
            if self._count <= self._most:
                return True
            oldest = next(iter(self._turns.values()))[0]
            self._remove([oldest])
            return False

    def batch(self, most: int) -> list[Turn]:
        """So many turns, oldest first; they go on waiting."""
        with self._lock:
            return list(islice(self._all(), most))

    def of_conversation(self, conversation_id: str) -> list[Turn]:
        """What waits of a conversation, oldest first."""
        with self._lock:
            return list(self._turns.get(conversation_id, ()))

    def of_person(self, person: str) -> list[Turn]:
        """What waits of a person."""
        with self._lock:
            return [turn for turn in self._all() if turn.person == person]

    def of_answer(self, answer_id: str, person: str) -> Turn | None:
        """A person's turn by its answer, where it waits."""
        with self._lock:
            for turn in self._all():
                if turn.answer.id == answer_id and turn.person == person:
                    return turn
        return None

    def remove(self, turns: Iterable[Turn]) -> None:
        """Take turns out, those that still wait."""
        with self._lock:
            self._remove(turns)

    def remove_where(self, is_meant: Callable[[Turn], bool]) -> None:
        """Take out the turns that are meant."""
        with self._lock:
            self._remove([turn for turn in self._all() if is_meant(turn)])

    def _all(self) -> Iterable[Turn]:
        return chain.from_iterable(self._turns.values())

    def _remove(self, turns: Iterable[Turn]) -> None:
        """Under the lock."""
        turns = list(turns)
        answer_ids = {turn.answer.id for turn in turns}
        for conversation_id in {turn.answer.conversation_id for turn in turns}:
            waiting = self._turns.get(conversation_id, [])
            rest = [turn for turn in waiting if turn.answer.id not in answer_ids]
            self._count -= len(waiting) - len(rest)
            if rest:
                self._turns[conversation_id] = rest
            else:
                self._turns.pop(conversation_id, None)
