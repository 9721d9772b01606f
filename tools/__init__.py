"""The tools that we give to agents."""
