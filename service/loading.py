"""Loading, from a fresh process to one that answers: missing indexes built, the model loaded, every course opened."""

import ctypes
import gc
import os
import sys
from collections.abc import Callable
from threading import Event, Thread
from typing import TYPE_CHECKING

import structlog

from reperage.corpus import read_course
from reperage.corpus.errors import CorpusError
from reperage.corpus.shipped import SHIPPED
from reperage.index.errors import BuildInProgress, SearchIndexError
from reperage.index.models import SHIPPED_MODEL
from reperage.index.text.dictionary import dictionary
from reperage.service.answering.answerability import NAMES
from reperage.service.answering.calibration import WITHOUT_CALIBRATION, load_calibration
from reperage.service.answering.pipeline import Pipeline
from reperage.service.answering.reading.decision import Decision
from reperage.service.answering.reading.reader import Reader
from reperage.service.assistant import Assistant, Composer
from reperage.service.conversations.conversations import Conversations
from reperage.service.courses.building import BuildProgress
from reperage.service.courses.library import CourseLibrary
from reperage.service.errors import InvalidCalibration, NotReady, StartError, explain_os_error
from reperage.service.settings import Settings

if TYPE_CHECKING:
    from reperage.index.encoder import Encoder
    from reperage.index.reranker import Reranker

log = structlog.get_logger(__name__)


class Loading:
    """Loading of the assistant, at once or in a thread of its own.

    `detail` says in a sentence what it is doing; `error` is set when it has failed.
    """

    def __init__(
        self,
        settings: Settings,
        progress: BuildProgress = lambda course, done, total: None,
        on_finished: Callable[["Loading"], None] = lambda loading: None,
        conversations: Conversations | None = None,
        courses: CourseLibrary | None = None,
    ) -> None:
        self.settings = settings
        self.courses = courses or CourseLibrary(settings)
        self.conversations = conversations or Conversations()
        self.error: StartError | None = None
        self.detail = "The program is starting."
        self._progress = progress
        self._on_finished = on_finished
        self._assistant: Assistant | None = None
        self._end = Event()

    @property
    def assistant(self) -> Assistant:
        """Assistant that was made; raises `NotReady` until there is one."""
        if self._assistant is None:
            raise NotReady(self.detail)
        return self._assistant

    @property
    def is_ready(self) -> bool:
        return self._assistant is not None

    def start(self) -> None:
        """Run in a thread; `on_finished` is called from it in either case."""
        Thread(target=self._run, name="startup", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Whether it ended, in either way, within `seconds`."""
        return self._end.wait(seconds)

    def run(self) -> Assistant:
        """Make the assistant here and now.

        Raises:
            StartError: something is missing; says what.
        """
        from reperage.index.encoder import Encoder  # PyTorch takes seconds to import; the server answers meanwhile.

        try:
            self.detail = "The embedding model is being loaded."
            settings = self.settings
            encoder = Encoder.load(
                settings.embedding_model,
                threads=settings.encoder_threads,
                query_prompt=settings.query_prompt,
                document_prompt=settings.document_prompt,
            )
            self._build_missing(encoder)
            for course, problem in self.courses.problems().items():
                log.error("course_unavailable", course=course, problem=problem)
            encoder.encode_query(["Prêt ?"])
            dictionary()  # So that no question waits for its first use.
            self._assistant = Assistant(
                load_pipeline(settings, encoder),
                self.courses,
                self.conversations,
                composer=self._composer(encoder),
                max_question_length=settings.max_question_length,
            )
            self.detail = "Ready."
            return self._assistant
        except (CorpusError, SearchIndexError, InvalidCalibration) as error:
            raise StartError(str(error)) from error
        except OSError as error:
            raise StartError(explain_os_error(error, self.settings.home)) from error

    def _composer(self, encoder: "Encoder") -> Composer | None:
        """Composer by the language model that the settings name, if they do."""
        if self.settings.chat_model is None:
            return None
        from reperage.service.answering.generation.chat_model import load_chat_model
        from reperage.service.answering.generation.composer import GeneratingComposer

        model = load_chat_model(self.settings)
        return GeneratingComposer(model, encoder, self.settings, load_support_model(self.settings))

    def _build_missing(self, encoder: "Encoder") -> None:
        from reperage.index.build import build_index

        for course, folder in self.courses.missing().items():
            self.detail = f"The index of the course {course!r} is being built."
            try:
                build_index(
                    read_course(folder, course),
                    encoder,
                    self.settings.recipe,
                    self.settings.index_roots[0],
                    material=SHIPPED,
                    progress=lambda done, total, course=course: self._progress(course, done, total),  # type: ignore[misc]
                )
            except BuildInProgress:
                log.warning("build_in_progress", course=course)

    def _run(self) -> None:
        try:
            self.run()
            # What is loaded by now stays: no later collection need look through half a million objects.
            gc.collect()
            gc.freeze()
            _return_memory()
        except StartError as error:
            self.error = error
            self.detail = str(error)
        except Exception as error:
            log.exception("start_failed")
            self.error = StartError(f"an unexpected error: {error!r}")
            self.detail = "The program could not start; its log says why."
        finally:
            self._end.set()
            self._on_finished(self)


def _return_memory() -> None:
    """Give what loading has freed back to the system, where the C library keeps it (malloc_trim(3) of glibc)."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


def load_pipeline(settings: Settings, encoder: "Encoder") -> Pipeline:
    """What answers are made with, by the settings.

    Raises:
        InvalidCalibration: the calibration is damaged.
        UnusableModel: a model that the settings name cannot be loaded.
    """
    calibration = load_calibration(settings.home, settings.recipe.model_digest, NAMES)
    if calibration.model_digest is None:
        log.warning("no_calibration", model=settings.embedding_model, detail=WITHOUT_CALIBRATION)
    return Pipeline(encoder, calibration, load_reranker(settings), load_reader(settings))


def load_reader(settings: Settings) -> Reader | None:
    """The shipped reader; `None` where it is off, its file is not there, or another embedding model is named than the
    one whose table of words it shares.

    Raises:
        UnusableModel, InvalidCalibration: its files are damaged, or were made for other ones.
    """
    from reperage.index.pair_model import FILE, PairModel  # onnxruntime

    if settings.reader == "off" or settings.embedding_model != SHIPPED_MODEL or not FILE.is_file():
        return None
    model = PairModel.load(threads=settings.encoder_threads or os.cpu_count() or 1)
    return Reader(model, Decision.load(), settings.reader_windows)


def load_reranker(settings: Settings) -> "Reranker | None":
    """Reranker that the settings name, if they do; raises `UnusableModel` where it cannot be loaded."""
    if settings.reranker is None:
        return None
    from reperage.index.reranker import Reranker  # PyTorch takes seconds to import.

    return Reranker.load(settings.reranker)


def load_support_model(settings: Settings) -> "Reranker | None":
    """Model that tells whether a quote bears a sentence out, if the settings name one; raises as above."""
    if settings.support_model is None:
        return None
    from reperage.index.reranker import Reranker  # PyTorch takes seconds to import.

    return Reranker.load(settings.support_model, "REPERE_SUPPORT_MODEL")
