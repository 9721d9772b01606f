"""What a run makes of a request: what to look for, what to leave out, what to keep to; plain JSON."""

from __future__ import annotations

from typing import TypedDict


class Understood(TypedDict):
    """A request understood.

    `query` is what the run looks for, a text in words, and `lexical` what its lexical half is asked, `phrases` what is
    to stand in passages word for word. Passages about `exclusions` go behind all others, those without `required` or of
    years outside of `since` to `until` back by a share. `where` is the filter of the run, the caller's own in it, and
    `told` says all this to the user.
    """

    query: str
    lexical: str
    phrases: list[str]
    exclusions: list[str]
    required: list[str]
    since: int | None
    until: int | None
    where: str
    told: list[str]
