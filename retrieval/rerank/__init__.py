"""Rerankers: passages in the light of the question and the path."""
