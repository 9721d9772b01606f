"""A real Chroma server on a loopback port, for tests."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

START = "from chromadb.cli.cli import app; app()"
READY = re.compile("listening on address")
SECONDS = 60


class ChromaServer:
    """A server in a process of its own; it can be stopped, emptied and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0

    @property
    def url(self) -> str:
        """Return the address."""
        return f"http://127.0.0.1:{self._port}"

    def start(self, *, empty: bool = False) -> None:
        """Start it and wait until it listens; `empty` gives it a new folder."""
        self._starts += empty
        log = self._folder.with_suffix(".log")
        data = f"{self._folder}-{self._starts}"
        command = [sys.executable, "-c", START, "run", "--path", data, "--host", "127.0.0.1", "--port", str(self._port)]
        with log.open("wb") as file:
            self._process = subprocess.Popen(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL)
        until = time.monotonic() + SECONDS
        while not READY.search(log.read_text("utf-8", "replace")):
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError(f"the Chroma server did not start: {log.read_text('utf-8', 'replace')[-500:]}")
            time.sleep(0.05)

    def hang(self) -> None:
        """Let it keep its connections and answer nothing more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
