"""Follow-ups of a conversation, made to stand alone."""

from service.follow_up.standalone import standalone

__all__ = ["standalone"]
