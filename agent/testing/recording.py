"""Recordings: what a model says, and to what. A file of them is JSON lines, to be written by hand or by `Recorder`."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ...core.errors import CallerError
from ...core.files import read_rows
from .wire import text_of

Messages = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Recording:
    """A reply, and the conditions under which it is said.

    `match` is a text that the last message of the user must hold, in any case of letters, and `regex` a regular
    expression that must be found there; with `anywhere` any message may. `messages` is the whole conversation.
    `response_format` must be what the request asks for, its `type` alone or all of it.

    Of several recordings with the same conditions each is said once, in their order, and the last one again and again.
    Those without any condition are a script: each is said once, when no other recording fits.

    `usage` is [tokens asked, tokens said]; without it they are counted roughly.
    """

    reply: str = ""
    match: str = ""
    regex: str = ""
    anywhere: bool = False
    messages: Messages | None = None
    response_format: str | Mapping[str, Any] | None = None
    finish: str = "stop"
    usage: Sequence[int] | None = None
    model: str = ""

    @classmethod
    def of(cls, row: Mapping[str, Any], place: str = "recording") -> Recording:
        """Return the recording that an object describes.

        Raises:
            CallerError: for one that describes none; `place` says where that stands.
        """
        known = {one.name: one for one in fields(cls)}
        if unknown := sorted(row.keys() - known.keys()):
            raise CallerError(f"{place}: unknown keys {unknown!r}; a recording has {sorted(known)}")
        if not isinstance(row.get("reply"), str):
            raise CallerError(f"{place}: reply must be a text, not {row.get('reply')!r}")
        for name, kinds in _KINDS.items():
            if name in row and not isinstance(row[name], kinds):
                raise CallerError(f"{place}: {name} cannot be {row[name]!r}; expected {_EXPECTED[name]}")
        recording = cls(**row)
        _checked(recording, place)
        return recording

    @property
    def conditions(self) -> str:
        """Return the conditions as one text; empty where there are none."""
        asked = {name: getattr(self, name) for name in ("match", "regex", "messages", "response_format")}
        asked = {name: value for name, value in asked.items() if value not in ("", None)}
        return json.dumps(asked | ({"anywhere": True} if self.anywhere else {}), sort_keys=True) if asked else ""

    def fits(self, messages: Messages, response_format: Any = None) -> bool:
        """Say whether a request meets the conditions."""
        if self.response_format is not None and self.response_format not in (response_format, _type(response_format)):
            return False
        if self.messages is not None and list(map(_plain, self.messages)) != list(map(_plain, messages)):
            return False
        texts = [text_of(message) for message in messages] if self.anywhere else [last(messages)]
        return any(
            self.match.lower() in text.lower() and (not self.regex or re.search(self.regex, text)) for text in texts
        )

    def line(self) -> str:
        """Return the recording as a line of a file; what is as always is left out."""
        plain = {name: value for name, value in asdict(self).items() if name == "reply" or value != _DEFAULT[name]}
        return json.dumps(plain, ensure_ascii=False) + "\n"


_DEFAULT = {one.name: one.default for one in fields(Recording)}
_EXPECTED = {
    **dict.fromkeys(("match", "regex", "finish", "model"), "a text"),
    "anywhere": "true or false",
    "messages": "a list of messages",
    "response_format": "a type or an object",
    "usage": "[tokens asked, tokens said]",
}
_KINDS: dict[str, Any] = {
    **dict.fromkeys(("match", "regex", "finish", "model"), str),
    "anywhere": bool,
    "messages": list | tuple,
    "response_format": str | dict,
    "usage": list | tuple,
}

#: what a server of replies takes: a file, recordings in any form, or a function of the messages
Source = Path | str | Iterable["Recording | Mapping[str, Any] | str"] | Callable[[Messages], "Recording | str | None"]


class Replies:
    """What is said to each request, counted across threads."""

    def __init__(self, source: Source) -> None:
        self._function = source if callable(source) else None
        self._groups: dict[str, list[Recording]] = {}
        self._said: dict[str, int] = {}
        self._inside = threading.Lock()
        for one in [] if callable(source) else _recordings(source):
            self._groups.setdefault(one.conditions, []).append(one)

    def say(self, messages: Messages, response_format: Any = None, *, keep: bool = False) -> Recording | None:
        """Return what is said to a request, None where nothing fits it; with `keep` the next one gets the same."""
        if self._function is not None:
            said = self._function(messages)
            return Recording(said) if isinstance(said, str) else said
        for conditions, group in self._groups.items():
            if conditions and group[0].fits(messages, response_format):
                return group[min(self._next(conditions, keep=keep), len(group) - 1)]
        script = self._groups.get("", [])
        place = self._next("", keep=keep) if script else 0
        return script[place] if place < len(script) else None

    def wanted(self) -> str:
        """Return what the recordings ask for, for whoever asked something else."""
        if self._function is not None:
            return "the function returned None"
        asked = [conditions[:200] for conditions in self._groups if conditions]
        script = len(self._groups.get("", []))
        parts = [f"recordings ask for {', '.join(asked[:5])}{', ...' if asked[5:] else ''}"] if asked else []
        parts += [f"a script of {script} replies is used up"] if script else []
        return "; ".join(parts) or "there are no recordings"

    def _next(self, conditions: str, *, keep: bool) -> int:
        with self._inside:
            place = self._said.get(conditions, 0)
            self._said[conditions] = place + (not keep)
        return place


def last(messages: Messages) -> str:
    """Return what the user said last."""
    return next((text_of(message) for message in reversed(messages) if message.get("role") == "user"), "")


def load(path: Path | str) -> list[Recording]:
    """Return the recordings of a file.

    Raises:
        CallerError: if it cannot be read, or a line is no recording.
    """
    return [Recording.of(row, place) for place, row in read_rows(Path(path))]


def _recordings(source: Path | str | Iterable[Recording | Mapping[str, Any] | str]) -> list[Recording]:
    if isinstance(source, Path | str):
        return load(source)
    made = []
    for number, one in enumerate(source, start=1):
        row = {"reply": one} if isinstance(one, str) else one
        made.append(row if isinstance(row, Recording) else Recording.of(row, f"recording {number}"))
    return made


def _checked(recording: Recording, place: str) -> None:
    try:
        re.compile(recording.regex)
    except re.error as error:
        raise CallerError(f"{place}: {recording.regex!r} is no regular expression ({error})") from error
    usage = recording.usage
    if usage is not None and not (len(usage) == 2 and all(type(count) is int and count >= 0 for count in usage)):
        raise CallerError(f"{place}: usage cannot be {usage!r}; expected {_EXPECTED['usage']}")


def _type(response_format: Any) -> Any:
    return response_format.get("type") if isinstance(response_format, Mapping) else response_format


def _plain(message: Mapping[str, Any]) -> tuple[str, str]:
    return str(message.get("role", "")), text_of(message)
