"""A language model behind HTTP on this machine, which says what it is told to and fails as servers fail."""

from .faults import FAULTS, Fault
from .server import ModelServer

__all__ = ["FAULTS", "Fault", "ModelServer"]
