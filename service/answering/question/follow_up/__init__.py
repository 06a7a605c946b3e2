"""Follow-ups of a conversation, made to stand alone."""

from reperage.service.answering.question.follow_up.standalone import standalone

__all__ = ["standalone"]
