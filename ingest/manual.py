"""The source of manual pages: roff with the macros of man(7) and mdoc(7), as plain paragraphs, lists and code."""

from __future__ import annotations

import re

from .builder import Builder

_START = re.compile(
    r"(?:[.'](?:\\\"|TH\b|Dd\b|Dt\b|\"|so\b|ds\b|de\b|if\b|ie\b|nh\b|ad\b|\\}|el\b|nr\b|tr\b)|\s*$|'\\\")"
)
_FONT = re.compile(r"\\f(?:\[[^\]]*\]|\([A-Z]{2}|.)|\\s[+-]?\d|\\m\[[^\]]*\]|\\[&%/,|^:]|\\c$")
_NAMED = {
    "(aq": "'", "(dq": '"', "(bu": "•", "(em": "—", "(en": "–", "(co": "©", "(rg": "®", "(lq": "“", "(rq": "”",
    "(oq": "‘", "(cq": "’", "(mi": "-", "(ha": "^", "(ti": "~", "(rs": "\\", "(ga": "`", "(<=": "≤", "(>=": "≥",
    "(mu": "×", "(->": "→",
}  # fmt: skip
_ESCAPE = re.compile(r"\\(\([^\s]{2}|\[[^\]]*\]|\*\([^\s]{2}|\*\[[^\]]*\]|\*.|[- .'`~e\\0])")
_ARGUMENT = re.compile(r'"((?:[^"]|"")*)"?|(\S+)')
_INLINE = frozenset(
    "B I BR RB BI IB IR RI SM SB R Nm Fl Ar Cm Pa Ev Sy Em Dv Er Va Fa Ft Fn Xr Li Ql Dq Sq Pq Op Oo Oc Ns No "
    "Ic".split()
)
_PARAGRAPH = frozenset("PP P LP Pp sp HP Sp".split())
_JOINED = frozenset("BR RB BI IB IR RI".split())


def is_manual(text: str) -> bool:
    """Tell the source of a manual page by its first lines."""
    lines = text[:20_000].split("\n")
    first = next((place for place, line in enumerate(lines) if re.match(r"[.'](?:TH|Dd|Dt)\b", line)), None)
    return first is not None and all(
        _START.match(line) or line.startswith((".", "'", "\\", " ")) for line in lines[:first]
    )


def write(builder: Builder, text: str) -> str:
    """Write a manual page into a document and return its name, as `ls(1)`."""
    return _Manual(builder).write(text.split("\n"))


class _Manual:
    """Goes through the lines once."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.held: list[str] = []
        self.term: list[str] = []
        self.terms_wanted = 0
        self.in_item = False
        self.items: list[tuple[int, str, str]] = []
        self.code: list[str] | None = None
        self.title = ""

    def write(self, lines: list[str]) -> str:
        """Write all lines and return the title."""
        skipping = ""
        for line in lines:
            if skipping:
                skipping = "" if line.startswith(skipping) else skipping
            elif line.startswith((".de", ".ig")):
                skipping = ".."
            elif line.startswith((".", "'")):
                self.request(line)
            else:
                self.words(_plain(line), blank=not line.strip())
        self.end_list()
        return self.title

    def words(self, words: str, *, blank: bool = False) -> None:
        if self.code is not None:
            self.code.append(words)
        elif blank:
            self.end()
        elif self.terms_wanted:
            self.term.append(words)
            self.terms_wanted = 0
        else:
            self.held.append(words)

    def request(self, line: str) -> None:
        found = re.match(r"[.']\s*(\w+|\\\"|\\})?\s*(.*)", line)
        name, rest = (found[1] or "", found[2]) if found else ("", "")
        rest = re.sub(r"\s*(?<!\\)\\\".*", "", rest)
        arguments = [_plain((quoted or bare).replace('""', '"')) for quoted, bare in _ARGUMENT.findall(rest)]
        if name in ("TH", "Dt"):
            self.title = f"{arguments[0].lower()}({arguments[1]})" if len(arguments) > 1 and arguments[1] else ""
        elif name in ("SH", "SS", "Sh", "Ss"):
            self.end_list()
            self.builder.heading(2 if name[1] in "Hh" else 3, " ".join(arguments))
        elif name in _PARAGRAPH or name in ("RS", "RE"):
            self.end()
            self.in_item = self.in_item and name not in ("PP", "P", "LP", "Pp")
        elif name in ("TP", "TQ", "IP", "It"):
            self.end()
            self.in_item, self.term = True, self.term if name == "TQ" else []
            self.terms_wanted = int(name in ("TP", "TQ"))
            if name in ("IP", "It") and arguments and arguments[0] not in "•-*":
                self.term.append(" ".join(arguments if name == "It" else arguments[:1]))
        elif name in ("nf", "EX", "Bd"):
            self.end()
            self.code = []
        elif name in ("fi", "EE", "Ed") and self.code is not None:
            self.end_list()
            self.builder.code("\n".join(self.code))
            self.code = None
        elif name in _INLINE and arguments:
            self.words(("" if name in _JOINED else " ").join(arguments))
        elif name in ("UR", "MT", "Lk", "URL", "Nd"):
            self.words(" ".join(arguments))

    def end(self) -> None:
        """End the paragraph or item at hand."""
        words, self.held = " ".join(self.held).strip(), []
        term, self.term = ", ".join(self.term), []
        if self.in_item and (words or term):
            joined = f"{term}: {words}" if term and words else term or words
            if self.items and not term and len(self.items[-1][2]) < 600:
                self.items[-1] = (0, "", f"{self.items[-1][2]} {words}")
            else:
                self.items.append((0, "", joined))
        elif words:
            self.end_items()
            self.builder.paragraph(words)

    def end_items(self) -> None:
        if self.items:
            self.builder.items(self.items)
            self.items = []

    def end_list(self) -> None:
        self.end()
        self.end_items()
        self.in_item = False


def _plain(text: str) -> str:
    return _ESCAPE.sub(_sign, _FONT.sub("", text))


def _sign(found: re.Match[str]) -> str:
    name = found[1]
    if name in "-.'`~\\ ":
        return name
    if name[0] == "[":
        name = f"({name[1:-1]}"
    return {"e": "\\", "0": " "}.get(name) or _NAMED.get(name, "")
