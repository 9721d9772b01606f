"""Training of what may be trained. Torch is imported when training begins, never while a question is answered."""
