"""Faults that a model's server may have, and when it has them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from email.utils import formatdate

from ...core.errors import CallerError
from .wire import Said, counted, failure

#: statuses that are an error, and what kind the server calls it
STATUSES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
    500: "server_error",
    502: "server_error",
    503: "overloaded_error",
    504: "server_error",
    529: "overloaded_error",
}

#: faults of the connection or of the body, by what happens
BROKEN: Mapping[str, str] = {
    "refused": "nobody listens on the port; with seconds, only that long",
    "reset": "the connection is closed before the first byte",
    "slow": "the first byte comes after some seconds",
    "drip": "bytes without content come for ever, some seconds apart",
    "endless": "the reply comes again and again, some seconds between words",
    "cut": "the connection is closed after half of the reply",
    "unfinished": "the reply ends in the middle, without a reason or the end mark",
    "garbage": "the body is no JSON",
    "html": "an error page with status 200",
    "envelope": "the body is JSON, but no completion",
}

HTML = "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"
SCHEMA = '{"unexpected": [1, 2, 3]}'
REFUSAL = "I'm sorry, but I can't help with that."

Change = Callable[[Said, str], Said]

#: faults of what the model says: the change, and what it is called
SAYING: Mapping[str, tuple[Change, str]] = {
    "schema": (lambda said, text: replace(said, text=text or SCHEMA), "the reply is JSON, but not what was asked for"),
    "nonsense": (lambda said, text: replace(said, text=text or "lorem ipsum {"), "the reply is no answer to anything"),
    "empty": (lambda said, _: replace(said, text=""), "the reply is an empty text"),
    "null": (lambda said, _: replace(said, text=None), "the reply is null"),
    "nochoices": (lambda said, _: replace(said, choices=False), "a completion without choices"),
    "length": (lambda said, _: replace(said, text=half(said.text), finish="length"), "half a reply, cut for length"),
    "filtered": (
        lambda said, _: replace(said, text="", finish="content_filter"),
        "no text, since a content filter struck",
    ),
    "refusal": (lambda said, text: replace(said, text=None, refusal=text or REFUSAL), "the model refuses"),
    "nousage": (lambda said, _: replace(said, usage=None), "the reply does not tell its tokens"),
    "badusage": (lambda said, _: replace(said, usage=counted(-5, -1_000_000)), "it tells negative numbers of tokens"),
}

#: every fault, and what happens
FAULTS: Mapping[str, str] = {
    **BROKEN,
    **{name: told for name, (_, told) in SAYING.items()},
    **{str(status): f"status {status}, {kind}" for status, kind in STATUSES.items()},
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, and which requests meet it: all of them, unless it is said otherwise.

    `kind` is one of `FAULTS`. `first` counts the requests that meet it at most, `share` is the probability that one
    does, and `match` a text that the request's messages must hold. `seconds` is how long it takes, by default 60 for
    `slow` and 0.05 between the bytes of the endless ones. `retry_after` is told with a status, in seconds or, if
    `dated`, as a date. `text` stands in for the body of `garbage`, or the reply of `schema` and the like.
    """

    kind: str
    seconds: float | None = None
    retry_after: float | None = None
    dated: bool = False
    text: str = ""
    first: int | None = None
    share: float = 1.0
    match: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be played."""
        if self.kind not in FAULTS:
            raise CallerError(f"unknown fault {self.kind!r}; choose among {', '.join(FAULTS)}")
        if self.kind == "refused" and (self.first is not None or self.share < 1 or self.match):
            raise CallerError("a server that refuses sees no requests to choose among; use 'reset', or 'seconds'")
        for name in ("seconds", "retry_after", "first"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise CallerError(f"fault {self.kind!r}: {name} cannot be {value!r}; expected 0 or more")
        if not 0 <= self.share <= 1:
            raise CallerError(f"fault {self.kind!r}: share cannot be {self.share!r}; expected 0 to 1")

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Return the fault that a text such as `429:first=2,retry_after=1` describes.

        Raises:
            CallerError: for a text that describes none.
        """
        kind, _, rest = text.partition(":")
        given: dict[str, object] = {}
        for part in filter(None, rest.split(",")):
            name, _, value = part.partition("=")
            if name not in _READ:
                raise CallerError(f"fault {text!r}: unknown part {name!r}; choose among {', '.join(_READ)}")
            try:
                given[name] = _READ[name](value)
            except ValueError as error:
                raise CallerError(f"fault {text!r}: {name} cannot be {value!r}") from error
        return cls(kind, **given)  # type: ignore[arg-type]

    @property
    def status(self) -> int:
        """Return the status that it answers with, 0 for a fault that is none."""
        return int(self.kind) if self.kind.isdigit() else 0

    @property
    def replaces(self) -> bool:
        """Say whether it needs no reply, since it says something of its own."""
        return self.kind in SAYING and self.kind not in ("length", "nousage", "badusage")

    @property
    def alters(self) -> bool:
        """Say whether it changes a reply, or the way it comes; others need none."""
        return self.kind in SAYING or self.kind in ("slow", "endless", "cut", "unfinished")

    @property
    def wait(self) -> float:
        """Return its seconds."""
        return self.seconds if self.seconds is not None else 60.0 if self.kind == "slow" else 0.05

    def altered(self, said: Said) -> Said:
        """Return what is said instead."""
        return SAYING[self.kind][0](said, self.text) if self.kind in SAYING else said

    def headers(self) -> dict[str, str]:
        """Return the headers that a status comes with."""
        if self.retry_after is None:
            return {}
        date = formatdate(time.time() + self.retry_after, usegmt=True)
        return {"Retry-After": date if self.dated else f"{self.retry_after:g}"}

    def body(self) -> tuple[str, bytes]:
        """Return the type and the body of an answer that is no completion."""
        if self.status:
            return _JSON, failure(self.text or f"played {self.kind}", self.kind, STATUSES[self.status])
        bodies = {"html": ("text/html", HTML), "garbage": (_JSON, '{"choices": [{"mess'), "envelope": (_JSON, "{}")}
        kind, body = bodies[self.kind]
        return kind, (self.text or body).encode()


