"""Golden outputs: what polyhop answers, kept so that a change of the code can be shown to change none of it."""

from .command import COMMAND as COMMAND
