"""TreeHop weights that come with polyhop, a file for each embedder, with a card beside it."""