_JSON = "application/json"
_TRUE = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _flag(text: str) -> bool:
    if text.lower() not in _TRUE:
        raise ValueError(text)
    return _TRUE[text.lower()]


_KINDS: Mapping[str, Callable[[str], object]] = {"first": int, "dated": _flag, "text": str, "match": str}
_READ = {one.name: _KINDS.get(one.name, float) for one in fields(Fault) if one.name != "kind"}


class Faults:
    """Which fault a request meets, counted across threads; the same seed and order of requests meet the same."""

    def __init__(self, faults: Sequence[Fault | str], seed: int) -> None:
        self.all = [Fault.parse(one) if isinstance(one, str) else one for one in faults]
        self._met = [0] * len(self.all)
        self._random = random.Random(seed)
        self._inside = threading.Lock()

    def meet(self, text: str) -> Fault | None:
        """Return the first fault that the next request, whose messages hold this text, meets."""
        with self._inside:
            for place, fault in enumerate(self.all):
                spent = fault.first is not None and self._met[place] >= fault.first
                if fault.kind == "refused" or spent or fault.match.lower() not in text.lower():
                    continue
                if fault.share < 1 and self._random.random() >= fault.share:
                    continue
                self._met[place] += 1
                return fault
        return None

    @property
    def refused(self) -> float | None:
        """Return for how many seconds nobody listens, None where somebody does at once."""
        times = [one.seconds if one.seconds is not None else float("inf") for one in self.all if one.kind == "refused"]
        return max(times, default=None)


def half(text: str | None) -> str:
    """Return the first half of a text."""
    return (text or "")[: len(text or "") // 2]
