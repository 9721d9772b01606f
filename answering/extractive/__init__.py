"""Answers made of sentences of the passages."""
