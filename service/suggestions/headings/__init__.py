"""Headings of the material as questions."""
