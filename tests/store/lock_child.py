"""A process that holds a collection until its standard input ends: `python lock_child.py HOME read|write`."""

from __future__ import annotations

import sys
from contextlib import nullcontext

from polyhop.store.collection import Collection

if __name__ == "__main__":
    with (
        Collection.open(sys.argv[1], "films") as collection,
        collection.intake() if sys.argv[2] == "write" else nullcontext(),
    ):
        print("holding", flush=True)
        sys.stdin.read()
