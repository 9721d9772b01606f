"""Tests of the training of the selection of tools."""
