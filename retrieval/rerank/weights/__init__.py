"""Weights of rerankers that come with polyhop, with a card beside each."""
