"""One SQLite record per collection, and the indexes derived from it."""
