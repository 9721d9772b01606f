"""AsciiDoc: sections, lists, tables, listings and notes; nothing is included."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...core.types import Document
from ..builder import Builder
from ..decode import read_text
from ..documents import Dropped, clean_text, stem_title
from ..wrapped import join_lines, vocabulary

_HEADING = re.compile(r"(={1,6}|#{1,6})\s+(\S.*)")
_ATTRIBUTE = re.compile(r":!?([\w-]+)!?:\s*(.*)")
_DELIMITER = re.compile(r"(-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|--|```\w*|\|===|!===|,===)\s*")
_VERBATIM = ("----", "....", "```", "++++")
_ITEM = re.compile(r"\s*(\*{1,5}|\.{1,5}|-|•|\d+\.|<\.>|<\d+>)\s+(\S.*)")
_TERM = re.compile(r"\s*(\S.*?)(?:::+|;;)(?:\s+(.*))?")
_BLOCK_LINE = re.compile(
    r"\[(?!fn:).*\]|\[\[.*\]\]|'{3,}|<{3,}|\+|(?:include|toc|ifdef|ifndef|ifeval|endif|audio|video)::.*|//.*"
)
_NAME = re.compile(r"\[\[([\w:.-]{1,200})[\],]|\[(?:\w+)?#([\w:.-]{1,200})|\[.*\bid=\"?([\w:.-]{1,200})")
_TITLE = re.compile(r"\.([^\s.].*)")
_NOTE = re.compile(r"(NOTE|TIP|IMPORTANT|WARNING|CAUTION):\s+(.*)")
_IMAGE = re.compile(r"image::?[^\s\[]+\[\"?([^\],\"]*)[^\]]*\]")
_LINK = re.compile(
    r"(?:link:|xref:|mailto:)?((?:https?|ftp|irc|file)://[^\s\[\]<>]+|(?<=link:)\S+?|(?<=xref:)\S+?|(?<=mailto:)\S+?)\[([^\]]*)\]"
)
_MACRO = re.compile(r"(?<![\w:])(?!link:|xref:|mailto:|https?:|ftp:|file:|irc:)[a-z]\w*:([\w./-]+)\[([^\]]*)\]")
_REFERENCE = re.compile(r"<<([^,>\s\[\]]+)(?:,\s*([^>\[\]]+))?>>")
_FOOTNOTE = re.compile(r"footnote(?:ref)?:(?:[\w-]*)\[([^\]]*)\]")
_MARKS = re.compile(r"(?<![\w\\])(\*\*?|__?|``?|\+\+?|##?|\^|~)(?=\S)(.+?)(?<=\S)\1(?!\w)")
_ROLE = re.compile(r"(?<!\w)\[[\w.# -]+\](?=[#*_`])|(?:kbd|btn|menu|pass|stem|indexterm\d?):(?=\[)|\(\(\(.*?\)\)\)")


def read(path: Path) -> Iterator[Document | Dropped]:
    """Yield the file as one document, called after its first heading."""
    text, note = read_text(path)
    builder = Builder()
    _AsciiDoc(builder, clean_text(text)).write()
    yield from builder.document(path, title=builder.title() or stem_title(path), metadata=note)


class _AsciiDoc:
    """Goes through the lines once."""

    def __init__(self, builder: Builder, text: str) -> None:
        self.builder = builder
        self.lines = text.expandtabs(4).split("\n")
        self.words = vocabulary(text)
        self.values: dict[str, str] = {}
        self.held: list[str] = []
        self.items: list[tuple[int, str, str]] = []
        self.marks: list[str] = []
        self.caption = ""
        self.place = 0

    def write(self) -> None:
        """Write the document."""
        while self.place < len(self.lines):
            line = self.lines[self.place].rstrip()
            self.place += 1
            self.line(line)
        self.end_list()

    def line(self, line: str) -> None:
        delimiter = _DELIMITER.fullmatch(line)
        if delimiter and not self.is_underline(line):
            self.delimited(delimiter[1])
        elif not line.strip():
            self.end()
        elif not self.held and (found := _HEADING.fullmatch(line)):
            self.end_list()
            self.builder.heading(len(found[1]), self.pieces(found[2]))
        elif attribute := _ATTRIBUTE.fullmatch(line):
            self.values[attribute[1]] = attribute[2][:500]
        elif _BLOCK_LINE.fullmatch(line):
            self.end()
            if name := _NAME.match(line):
                self.end_list()
                self.builder.anchor(name[1] or name[2] or name[3])
        elif not self.held and (title := _TITLE.fullmatch(line)):
            self.caption = title[1]
        elif item := _ITEM.fullmatch(line):
            self.item(item[1], item[2])
        elif (term := _TERM.fullmatch(line)) and "://" not in term[1] and len(term[1]) < 200:
            self.end()
            self.held = [f"{term[1]}: {term[2] or ''}".rstrip()]
            self.marks = ["::"]
        elif not self.held and line[0] == " " and not self.marks:
            self.literal(line)
        else:
            self.held.append(line.strip())

    def is_underline(self, line: str) -> bool:
        """Make a heading of the line above where a line underlines it, as the old form has it."""
        sign = line.strip()[:1]
        if len(self.held) != 1 or self.marks or sign not in "=-~^+" or abs(len(line.strip()) - len(self.held[0])) > 2:
            return False
        words = self.held.pop()
        self.end_list()
        self.builder.heading("=-~^+".index(sign) + 1, self.pieces(words))
        return True

    def item(self, mark: str, words: str) -> None:
        self.end()
        self.held, self.marks = [words], [mark]

    def end(self) -> None:
        """End the paragraph or item at hand."""
        held, self.held = self.held, []
        marks, self.marks = self.marks, []
        if not held:
            return
        words = join_lines(held, self.words, typed=True)
        if marks:
            depth = len(marks[0]) - 1 if marks[0][0] in "*." else 0
            counted = re.sub(r"\D", "", marks[0])
            number = f"{counted}." if counted else f"{1 + self.before(depth)}." if marks[0][0] in ".<" else ""
            self.items.append((depth, number, words))
            return
        self.end_list()
        if self.caption:
            self.builder.paragraph(self.pieces(self.caption))
            self.caption = ""
        note = _NOTE.fullmatch(words)
        self.builder.paragraph(self.pieces(f"{note[1].capitalize()}: {note[2]}" if note else words))
        for remark in _FOOTNOTE.findall(words):
            self.builder.footnote(remark)

    def before(self, depth: int) -> int:
        """Count the items of this depth since the last one above it."""
        count = 0
        for at, number, _ in reversed(self.items):
            if at < depth:
                break
            count += at == depth and bool(number)
        return count

    def end_list(self) -> None:
        self.end()
        if self.items:
            items, self.items = self.items, []
            self.builder.items([(depth, number, self.pieces(words)) for depth, number, words in items])

    def delimited(self, mark: str) -> None:
        """Read a delimited block; those that hold ordinary text are read line by line."""
        self.end()
        if not mark.startswith((*_VERBATIM, "////", "|===", "!===", ",===")):
            return
        end = next(
            (
                i
                for i in range(self.place, len(self.lines))
                if self.lines[i].rstrip() == mark[: 3 if mark[0] == "`" else None]
            ),
            len(self.lines),
        )
        body, self.place = self.lines[self.place : end], end + 1
        if mark.startswith("////"):
            return
        self.end_list()
        if mark.endswith("==="):
            self.table(body, mark[0])
        else:
            self.builder.code("\n".join([self.caption, *body] if self.caption else body))
        self.caption = ""

    def literal(self, line: str) -> None:
        """Read lines that are set in: what stands there is as it was typed."""
        body = [line]
        while self.place < len(self.lines) and self.lines[self.place].strip():
            body.append(self.lines[self.place])
            self.place += 1
        self.end_list()
        self.builder.code("\n".join(body))

    def table(self, body: Sequence[str], sign: str) -> None:
        """Read a table: a row a line, or a cell a line where the first line has as many as the others together."""
        filled = [line for line in body if line.strip()]
        if sign == ",":
            rows = [line.split(",") for line in filled]
        else:
            rows = [
                _cells(line, sign)
                for line in filled
                if line.lstrip()[:1] == sign or re.match(r"\s*[\d.+*^<>]*[a-z]?\|", line)
            ]
            wide = max(map(len, rows), default=0)
            if wide > 1 and any(len(row) == 1 for row in rows):
                cells = [cell for row in rows for cell in row]
                rows = [cells[i : i + wide] for i in range(0, len(cells), wide)]
        header = 1 if len(body) > 1 and (not body[1].strip() or not body[0].strip()) else 0
        self.builder.table(
            [[self.pieces(cell) for cell in row] for row in rows], header=header, caption=self.plain(self.caption)
        )

    def plain(self, words: str) -> str:
        return "".join(text for text, _ in self.pieces(words))

    def pieces(self, words: str) -> list[tuple[str, str]]:
        """Return words without marks, and their links."""
        words = re.sub(r"\{([\w-]+)\}", lambda found: self.values.get(found[1], found[0]), words)
        words = _IMAGE.sub(r"\1", _ROLE.sub("", _FOOTNOTE.sub("", words)))
        words = _MACRO.sub(lambda found: found[1] + (f"({found[2]})" if found[2] else ""), words)
        words = _REFERENCE.sub(_cross_reference, words)
        made, at = list[tuple[str, str]](), 0
        for link in _LINK.finditer(words):
            made += [(_unmarked(words[at : link.start()]), ""), (_unmarked(link[2]).strip(" ^") or link[1], link[1])]
            at = link.end()
        return [*made, (_unmarked(words[at:]), "")]


def _cross_reference(found: re.Match[str]) -> str:
    """Write `<<place,words>>` as the macro that means the same."""
    target = found[1] if "#" in found[1] else f"#{found[1]}"
    return f"xref:{target}[{found[2] or found[1]}]"


def _unmarked(words: str) -> str:
    for _ in range(3):
        words = _MARKS.sub(r"\2", words)
    return re.sub(r"\\(?=[*_`#^~{\[<])", "", words)


def _cells(line: str, sign: str) -> list[str]:
    parts = re.split(rf"\s*[\d.+*^<>]*[a-z]?(?<!\\)\{sign}\s*", line.strip())
    return [part.strip() for part in parts[1:]]
