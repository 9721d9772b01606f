"""Readers that do what parsers written in C do on a bad day; `tests/ingest/test_worker.py` adds them as formats."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from polyhop.core.types import Document
from polyhop.ingest.documents import FileProgress, Skipped


def leave(path: Path) -> Iterator[Document]:
    """Yield a document and end the process."""
    yield Document(str(path), "before the end")
    sys.stdout.write("what a library prints\n")
    os._exit(3)


def crash(path: Path) -> Iterator[Document]:
    """Read the memory at address 0."""
    ctypes.string_at(0)
    yield Document(str(path), "never")


def hang(path: Path) -> Iterator[Document]:
    """Hold the interpreter for an hour."""
    ctypes.PyDLL(None).sleep(3600)
    yield Document(str(path), "never")


def spin(path: Path) -> Iterator[Document]:
    """Compute for ever."""
    while path:
        pass
    yield Document(str(path), "never")


def swell(path: Path) -> Iterator[Document]:
    """Take more and more memory, and write to it."""
    held = []
    while True:
        held.append(b"x" * 20_000_000)
        time.sleep(0.005)
    yield Document(str(path), "never")


def grab(path: Path) -> Iterator[Document]:
    """Take much memory at once."""
    yield Document(str(path), str(len(bytearray(5_000_000_000))))


def flood(path: Path) -> Iterator[Document]:
    """Yield three hundred documents of 100,000 characters and say after each how far it is."""
    for number in range(300):
        path.with_suffix(".count").write_text(str(number))
        yield Document(f"{path}#{number}", f"{number} " + "x" * 100_000)


def vanish(path: Path) -> Iterator[Document | Skipped]:
    """Read a file that somebody deletes meanwhile."""
    yield Document(f"{path}#1", path.read_text())
    path.unlink()
    yield Document(f"{path}#2", path.read_text())


def plod(path: Path) -> Iterator[Document | FileProgress]:
    """Read as many pages as the file says, each of which takes half a second of processor time."""
    count = int(path.read_text())
    for page in range(1, count + 1):
        end = time.process_time() + 0.5
        while time.process_time() < end:
            pass
        yield FileProgress(str(path), page, count, "pages")
    yield Document(str(path), "the end")


def who(path: Path) -> Iterator[Document]:
    """Say which process reads."""
    yield Document(str(path), f"{os.getpid()}")
