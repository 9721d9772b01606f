"""A real server in a process of its own on this machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import httpx

from tests.documents import environment

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 300.0  # ends a hang; nothing is measured


class Served:
    """`polyhop serve` over a home; a context manager that stops it.

    Args:
        arguments: more of the command line.
        settings: `POLYHOP_…` by their names.
    """

    def __init__(self, home: Path, *arguments: str, key: str = "", **settings: str) -> None:
        self.home, self._key = home, key
        self._command = ["serve", "--home", str(home), "--port", "0", *arguments]
        self.said: list[str] = []
        self._settings = {f"POLYHOP_{name.upper()}": value for name, value in settings.items()}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.said = []
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "polyhop.agent", *self._command],
            env={**outside(), **self._settings},
            stderr=subprocess.PIPE,
            text=True,
        )
        self._listens = threading.Event()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        assert self._listens.wait(PATIENCE), self.said
        assert self.process.poll() is None, self.said
        self.client = self.connect(self._key)

    def connect(self, key: str = "") -> httpx.Client:
        """Return a client of one's own, with a key."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE)

    @property
    def url(self) -> str:
        """Return the address."""
        found = re.search(r"http://\S+:\d+", "".join(self.said))
        assert found, self.said
        return found[0]

    def stop(self, sign: int = signal.SIGTERM) -> int:
        """End it as a service manager does, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        code = self.process.wait(PATIENCE)
        self._reading.join(PATIENCE)
        assert self.process.stderr is not None
        self.process.stderr.close()
        self.client.close()
        return code

    def kill(self) -> None:
        """End it as a power cut does."""
        self.stop(signal.SIGKILL)

    def metric(self, name: str, **labels: str) -> float:
        """Return a counter."""
        wanted = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
        text = self.client.get("/metrics").text
        pattern = rf"^{name}{re.escape('{' + wanted + '}') if wanted else ''} (\S+)$"
        found = re.search(pattern, text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if "serving http" in line:
                self._listens.set()
        self._listens.set()


def outside() -> dict[str, str]:
    """Return the environment of a child, which finds the tests too."""
    kept = environment()
    return {**kept, "PYTHONPATH": os.pathsep.join([kept["PYTHONPATH"], str(ROOT)]), "POLYHOP_SECONDS": "600"}


def until(true: Callable[[], Any], what: str) -> Any:
    """Wait until something is so, and return it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.02)
    raise AssertionError(f"it never came: {what}")


def command(home: Path, *arguments: str) -> str:
    """Run a command of polyhop and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "polyhop.agent", *arguments, "--home", str(home)],
        env=outside(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def documents(texts: dict[str, str] | Sequence[str]) -> dict[str, Any]:
    """Return the body of a request that adds documents."""
    named = texts if isinstance(texts, dict) else {f"{place}.md": text for place, text in enumerate(texts)}
    return {"documents": [{"key": key, "text": text} for key, text in named.items()]}
