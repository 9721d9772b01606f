"""A process that may write files of a bounded size only: `python filling_child.py HOME BYTES`.

Prints how many documents it knows to be safe and the error that ended it.
"""

from __future__ import annotations

import resource
import sys

from polyhop.core.errors import OperatorError
from polyhop.core.types import Document
from polyhop.store.collection import Collection

BATCH = 100

if __name__ == "__main__":
    home, size = sys.argv[1], int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    safe = 0
    try:
        with Collection.open(home, "films") as collection:
            for start in range(0, 5_000, BATCH):
                batch = [
                    Document(f"row {n}", f"Row {n} of the ledger.", vector=tuple([0.1] * 383 + [float(n)]))
                    for n in range(start, start + BATCH)
                ]
                safe += collection.add(batch).added
    except OperatorError as error:
        print(safe, type(error).__name__, " ".join(str(error).split()))
