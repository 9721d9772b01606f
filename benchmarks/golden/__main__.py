"""`python -m benchmarks.golden`."""

from __future__ import annotations

import sys

from ..common import run
from .command import main

sys.exit(run(lambda: main(sys.argv[1:])))
