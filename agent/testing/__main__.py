"""Serve recordings as a language model: python -m polyhop.agent.testing RECORDINGS.jsonl [--fault KIND ...]

Prints the address for OPENAI_API_BASE, and serves until it is interrupted.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from ...core.errors import PolyhopError
from ...training.harness import Parser
from .faults import FAULTS, Fault
from .server import ReplayServer


def main(arguments: Sequence[str]) -> int:
    """Serve until a signal says otherwise, and return the exit code."""
    over = threading.Event()
    try:
        given = parsed(arguments)
        server = ReplayServer(
            given.recordings or (), faults=given.fault, port=given.port, seed=given.seed, pace=given.pace
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: over.set())
        with server:
            print(server.url, flush=True)
            over.wait()
        print(f"{server.calls} completions asked for", file=sys.stderr)
    except PolyhopError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments say.

    Raises:
        CallerError: for a bad argument.
    """
    width = max(map(len, FAULTS))
    kinds = "\n".join(f"  {kind:<{width}}  {told}" for kind, told in FAULTS.items())
    parser = Parser(
        "python -m polyhop.agent.testing",
        description=__doc__,
        epilog=f"faults, as KIND or KIND:{_PARTS}:\n{kinds}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("recordings", nargs="?", type=Path, help="JSON lines: reply, and match, regex, messages, ...")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="KIND", help="what goes wrong, such as 429:first=2"
    )
    parser.add_argument("--seed", type=int, default=0, help="of faults that strike at random (default: %(default)s)")
    parser.add_argument("--pace", type=float, default=0.0, help="seconds between the words of a stream")
    given = parser.parse_args(arguments)
    given.fault = [Fault.parse(one) for one in given.fault]
    return given


_PARTS = "first=2,share=0.5,match=TEXT,seconds=3,retry_after=1,dated=true,text=TEXT"

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
