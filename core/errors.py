"""Errors, typed by who must react to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from .llm.approval import Proposal


class PolyhopError(Exception):
    """Base of every error that polyhop raises on purpose."""

    exit_code = 1


class CallerError(PolyhopError):
    """The caller must change the call: a bad question, filter, path or argument.

    Use `OperatorError` instead when the same call would work on a machine in order.
    """

    exit_code = 2


class OperatorError(PolyhopError):
    """Whoever runs the machine must act: a lock is held, a disk is full, a server is away."""

    exit_code = 3


class ModelError(PolyhopError):
    """A language model failed or misbehaved; the run goes on without it where it can."""

    exit_code = 4


class Suspended(Exception):
    """A run waits for an approval.

    `step` is the step that would be taken next, and `state` the state before it: plain JSON, from which another run
    goes on. The loop fills them in.
    """

    def __init__(self, proposal: Proposal) -> None:
        super().__init__(f"the step {proposal['step']!r} waits until its call to a language model is approved")
        self.proposal = proposal
        self.step = ""
        self.state: Any = None

    def at(self, step: str, state: Any) -> Self:
        """Say where the run is."""
        self.step, self.state = step, state
        return self
