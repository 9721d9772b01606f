"""Measuring retrieval: metrics with intervals, plain searches to compare with, and variants of a run."""
