"""The HTTP service: what an agent does, for other programs; `polyhop serve` starts it."""
