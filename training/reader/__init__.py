"""Training the reader: from questions with known answers to weights that say which sentence holds one."""
