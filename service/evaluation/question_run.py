"""One run over a teacher's questions: each asked as in a channel, its answer compared with what is expected."""

import uuid
from collections.abc import Mapping, Sequence
from statistics import fmean, median
from time import perf_counter

from reperage.corpus import read_course, slug
from reperage.corpus.shipped import shipped_material
from reperage.service.assistant import Assistant
from reperage.service.caller import COMMAND_LINE
from reperage.service.contract.answer import Answer
from reperage.service.conversations.conversations import Conversations
from reperage.service.courses.building import BuildProgress
from reperage.service.courses.library import CourseLibrary
from reperage.service.errors import InvalidQuestion
from reperage.service.evaluation.errors import InvalidSet
from reperage.service.evaluation.indexes import index_of, load_encoder
from reperage.service.evaluation.measures import abstention
from reperage.service.evaluation.questions import Expected, Question, QuestionSet
from reperage.service.evaluation.report import Count, Evaluation, Failure, QuestionProgress, QuestionResults
from reperage.service.evaluation.trace import trace
from reperage.service.loading import Loading, load_pipeline
from reperage.service.settings import Settings


def evaluate_questions(
    question_set: QuestionSet,
    questions: Sequence[Question],
    settings: Settings,
    build_settings: Settings,
    build_progress: BuildProgress,
    question_progress: QuestionProgress,
) -> Evaluation:
    """Ask `questions`; a course with material of its own is built in the home of `build_settings`.

    Any other course is the one served.
    """
    assistant, course = _assistant(question_set, settings, build_settings, build_progress)
    seconds: list[float] = []
    complaints: dict[Question, str | None] = {}
    failures: list[Failure] = []
    probabilities: dict[Expected, list[float]] = {}
    for done, question in enumerate(questions, 1):
        answer, duration = _ask(question_set, question, assistant, course)
        seconds.append(duration)
        probabilities.setdefault(question.expected, []).append(answer.confidence)
        complaints[question] = complaint = question.complaint(answer)
        if complaint is not None:
            shown = (question.text, question.shape, question.expected, answer.status, answer.answer, complaint)
            failures.append(Failure(*shown, question_set.right.get(question.text)))
        question_progress(done, len(questions))
    return Evaluation(
        set=question_set.name,
        queries=len(questions),
        stages=None,
        answers=None,
        abstention=abstention(
            probabilities.get("answer", []), probabilities.get("no answer", []), assistant.pipeline.threshold
        ),
        questions=_question_figures(complaints),
        failures=failures,
        ms_per_question=1000 * median(seconds),
        files=question_set.files | _material_digests(assistant, course),
    )


def trace_question(
    question_set: QuestionSet, text: str, settings: Settings, build_settings: Settings, build_progress: BuildProgress
) -> str:
    """What happens to the question `text` in the course of `question_set`, after those that the set asks before it."""
    assistant, course = _assistant(question_set, settings, build_settings, build_progress)
    after = next((question.after for question in question_set.questions if question.text == text), ())
    return trace(assistant.pipeline, assistant.courses.index(course), text, after)


def _ask(question_set: QuestionSet, question: Question, assistant: Assistant, course: str) -> tuple[Answer, float]:
    """Answer to `question` after those that come before it in its conversation, and the seconds it took."""
    conversation = uuid.uuid4().hex
    try:
        for earlier_question in question.after:
            assistant.ask(earlier_question, course, caller=COMMAND_LINE, conversation_id=conversation)
        start = perf_counter()
        answer = assistant.ask(question.text, course, caller=COMMAND_LINE, conversation_id=conversation)
    except InvalidQuestion as error:
        raise InvalidSet(f"{str(question_set.path)!r}, question {question.number}: {error}") from error
    return answer, perf_counter() - start


def _question_figures(complaints: Mapping[Question, str | None]) -> QuestionResults:
    by_shape: dict[str, list[bool]] = {}
    by_expected: dict[str, list[bool]] = {}
    for question, why in complaints.items():
        by_shape.setdefault(question.shape or question.expected, []).append(why is None)
        by_expected.setdefault(question.expected, []).append(why is None)

    def share(expected: Expected) -> float | None:
        return fmean(by_expected[expected]) if expected in by_expected else None

    return QuestionResults(
        answered_right=share("answer"),
        refused=share("no answer"),
        small_talk=share("small talk"),
        empty_section=share("empty section"),
        by_shape={shape: Count.over(right) for shape, right in by_shape.items()},
        by_expected={expected: Count.over(right) for expected, right in by_expected.items()},
    )


def _material_digests(assistant: Assistant, course: str) -> dict[str, str]:
    sources = assistant.courses.index(course).manifest.sources
    return {f"material/{path}": digest for path, digest in sources.items()}


def _assistant(
    question_set: QuestionSet, settings: Settings, build_settings: Settings, build_progress: BuildProgress
) -> tuple[Assistant, str]:
    """Assistant that answers the questions, and the name of their course."""
    course = slug(question_set.course)
    if question_set.material is None:
        return Loading(settings, build_progress).run(), course
    shipped = shipped_material().get(course)
    if shipped is not None and shipped.resolve() != question_set.material.resolve():
        raise InvalidSet(
            f"{str(question_set.path)!r}: {course!r} is a course that ships with Repère and `material` is another "
            "folder; give the course another name, or leave `material` out"
        )
    course_material = read_course(question_set.material, course)
    encoder = load_encoder(build_settings)
    index_of(course_material, encoder, build_settings, build_progress)
    encoder.encode_query(["Prêt ?"])
    pipeline = load_pipeline(settings, encoder)
    length = build_settings.max_question_length
    return Assistant(pipeline, CourseLibrary(build_settings), Conversations(), max_question_length=length), course
