"""Weights of what chooses the sentences of an answer."""
