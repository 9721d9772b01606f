"""Logging: readable lines on a terminal, JSON lines elsewhere, always on standard error."""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO, cast

import structlog

from .errors import CallerError

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class _StandardError:
    """Standard error as it is when something is written: the one of the set-up may have been replaced and closed."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def get_logger(name: str) -> Any:
    """Return the logger of a module.

    polyhop never configures logging when it is imported as a library; `configure` is for programs.
    """
    return structlog.get_logger(name)


def configure(level: str = "warning", *, json: bool | None = None) -> None:
    """Set up logging for a program that owns the process, such as the command line.

    `json` defaults to whether standard error is something other than a terminal.

    Raises:
        CallerError: for a level that there is not.
    """
    if level.upper() not in LEVELS:
        raise CallerError(f"{level!r} is no log level; choose one of {', '.join(LEVELS).lower()}")
    as_json = not sys.stderr.isatty() if json is None else json
    renderer: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if as_json else _keep,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _StandardError())),
    )


def _keep(_logger: Any, _method: str, event: Any) -> Any:
    """Pass an event on: the console renderer formats exceptions itself."""
    return event
