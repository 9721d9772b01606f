"""How good and how fast polyhop is: one command each. `python -m benchmarks` lists them."""
