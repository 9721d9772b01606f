"""A process that may write files of a bounded size only: `python filling_child.py HOME BYTES`.

Prints what it finds when there is room again, how many documents it knows to be safe, and the error that ended it.
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
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    safe = 0
    try:
        with Collection.open(home, "films") as collection:
            for start in range(0, 5_000, BATCH):
                batch = [
                    Document(f"row {n}", f"Row {n} of the ledger.", vector=tuple([0.1] * 383 + [float(n)]))
                    for n in range(start, start + BATCH)
                ]
                try:
                    safe += collection.add(batch).added
                except OperatorError:
                    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
                    vector = [[0.1] * 384]
                    print(len(collection.lexical("Jaws film", 3)), len(collection.dense(vector, 3)[0]))
                    raise
    except OperatorError as error:
        print(safe, type(error).__name__, " ".join(str(error).split()))
