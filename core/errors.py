"""Errors, typed by who must react to them."""

from __future__ import annotations


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
