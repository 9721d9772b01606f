"""How much of a file's text its reader recovers, in order, and what it adds, against another program's text.

python -m benchmarks reading FILE [FILE ...] [--reference DIR] --json OUT.json

The reference of `a/b.pdf` is `DIR/b.pdf.txt` where that is there, else what a program says: pdftotext for PDFs, w3m for
HTML, pandoc for the formats that it knows. pdftotext reads tables column by column, and with -layout columns of text
line by line: of the two the nearer one counts. Lines that stand at the top or the bottom of many pages of a reference
(its pages end with a form feed) are left out of it, as a reader does.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from polyhop.ingest.documents import Skipped
from polyhop.ingest.readers import read_file

from .harness import BenchmarkError, Command, Given, Report, option, positive, progress, timed

W3M = ("w3m", "-dump", "-T", "text/html", "-cols", "10000", "{}")
PANDOC = ("pandoc", "--to", "plain", "--wrap", "none", "{}")
#: the commands whose texts are references, by suffix; several if one of them is near enough
PROGRAMS: dict[str, tuple[tuple[str, ...], ...]] = {
    ".pdf": (("pdftotext", "{}", "-"), ("pdftotext", "-layout", "{}", "-")),
    **dict.fromkeys((".html", ".htm"), (W3M,)),
    **dict.fromkeys(".docx .odt .epub .rst .org .tex .ipynb .md .adoc .pptx .xlsx".split(), (PANDOC,)),
}
PAGE_END = "\f"
EDGE = 2  # lines at the top and at the bottom of a page among which furniture is looked for
GLUED = 20  # letters
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_CUT = re.compile(r"(\w+)[-\u00ad\u2010]\n\s*(\w+)")
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b")


def measure(options: Given, report: Report) -> None:
    """Read file after file and show what was recovered."""
    shown = []
    for path in progress(options.files, "files", len(options.files)):
        references = reference_texts(path, options.reference)
        items, milliseconds = timed(lambda path=path: list(read_file(path)))
        reasons = [item.reason for item in items if isinstance(item, Skipped)]
        text = "\n".join(getattr(item, "text", "") for item in items)
        compared = (compare(text, reference, limit=options.words) for reference in references)
        figures = max(compared, key=lambda one: one["in order"])
        row = {"file": path.name, **figures, "seconds": round(milliseconds / 1000, 2), "skipped": "; ".join(reasons)}
        report.add_to("files", {**row, "path": str(path)})
        shown.append(row)
    report.show("reading", shown, "percent of words; of letters, those in words of 20 letters that are none there")


OPTIONS = (
    option("files", metavar="FILE", type=Path, nargs="+", help="files to read"),
    option("--reference", type=Path, metavar="DIR", help="folder with FILE.txt for files whose text is known"),
    option("--words", type=positive, default=100_000, help="compare the first N words (default: %(default)s)"),
)
COMMAND = Command("reading", __doc__, OPTIONS, measure)


def reference_texts(path: Path, folder: Path | None) -> list[str]:
    """Return the text of a file as other programs see it.

    Raises:
        BenchmarkError: if nothing is known of the file and no program can say it.
    """
    known = folder / f"{path.name}.txt" if folder else None
    if known and known.is_file():
        return [without_furniture(known.read_text(encoding="utf-8", errors="replace"))]
    commands = PROGRAMS.get(path.suffix.lower(), ())
    if not commands or not shutil.which(commands[0][0]):
        wanted = f"install {commands[0][0]}, or " if commands else ""
        raise BenchmarkError(f"no reference for {str(path)!r}; {wanted}put one into DIR and give --reference DIR")
    return [without_furniture(_output([part.format(path) for part in command])) for command in commands]


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, check=False).stdout.decode("utf-8", "replace")


def without_furniture(text: str) -> str:
    """Leave out the lines that stand, but for their numbers, at the edge of at least three pages and a tenth of all."""
    pages = [page.split("\n") for page in text.split(PAGE_END)]
    edges = [_edge(page) for page in pages]
    counts = Counter(
        line for page, places in zip(pages, edges, strict=True) for line in {_mask(page[i]) for i in places}
    )
    often = {line for line, count in counts.items() if count >= max(3, len(pages) / 10)}
    for page, places in zip(pages, edges, strict=True):
        for place in places:
            page[place] = "" if _mask(page[place]) in often else page[place]
    return "\n\n".join("\n".join(page) for page in pages)


def _edge(page: Sequence[str]) -> list[int]:
    full = [place for place, line in enumerate(page) if line.strip()]
    return sorted({*full[:EDGE], *full[-EDGE:]})


def _mask(line: str) -> str:
    return _DIGITS.sub("#", " ".join(line.split()))


def compare(text: str, reference: str, *, limit: int = 100_000) -> dict[str, Any]:
    """Return how many of the reference's words the text has in order and in any order, and what it has besides."""
    given = words(text)
    vocabulary = set(given)
    wanted = words(_CUT.sub(lambda cut: _uncut(cut, vocabulary), unicodedata.normalize("NFKC", reference)))
    known = set(wanted)
    letters = sum(map(len, given))
    glued = sum(len(word) for word in given if len(word) >= GLUED and word not in known)
    both = (Counter(given) & Counter(wanted)).total()
    first, second = given[:limit], wanted[:limit]
    return {
        "words": len(wanted),
        "in order": _percent(common(first, second), len(second)),
        "any order": _percent(both, len(wanted)),
        "extra": _percent(len(given) - both, len(given)),
        "glued": _percent(glued, letters, digits=3),
    }


def words(text: str) -> list[str]:
    """Return the words of a text, in lower case and without marks, signs and ligatures."""
    return _WORD.findall(unicodedata.normalize("NFKC", text.replace("\u00ad", "")).casefold())


def _uncut(cut: re.Match[str], vocabulary: set[str]) -> str:
    """Join a word that was cut at a line end, unless the reader's text has it with its hyphen."""
    joined = cut[1] + cut[2]
    return f"{joined}\n" if joined.casefold() in vocabulary else f"{cut[1]}-{cut[2]}\n"


def common(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the length of the longest common subsequence.

    Bit-parallel (Hyyrö, 2004, "Bit-parallel LCS-length computation revisited"): a row of the table is one big integer.
    """
    places: dict[str, int] = {}
    for place, word in enumerate(first):
        places[word] = places.get(word, 0) | 1 << place
    every = (1 << len(first)) - 1
    row = every
    for word in second:
        if match := places.get(word):
            met = row & match
            row = (row + met | row - met) & every
    return len(first) - row.bit_count()


def _percent(part: int, whole: int, digits: int = 1) -> float:
    return round(100 * part / whole, digits) if whole else 0.0


if __name__ == "__main__":
    COMMAND.run()
