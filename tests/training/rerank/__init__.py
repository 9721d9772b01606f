"""Tests of the training of rerankers."""
