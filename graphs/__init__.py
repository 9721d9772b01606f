"""The shared state, one file a node, stop rules, and the LangGraph graphs."""

from ..core import moved

moved.install()
