"""Training of tool selection: a linear scorer of candidates and an estimate of whether any of them will do."""
