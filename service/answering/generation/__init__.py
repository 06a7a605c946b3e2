"""Answers that a language model writes, every sentence of which is checked before anybody sees it."""
