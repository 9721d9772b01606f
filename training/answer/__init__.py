"""Training of what chooses the sentences of an answer, and says whether they are one."""
