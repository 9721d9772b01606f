"""`python -m benchmarks.golden`."""

from .command import COMMAND

COMMAND.run()
