"""Faults that a model's server may have, and when it has them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import formatdate

from .wire import Completion, failure, usage_of

#: statuses that are an error, and what kind the server calls it
STATUSES: Mapping[str, str] = {
    "400": "invalid_request_error",
    "401": "authentication_error",
    "403": "permission_error",
    "404": "not_found_error",
    "422": "invalid_request_error",
    "429": "rate_limit_error",
    "500": "server_error",
    "502": "server_error",
    "503": "overloaded_error",
    "504": "server_error",
    "529": "overloaded_error",
}

#: faults that answer with status 200 and a body that is no completion
BODIES: Mapping[str, tuple[str, str]] = {
    "garbage": ("application/json", '{"choices": [{"mess'),
    "html": ("text/html", "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"),
    "envelope": ("application/json", "{}"),
}

#: faults of the connection
BROKEN = (
    "refused",  # nobody listens on the port
    "reset",  # the connection is closed before the first byte
    "slow",  # the first byte comes after some seconds
    "drip",  # bytes without content come for ever, some seconds apart
    "endless",  # the reply comes again and again, some seconds between words
    "cut",  # the connection is closed after half of the reply
    "unfinished",  # the reply ends in the middle, without a reason or the end mark
)

#: faults of what the model says, by what they make of a completion
CHANGES: Mapping[str, Callable[[Completion], Completion]] = {
    "schema": lambda said: replace(said, text='{"unexpected": [1, 2, 3]}'),
    "nonsense": lambda said: replace(said, text="lorem ipsum {"),
    "empty": lambda said: replace(said, text=""),
    "null": lambda said: replace(said, text=None),
    "nochoices": lambda said: replace(said, choices=False),
    "length": lambda said: replace(said, text=half(said.text), finish="length"),
    "filtered": lambda said: replace(said, text="", finish="content_filter"),
    "refusal": lambda said: replace(said, text=None, refusal="I'm sorry, but I can't help with that."),
    "nousage": lambda said: replace(said, usage=None),
    "badusage": lambda said: replace(said, usage=usage_of(-5, -1_000_000)),
}

FAULTS = (*STATUSES, *BODIES, *BROKEN, *CHANGES)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, and which requests meet it: all of them, unless `first` or `share` say otherwise.

    `kind` is one of `FAULTS`. `first` counts the requests that meet it at most, `share` is the probability that one
    does. `seconds` is how long it takes, by default 60 for `slow` and 0.05 between the bytes of the endless ones.
    `retry_after` is told with a status, in seconds or, if `dated`, as a date. `text` stands in for the body of one of
    `BODIES`.
    """

    kind: str
    seconds: float | None = None
    retry_after: float | None = None
    dated: bool = False
    text: str = ""
    first: int | None = None
    share: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what no test may ask for by mistake."""
        if self.kind not in FAULTS:
            raise ValueError(f"unknown fault {self.kind!r}; choose among {', '.join(FAULTS)}")

    @property
    def wait(self) -> float:
        """Return its seconds."""
        return self.seconds if self.seconds is not None else 60.0 if self.kind == "slow" else 0.05

    def headers(self) -> dict[str, str]:
        """Return the headers that a status comes with."""
        if self.retry_after is None:
            return {}
        date = formatdate(time.time() + self.retry_after, usegmt=True)
        return {"Retry-After": date if self.dated else f"{self.retry_after:g}"}

    def body(self) -> tuple[int, str, bytes]:
        """Return the status, the type and the body of an answer that is no completion."""
        if self.kind in STATUSES:
            body = failure(f"played {self.kind}", self.kind, STATUSES[self.kind])
            return int(self.kind), "application/json", body
        kind, text = BODIES[self.kind]
        return 200, kind, (self.text or text).encode()


class Faults:
    """Which fault a request meets, counted across threads; the same order of requests meets the same."""

    def __init__(self, faults: Sequence[Fault | str]) -> None:
        self.all = [Fault(one) if isinstance(one, str) else one for one in faults]
        self._met = [0] * len(self.all)
        self._random = random.Random(0)
        self._inside = threading.Lock()

    def meet(self) -> Fault | None:
        """Return the first fault that the next request meets."""
        with self._inside:
            for place, fault in enumerate(self.all):
                spent = fault.first is not None and self._met[place] >= fault.first
                if not spent and (fault.share == 1 or self._random.random() < fault.share):
                    self._met[place] += 1
                    return fault
        return None


def half(text: str | None) -> str:
    """Return the first half of a text."""
    return (text or "")[: len(text or "") // 2]
