"""Everything between a text and a ranked list of passages."""

from ..core import moved

moved.install()
