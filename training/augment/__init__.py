"""Training of the gate: whether a reformulation would raise the gold passages of a question."""
