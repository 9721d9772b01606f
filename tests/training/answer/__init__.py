"""Tests of the training of answers."""
