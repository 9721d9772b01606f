"""Answers from passages: extractive ones, and the check of citations."""
