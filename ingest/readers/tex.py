"""LaTeX: sections, paragraphs, lists, tables and notes; formulas stay as they are written, citations are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from pylatexenc.latex2text import LatexNodes2Text

from ...core.types import Document
from ..builder import Builder
from ..decode import read_text
from ..documents import Dropped, clean_text, stem_title
from ..wrapped import write as write_plain

LONGEST = 2_000_000
_COMMENT = re.compile(r"(?<!\\)%[^\n]*(?:\n[ \t]*(?=\S))?")
_VERBATIM = re.compile(
    r"\\begin\{(verbatim\*?|lstlisting|minted|Verbatim|alltt|comment)\}(?:\[[^\]\n]*\])?(?:\{[^{}\n]*\})?"
)
_LEVELS = {
    "part": 1,
    "chapter": 1,
    "section": 2,
    "subsection": 3,
    "subsubsection": 4,
    "paragraph": 5,
    "subparagraph": 6,
}
_LISTS = frozenset(["itemize", "enumerate", "description", "compactitem", "enumerate*", "thebibliography"])
_FORMULAS = frozenset("equation align gather multline eqnarray displaymath math alignat flalign split".split())
_TABLES = frozenset(["tabular", "tabularx", "longtable", "tabulary", "array", "tabular*"])
_DROPPED = frozenset(["tikzpicture", "pgfpicture", "picture", "filecontents", "CCSXML"])
_COMMAND = re.compile(
    r"\\(begin|end)\s*\{([A-Za-z]+\*?)\}(?:\[[!htbpHc]+\])?"
    r"|\\(part|chapter|section|subsection|subsubsection|paragraph|subparagraph)\*?(?:\[[^\]]*\])?(?=\s*\{)"
    r"|\\(item|bibitem)\b(?:\s*\[([^\]]*)\])?(?:\{[^{}]*\})?|\\(caption|footnote|footnotetext)\*?(?:\[[^\]]*\])?(?=\s*\{)"
    r"|\\(maketitle|tableofcontents|listoffigures|listoftables|newpage|clearpage|appendix|bigskip|medskip|smallskip|noindent"
    r"|centering|par|hline|toprule|midrule|bottomrule)\b|\0(\d+)\0|(\n\s*\n)|\\\[(.{0,3000}?)\\\]|\$\$(.{0,3000}?)\$\$",
    re.DOTALL,
)
_SILENT = re.compile(
    r"~?\\(?:no)?(?:[Cc]ite[a-z]*|label|index[a-z]*|glossary|vspace|hspace|includegraphics|bibliography(?:style)?|input|include|thanks|phantom"
    r"|pagestyle|thispagestyle|setcounter|addtocounter|setlength|usepackage|newcommand|renewcommand)\*?"
    r"(?:\s*\[[^\]]*\])*(?:\s*\{(?:[^{}]|\{[^{}]*\})*\})+"
)
_SECTION = re.compile(r"^[ \t]*\\(?:part|chapter|(?:sub)*section)\*?(?:\[[^\]]*\])?\{", re.MULTILINE)
#: a program's name as a command
_LOGO = re.compile(r"\\([A-Za-z]*TeX)([et]?)(?![A-Za-z])(?:\{\})?")
#: a command without arguments that the author defines
_OWN = re.compile(r"\\(?:newcommand|renewcommand|providecommand|def)\*?\s*\{?\\([A-Za-z]+)\}?\s*(?=\{)")
_OWN_WORDS = re.compile(r"(?:[^\\#$&]|\\(?:text[a-z]{2}|emph|mbox|xspace)\b)*")
_NAMED = re.compile(r"\\([A-Za-z]+)(?:\{\})?")
MAX_OWN = 60  # letters
_LABEL = re.compile(r"\\label\{[^{}]*\}")
_REFERENCE = re.compile(r"~?\\(eq|page|auto|c|C|name|v)?ref\*?\{([^{}:]*)[^{}]*\}")
_REFERRED = {"fig": "Figure", "sec": "Section", "eq": "Equation", "tab": "Table", "ch": "Chapter", "alg": "Algorithm"}
_HREF = re.compile(r"\\href\{([^{}]*)\}\{((?:[^{}]|\{[^{}]*\})*)\}|\\(?:url|nolinkurl)\{([^{}]*)\}")


def read(path: Path) -> Iterator[Document | Dropped]:
    """Yield the file as one document, called after its `\\title`, else after its first heading."""
    text, note = read_text(path)
    builder = Builder()
    title = write(builder, clean_text(text))
    yield from builder.document(path, title=title or stem_title(path), metadata=note)


def write(builder: Builder, text: str) -> str:
    """Write LaTeX into a document and return its title."""
    if len(text) > LONGEST:
        return write_plain(builder, text)
    text, listings = _without_listings(text.replace("\0", ""))
    text = _with_own_words(_COMMENT.sub("", text))
    writer = _TexWriter(builder, listings)
    title = writer.words(_argument_of(text, "\\title"))
    if title:
        builder.heading(1, title)
    writer.write(_body(text))
    return title or builder.title()


def _with_own_words(text: str) -> str:
    """Write out commands that stand for words: names of programs, and what the author defines as words alone."""
    words = dict[str, str]()
    made, at = list[str](), 0
    for found in _OWN.finditer(text):
        body, end = _argument(text, found.end())
        plain = re.sub(r"\\[A-Za-z]+|[{}]", "", body).strip()
        if found.start() >= at and len(body) < MAX_OWN and _OWN_WORDS.fullmatch(body) and any(map(str.isalpha, plain)):
            words[found[1]] = plain
            made.append(text[at : found.start()])
            at = end
    text = "".join([*made, text[at:]])
    if words:
        text = _NAMED.sub(lambda found: words.get(found[1], found[0]), text)
    return _LOGO.sub(lambda found: found[1] + found[2].replace("e", "2e"), text)


def _body(text: str) -> str:
    """Return what stands between the beginning and the end of the document; a chapter of a book is that as a whole.

    A chapter about LaTeX may show a document, which then stands behind a heading.
    """
    head, begin, body = text.partition("\\begin{document}")
    if not begin or _SECTION.search(head):
        return text
    inside, end, rest = body.rpartition("\\end{document}")
    return inside if end else rest


def _without_listings(text: str) -> tuple[str, list[str]]:
    """Return the text with a mark in place of each listing, and the listings; one that never ends is text."""
    made, listings, at = list[str](), list[str](), 0
    for begin in _VERBATIM.finditer(text):
        end_mark = f"\\end{{{begin[1]}}}"
        end = text.find(end_mark, begin.end()) if begin.start() >= at else -1
        if end < 0 and begin.start() >= at:
            break
        if end >= 0:
            made += [text[at : begin.start()], f"\0{len(listings)}\0"]
            listings.append("" if begin[1] == "comment" else text[begin.end() : end])
            at = end + len(end_mark)
    return "".join([*made, text[at:]]), listings


def _argument_of(text: str, command: str) -> str:
    found = re.search(re.escape(command) + r"(?:\[[^\]]*\])?\s*(?=\{)", text)
    return _argument(text, found.end())[0] if found else ""


def _argument(text: str, start: int) -> tuple[str, int]:
    """Return what stands in the braces that open at or behind `start`, and where they end."""
    open_at = text.find("{", start)
    if open_at < 0:
        return "", start
    depth = 0
    for brace in re.finditer(r"(?<!\\)[{}]", text[open_at : open_at + 20_000]):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return text[open_at + 1 : open_at + brace.start()], open_at + brace.end()
    return "", open_at + 1


def _referred(found: re.Match[str]) -> str:
    """Return what a reference that names its kind refers to: the number is not known."""
    kind = _REFERRED.get(found[2].lower(), "") if found[1] in ("auto", "c", "C") else ""
    return f" {kind}" if kind else ""


class _TexWriter:
    """Goes through the text once; what is open stands on stacks."""

    def __init__(self, builder: Builder, listings: Sequence[str]) -> None:
        self.builder = builder
        self.listings = listings
        self.plain = LatexNodes2Text(math_mode="verbatim", keep_comments=False, strict_latex_spaces=False)
        self.held = ""
        self.items: list[tuple[int, str, list[tuple[str, str]]]] = []
        self.lists: list[tuple[str, int]] = []
        self.mark: str | None = None
        self.notes: list[str] = []
        self.caption = ""

    def write(self, text: str) -> None:
        """Write the body of a document."""
        at = 0
        while found := _COMMAND.search(text, at):
            self.held += text[at : found.start()]
            at = self.command(found, text)
        self.held += text[at:]
        self.end_list()

    def command(self, found: re.Match[str], text: str) -> int:
        """Do what one command says, and return where the text goes on."""
        at = found.end()
        if found[1]:
            return self.environment(found[2], text, at, begins=found[1] == "begin")
        if found[3]:
            words, at = _argument(text, at)
            self.end_list()
            self.builder.heading(_LEVELS[found[3]], self.words(words))
        elif found[4]:
            self.item(found[5])
        elif found[6]:
            words, at = _argument(text, at)
            if found[6] == "caption":
                self.caption = self.words(words)
            else:
                self.notes.append(self.words(words))
        elif found[8]:
            self.end_list()
            self.builder.code(self.listings[int(found[8])])
        elif found[10] or found[11]:
            self.held += f" $${' '.join((found[10] or found[11]).split())}$$ "
        elif found[9]:
            self.end()
        return at

    def environment(self, name: str, text: str, at: int, *, begins: bool) -> int:
        """Open or close an environment; what is inside formulas, tables and pictures is taken whole."""
        bare = name.rstrip("*")
        if begins and (bare in _FORMULAS or name in _TABLES or bare in _DROPPED):
            end = text.find(f"\\end{{{name}}}", at)
            end = len(text) if end < 0 else end
            body = text[at:end]
            if bare in _FORMULAS:
                formula = " ".join(_LABEL.sub("", body).split())
                self.held += f" $${formula}$$ "
            elif name in _TABLES:
                self.table(body)
            return min(len(text), end + len(f"\\end{{{name}}}"))
        if name in _LISTS:
            self.end()
            if begins:
                self.lists.append((name, 0))
            elif self.lists:
                self.lists.pop()
            if not self.lists:
                self.end_list()
        elif name == "abstract" and begins:
            self.end_list()
            self.builder.heading(2, "Abstract")
        else:
            self.end()
            if not begins and self.caption:
                self.builder.paragraph(self.caption)
                self.caption = ""
        return at

    def item(self, term: str | None) -> None:
        self.end()
        name, number = self.lists.pop() if self.lists else ("itemize", 0)
        self.lists.append((name, number + 1))
        self.mark = f"{self.words(term)}:" if term else f"{number + 1}." if name.startswith("enumerate") else ""

    def end(self) -> None:
        """End the paragraph or item at hand."""
        pieces = self.pieces(self.held)
        self.held = ""
        if any(text.strip() for text, _ in pieces):
            if self.lists and (self.mark is not None or self.items):
                mark = self.mark or ""
                term = [(f"{mark} ", "")] if mark.endswith(":") else []
                self.items.append((max(0, len(self.lists) - 1), "" if term else mark, [*term, *pieces]))
                self.mark = None
            else:
                self.builder.paragraph(pieces)
        if not self.items:
            self.write_notes()

    def end_list(self) -> None:
        self.end()
        if self.items:
            self.builder.items(self.items)
            self.items = []
        self.write_notes()

    def write_notes(self) -> None:
        notes, self.notes = self.notes, []
        for note in notes:
            self.builder.footnote(note)

    def table(self, body: str) -> None:
        self.end_list()
        if body.lstrip().startswith("{"):
            _, start = _argument(body, 0)
            body = body[start:] if not re.match(r"\s*\{", body[start:]) else body[_argument(body, start)[1] :]
        body = re.sub(
            r"\\(?:hline|toprule|midrule|bottomrule|cline\{[^}]*\}|cmidrule(?:\([^)]*\))?\{[^}]*\})", "", body
        )
        body = re.sub(r"\\multi(?:column|row)\{[^{}]*\}\{[^{}]*\}", "", body)
        caption = _argument_of(body, "\\caption")
        rows = [re.split(r"(?<!\\)&", row) for row in re.split(r"\\\\(?:\[[^\]]*\])?|\\tabularnewline", body)]
        caption, self.caption = self.caption or self.words(caption), ""
        self.builder.table([[self.words(cell) for cell in row] for row in rows], caption=caption)

    def words(self, text: str) -> str:
        """Return a piece of LaTeX as words."""
        text = _REFERENCE.sub(_referred, _SILENT.sub("", text))
        if not re.search(r"[\\{}$~`']|--", text):
            return " ".join(text.split())
        try:
            plain = self.plain.latex_to_text(text)
        except Exception:  # the parser raises nearly any type on rubbish
            plain = re.sub(r"\\[A-Za-z]+\*?|[{}]", " ", text)
        return re.sub(r" ([,.;:])(?=\s|$)", r"\1", " ".join(plain.split()))

    def pieces(self, text: str) -> list[tuple[str, str]]:
        """Return words with their links."""
        made, at = list[tuple[str, str]](), 0
        for link in _HREF.finditer(text):
            target = (link[1] or link[3]).replace("\\", "")
            made += [
                (self.words(text[at : link.start()]) + " ", ""),
                (self.words(link[2]) if link[2] else target, target),
                (" ", ""),
            ]
            at = link.end()
        return [*made, (self.words(text[at:]), "")]
