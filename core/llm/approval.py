"""Asking somebody before a language model is asked: what would be sent, what it may cost, and how a run waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from ..errors import Suspended


class Proposal(TypedDict):
    """A call that waits for approval, in plain JSON.

    `step` names the step of the run (`escalate`, `augment`, `answer`, …), `messages` are what the model would read.
    `tokens_in` is about how many tokens they have, rather too many than too few, and `tokens_out` how many the reply
    may have. `dollars` is what both cost at the most, None where nobody knows the price.
    """

    step: str
    model: str
    messages: list[dict[str, str]]
    tokens_in: int
    tokens_out: int
    dollars: float | None


#: says whether a call may be made; it may raise `Suspended` where nobody can say that yet
Approve = Callable[[Proposal], bool]


def suspend(proposal: Proposal) -> bool:
    """Let the run wait.

    Raises:
        Suspended: always.
    """
    raise Suspended(proposal)
