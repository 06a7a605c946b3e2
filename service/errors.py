"""What can go wrong while a question is answered, with the HTTP status that it has there.

ServiceError                 status, title, and a detail for whoever asked
├── InvalidQuestion     422  blank, too short, too long, or holds what is no text
├── CourseRequired      422  there are several courses and none was named
├── UnknownCourse       404
├── UnknownDocument     404
├── UnknownConversation 404  there is none, or it is another person's or another course's
├── UnknownAnswer       404  there is none, or it is another person's
├── KeyReused           422  an Idempotency-Key came with another question
├── InvalidToken        401  a session token has ended, is forged or another origin's
├── ForeignOrigin       403  a page of a site that is not registered, or not for this course
├── TooManyRequests     429  says when to come again
├── InvalidBody         400  not JSON
├── ClientGone          499  nobody waits for the answer any more
├── CourseUnavailable   503  the course has an index that cannot be used
├── StateUnavailable    503  the database cannot be reached, is locked or full
│   └── StateRefused         it refused just this row
└── NotReady            503  the model or the indexes are still being loaded

StartError                   the program cannot start; said on the command line
"""

from collections.abc import Mapping
from typing import ClassVar


class ServiceError(Exception):
    """An error that whoever asked can do something about; `str(error)` tells what."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    retry_after: int | None = None
    headers: ClassVar[Mapping[str, str]] = {}


class InvalidQuestion(ServiceError):
    status = 422
    title = "The question cannot be read"


class CourseRequired(ServiceError):
    status = 422
    title = "Which course?"


class UnknownCourse(ServiceError):
    status = 404
    title = "No such course"


class UnknownDocument(ServiceError):
    status = 404
    title = "No such document"


class UnknownConversation(ServiceError):
    status = 404
    title = "No such conversation"


class UnknownAnswer(ServiceError):
    status = 404
    title = "No such answer"


class KeyReused(ServiceError):
    status = 422
    title = "The key was used for another question"


class InvalidToken(ServiceError):
    status = 401
    title = "The session token is not valid"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class ForeignOrigin(ServiceError):
    status = 403
    title = "This site may not ask"


class TooManyRequests(ServiceError):
    status = 429
    title = "Too many requests"

    def __init__(self, retry_after: int) -> None:
        """`retry_after`: in seconds."""
        super().__init__(f"That was a lot at once; try again in {retry_after} s.")
        self.retry_after = retry_after


class InvalidBody(ServiceError):
    status = 400
    title = "The request's body is not valid JSON"


class ClientGone(ServiceError):
    status = 499
    title = "The client went away"


class CourseUnavailable(ServiceError):
    status = 503
    title = "The course cannot be searched"


class StateUnavailable(ServiceError):
    """`reason` is for the log and for whoever runs the program: it may name the database's host."""

    status = 503
    title = "The database cannot be used"
    retry_after = 5

    def __init__(self, reason: str) -> None:
        super().__init__("What was asked before cannot be read or changed for now; the program's log says why.")
        self.reason = reason


class StateRefused(StateUnavailable):
    title = "The database refused a row"


class NotReady(ServiceError):
    status = 503
    title = "Not ready yet"
    retry_after = 2


class InvalidCalibration(ServiceError):
    status = 503
    title = "The calibration cannot be read"


class StartError(Exception):
    """The program cannot start; the message says what is missing."""
