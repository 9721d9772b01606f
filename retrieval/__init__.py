"""Everything between a text and a ranked list of passages."""
