"""Tests of the training of the gate."""
