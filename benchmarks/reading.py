"""How much of a file's text its reader recovers, in order, and what it adds, against another program's text.

python -m benchmarks reading FILE [FILE ...] [--reference DIR] --json OUT.json

The reference of `a/b.pdf` is `DIR/b.pdf.txt` where that is there, else what a program says: pdftotext for PDFs, w3m for
HTML, pandoc for the formats that it knows. pdftotext reads tables column by column, and with -layout columns of text
line by line: of the two the nearer one counts. Lines that stand at the top or the bottom of many pages of a reference
(its pages end with a form feed) are left out of it, as a reader does, and so are those that have the number of the page
at one of their ends. Footnotes, which a reader puts behind the paragraph that refers to them, are compared at the end
of their column, and of a text without pages at its end, where the other programs have them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from polyhop.core.types import Block, Document
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


NOTE = (
    "percent of words; extra: more often than in the reference, new: nowhere in it; "
    "glued: of letters, those in words of 20 letters that are none there"
)


def measure(options: Given, report: Report) -> None:
    """Read file after file and show what was recovered."""
    shown = []
    for path in progress(options.files, "files", len(options.files)):
        references = reference_texts(path, options.reference)
        items, milliseconds = timed(lambda path=path: list(read_file(path)))
        reasons = [item.reason for item in items if isinstance(item, Skipped)]
        text = "\n".join(notes_last(item) for item in items if isinstance(item, Document))
        compared = (compare(text, reference, limit=options.words, letters=options.letters) for reference in references)
        figures = max(compared, key=lambda one: one["in order"])
        row = {"file": path.name, **figures, "seconds": round(milliseconds / 1000, 2), "skipped": "; ".join(reasons)}
        report.add_to("files", {**row, "path": str(path)})
        shown.append(row)
    report.show("reading", shown, NOTE)


OPTIONS = (
    option("files", metavar="FILE", type=Path, nargs="+", help="files to read"),
    option("--reference", type=Path, metavar="DIR", help="folder with FILE.txt for files whose text is known"),
    option("--letters", action="store_true", help="compare words with letters alone, not numbers of lists and notes"),
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


class _Spot(NamedTuple):
    """A line of a document: its block, its page, its left and right edge in points, and its words."""

    block: int
    page: int
    x0: float
    x1: float
    text: str


def notes_last(document: Document) -> str:
    """Return the text of a document with its footnotes at the end of their column or, without pages, of the text."""
    blocks, notes = document.blocks, {at for at, block in enumerate(document.blocks) if block.kind == "footnote"}
    if not notes:
        return document.text
    spots = [spot for at, block in enumerate(blocks) for spot in _spots(at, block, document.text)]
    kept = [spot for spot in spots if spot.block not in notes]
    behind: dict[int, list[str]] = {}
    for at in sorted(notes):
        note = next(spot for spot in spots if spot.block == at)
        text = document.text[blocks[at].start : blocks[at].end]
        behind.setdefault(_last_above(note, kept), []).append(text)
    return "".join(spot.text + "".join(f" {note}\n\n" for note in behind.get(at, [])) for at, spot in enumerate(kept))


def _spots(at: int, block: Block, text: str) -> Iterator[_Spot]:
    """Yield the lines of a block; a word that was cut at a line end belongs to the first of its lines."""
    places = [(block.start, block.page, 0.0, 1e9)]
    for line in block.lines:
        start = line.start
        while block.start < start < block.end and not text[start - 1].isspace():
            start += 1
        places.append((start, line.page, line.x0, line.x1))
    ends = [start for start, *_ in places[1:]] + [block.end]
    for (start, page, x0, x1), end in zip(places, ends, strict=True):
        if start < end:
            yield _Spot(at, page, x0, x1, text[start:end] + ("\n\n" if end == block.end else ""))


def _last_above(note: _Spot, spots: Sequence[_Spot]) -> int:
    """Return the place of the last line in the column of a note, else on its page, else before that."""
    same = [at for at, spot in enumerate(spots) if spot.page == note.page]
    beside = [at for at in same if spots[at].x0 < note.x1 and spots[at].x1 > note.x0]
    before = [at for at, spot in enumerate(spots) if spot.page < note.page]
    return (beside or same or before or [len(spots) - 1])[-1]


def without_furniture(text: str) -> str:
    """Leave out what other pages have at their edge, too, or what has the number of its page at one of its ends.

    Lines are the same but for their numbers, on at least three pages and a tenth of all.
    """
    pages = [page.split("\n") for page in text.split(PAGE_END)]
    edges = [_edge(page) for page in pages]
    numbered = _numbered(pages, edges)
    counts = Counter(
        line for page, places in zip(pages, edges, strict=True) for line in {_mask(page[i]) for i in places}
    )
    often = {line for line, count in counts.items() if count >= max(3, len(pages) / 10)}
    for page, places, own in zip(pages, edges, numbered, strict=True):
        for place in places:
            page[place] = "" if place in own or _mask(page[place]) in often else page[place]
    return "\n\n".join("\n".join(page) for page in pages)


def _edge(page: Sequence[str]) -> list[int]:
    full = [place for place, line in enumerate(page) if line.strip()]
    return sorted({*full[:EDGE], *full[-EDGE:]})


def _numbered(pages: Sequence[Sequence[str]], edges: Sequence[Sequence[int]]) -> list[set[int]]:
    """Return the lines at the edge of each page that begin or end with the page's number.

    That is a number which differs from the place of the page by as much as on at least a third of all pages.
    """
    found = [
        {(number - at, place) for place in places for number in _end_numbers(page[place])}
        for at, (page, places) in enumerate(zip(pages, edges, strict=True))
    ]
    counts = Counter(by for one in found for by in {by for by, _ in one})
    usual = {by for by, count in counts.items() if count >= max(3, len(pages) / 3)}
    return [{place for by, place in one if by in usual} for one in found]


def _end_numbers(line: str) -> list[int]:
    words = line.split()
    return [int(word) for word in {*words[:1], *words[-1:]} if word.isdecimal() and len(word) < 6]


def _mask(line: str) -> str:
    return _DIGITS.sub("#", " ".join(line.split()))


def compare(text: str, reference: str, *, limit: int = 100_000, letters: bool = False) -> dict[str, Any]:
    """Return how many of the reference's words the text has in order and in any order, and what it has besides.

    With `letters` words of digits alone are none.
    """
    given = words(text)
    vocabulary = set(given)
    wanted = words(_CUT.sub(lambda cut: _uncut(cut, vocabulary), unicodedata.normalize("NFKC", reference)))
    if letters:
        given, wanted = ([word for word in every if not word.isdigit()] for every in (given, wanted))
    known = set(wanted)
    size = sum(map(len, given))
    glued = sum(len(word) for word in given if len(word) >= GLUED and word not in known)
    both = (Counter(given) & Counter(wanted)).total()
    first, second = given[:limit], wanted[:limit]
    return {
        "words": len(wanted),
        "in order": _percent(common(first, second), len(second)),
        "any order": _percent(both, len(wanted)),
        "extra": _percent(len(given) - both, len(given)),
        "new": _percent(sum(word not in known for word in given), len(given)),
        "glued": _percent(glued, size, digits=3),
    }


def words(text: str) -> list[str]:
    """Return the words of a text, in lower case and without marks, signs and ligatures."""
    return _WORD.findall(unicodedata.normalize("NFKC", text.replace("\u00ad", "").replace("’", "'")).casefold())


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
