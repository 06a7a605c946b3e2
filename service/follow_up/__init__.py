"""Follow-ups of a conversation, made to stand alone."""

from reperage.service.follow_up.standalone import standalone

__all__ = ["standalone"]
