"""Fusion: several rankings in, one out."""
