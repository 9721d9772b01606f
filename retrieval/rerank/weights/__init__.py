"""Weights of the rerankers: a cross-encoder for the default embedder's words, and the linear scorer."""
