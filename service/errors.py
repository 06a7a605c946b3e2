"""What can go wrong while a question is answered, with the HTTP status that it has there.

ServiceError                 status, title, and a detail for whoever asked
├── InvalidQuestion     422  blank, too short, too long, or holds what is no text
├── CourseRequired      422  there are several courses and none was named
├── UnknownCourse       404
├── UnknownDocument     404
├── UnknownConversation 404  there is none, or it is another person's or another course's
├── UnknownAnswer       404  there is none, or it is another person's
├── UnknownJob          404  there is none, or it is another course's
├── NotManaged          409  the material of the course stands elsewhere
├── PreconditionFailed  412  the document is not what `If-Match` or `If-None-Match` says
├── UnsupportedFormat   415  a document in a format that is not read
├── InvalidDocument     422  a document that cannot be read, or says nothing
├── InvalidName         422  no name for a course or a document
├── KeyReused           422  an Idempotency-Key came with another question
├── InvalidToken        401  a session token has ended, is forged or another origin's
├── InvalidKey          401  a key of the API is forged, revoked or has ended
├── InvalidUserToken    401  an LMS's token for its user is forged, has ended, or came without a key
├── NoCredentials       401  nothing says who asks, and nothing is open to everybody
├── TooManyAtOnce       422  a batch that is larger than all that one may ask in that time
├── Forbidden           403  it takes another role
├── ForeignOrigin       403  a page of a site that is not registered, or not for this course
├── TooManyRequests     429  says when to come again
├── InvalidBody         400  not JSON
├── ClientGone          499  nobody waits for the answer any more
├── CourseUnavailable   503  the course has an index that cannot be used
│   └── CourseEmpty          its last document was removed
├── MaterialUnavailable 503  a document cannot be written: the disk is full or refuses
│   └── MaterialDamaged      somebody has to mend a file or a folder first
├── JwksDown            503  an LMS's public keys cannot be fetched
├── StateUnavailable    503  the database cannot be reached, is locked or full
│   └── StateRefused         it refused just this row
└── NotReady            503  the model or the indexes are still being loaded

StartError                   the program cannot start; said on the command line
"""

import errno
from collections.abc import Mapping
from pathlib import Path
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


class UnknownJob(ServiceError):
    status = 404
    title = "No such job"


class NotManaged(ServiceError):
    status = 409
    title = "The material stands elsewhere"


class ContextChanged(ServiceError):
    status = 409
    title = "Somebody else has chosen meanwhile"


class PreconditionFailed(ServiceError):
    status = 412
    title = "The document is not what it was"


class UnsupportedFormat(ServiceError):
    status = 415
    title = "Not a format that is read"


class InvalidDocument(ServiceError):
    status = 422
    title = "The document cannot be read"


class InvalidName(ServiceError):
    status = 422
    title = "Not a name"


class KeyReused(ServiceError):
    status = 422
    title = "The key was used for something else"


class InvalidToken(ServiceError):
    status = 401
    title = "The session token is not valid"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class InvalidKey(ServiceError):
    status = 401
    title = "The key is not valid"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class InvalidUserToken(ServiceError):
    status = 401
    title = "The user's token is not valid"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class NoCredentials(ServiceError):
    status = 401
    title = "Who are you?"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class Forbidden(ServiceError):
    status = 403
    title = "You may not do this"


class ForeignOrigin(ServiceError):
    status = 403
    title = "This site may not ask"


class TooManyRequests(ServiceError):
    status = 429
    title = "Too many requests"

    def __init__(self, retry_after: int) -> None:
        """`retry_after`: in seconds."""
        super().__init__("That was a lot at once: wait a while.")
        self.retry_after = retry_after


class TooManyAtOnce(ServiceError):
    status = 422
    title = "More than one may ask at once"


class InvalidBody(ServiceError):
    status = 400
    title = "The request's body is not valid JSON"


class ClientGone(ServiceError):
    status = 499
    title = "The client went away"


class CourseUnavailable(ServiceError):
    status = 503
    title = "The course cannot be searched"


class CourseEmpty(CourseUnavailable):
    title = "The course has no document"


class MaterialUnavailable(ServiceError):
    status = 503
    title = "The document cannot be written"
    retry_after: int | None = 10


class MaterialDamaged(MaterialUnavailable):
    retry_after = None


class JwksDown(ServiceError):
    status = 503
    title = "The public keys cannot be fetched"
    retry_after = 30


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


def explain_os_error(error: OSError, home: Path) -> str:
    """A sentence for what the operating system refused."""
    place = error.filename or home
    if error.errno == errno.ENOSPC:
        return f"the disk that holds {str(place)!r} is full; make room or set REPERE_HOME to another folder"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{str(place)!r} cannot be written; set REPERE_HOME to a folder that can"
    return f"{str(place)!r}: {error.strerror or error}"
