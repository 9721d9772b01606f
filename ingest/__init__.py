"""Ingest: files and folders in, documents out."""
