"""Text of pictures, by the program tesseract where it is installed."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from statistics import median

from .documents import UnreadableError
from .page_layout import PageWord

PROGRAM = "tesseract"
SECONDS = 120.0  # for one picture
DOTS = 300  # an inch
SURE = 50.0  # percent: the median of a page of letters that the program knows is above 80


@functools.cache
def languages() -> str:
    """Return the languages that tesseract can read here, as it wants them; nothing where it is not installed."""
    if not shutil.which(PROGRAM):
        return ""
    try:
        done = subprocess.run([PROGRAM, "--list-langs"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    names = [line.strip() for line in done.stdout.splitlines()[1:]]
    return "+".join(
        sorted((name for name in names if name and name not in ("osd", "equ")), key=lambda one: one != "eng")
    )


def words_of(picture: bytes) -> list[PageWord]:
    """Return the words of a picture (any format that tesseract reads) of 300 dots an inch, in points.

    Raises:
        OSError: if the program cannot be started or fails.
        subprocess.TimeoutExpired: if it takes more than two minutes.
        UnreadableError: if the program is not sure of what it sees, as with letters of a language that it lacks.
    """
    command = [PROGRAM, "stdin", "stdout", "--dpi", str(DOTS), "-l", languages(), "tsv"]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    done = subprocess.run(command, input=picture, capture_output=True, timeout=SECONDS, env=environment, check=False)
    if done.returncode:
        raise OSError(f"tesseract: {' '.join(done.stderr.decode('utf-8', 'replace').split())[:150]}")
    found: list[tuple[float, PageWord]] = []
    scale = 72 / DOTS
    for line in done.stdout.decode("utf-8", "replace").splitlines()[1:]:
        cells = line.split("\t")
        if len(cells) == 12 and cells[0] == "5" and cells[11].strip() and float(cells[10]) >= 0:
            x, y, width, height = (int(cell) * scale for cell in cells[6:10])
            found.append((float(cells[10]), PageWord(cells[11].strip(), x, y, x + width, y + height, height)))
    if found and median(sure for sure, _ in found) < SURE:
        raise UnreadableError(f"a scan that tesseract cannot read with the languages it has ({languages()})")
    return _even([word for sure, word in found if sure >= SURE / 2])


def _even(words: list[PageWord]) -> list[PageWord]:
    """Give all words of a page whose heights are alike one size: a box is as high as its letters happen to be."""
    if not words:
        return words
    heights = sorted(word.size for word in words)
    usual = heights[len(heights) // 2]
    return [word._replace(size=usual if 0.5 * usual < word.size < 1.7 * usual else word.size) for word in words]
