"""Hop updaters: from a question and a passage to the next query."""
