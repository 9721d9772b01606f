"""What may be said with every question, and what is wrong with it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TypedDict

from ..core.errors import CallerError
from ..retrieval.store.filter import parse


class Asking(TypedDict, total=False):
    """What may be said with every question."""

    #: a filter such as `year >= 2020`; see the filter language
    where: str
    #: a name for the run: with checkpoints, asking the same again under it resumes a run that was killed
    thread: str
    #: set it from another thread and the run ends after the step it is in, with what it has
    cancel: threading.Event


def checked(options: Asking) -> str:
    """Return the filter; refuse a bad one and what no question takes: a misspelt `where` would search everything."""
    if unknown := sorted(options.keys() - Asking.__annotations__.keys()):
        raise CallerError(f"unknown options {unknown!r}; a question takes {sorted(Asking.__annotations__)}")
    for name in ("where", "thread"):
        value = options.get(name)
        if value is not None and not isinstance(value, str):
            raise CallerError(f"{name} must be a string, not {value!r}")
    where = options.get("where") or ""
    if where.strip():
        parse(where)
    return where


def check_batch(questions: Sequence[str], options: Asking) -> None:
    """Refuse what is no list of questions, or would let its questions share a thread."""
    if isinstance(questions, str):
        raise CallerError(f"a batch is a list of questions, not the string {questions!r:.80}; put it in brackets")
    if options.get("thread"):
        raise CallerError("the questions of a batch cannot share a thread; ask them one by one, each under its own")
