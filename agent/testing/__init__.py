"""Doubles for tests of code that uses polyhop.

Only the language model has one: a retriever of your own goes through `Agent.around`, everything else runs for real.
`ScriptedModel` says what it is told to, inside the process; `ReplayServer` does so behind HTTP, and fails as servers
fail.
"""

from .faults import BROKEN, FAULTS, SAYING, STATUSES, Fault
from .recorder import Recorder
from .recording import Recording
from .scripted import ScriptedModel
from .server import ReplayServer, Request

__all__ = [
    "BROKEN",
    "FAULTS",
    "SAYING",
    "STATUSES",
    "Fault",
    "Recorder",
    "Recording",
    "ReplayServer",
    "Request",
    "ScriptedModel",
]
