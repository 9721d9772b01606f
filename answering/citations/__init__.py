"""Whether the passages that a sentence cites bear it out."""
