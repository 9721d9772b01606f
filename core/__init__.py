"""What every room needs: settings, errors, logs, deadlines and the LLM role."""

from . import moved

moved.install()
