"""Markdown: rendered to HTML, which Markdown may hold anyway, and read as a page is; front matter becomes metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from ...core.types import Document
from ..builder import Builder
from ..decode import read_text
from ..documents import Dropped, clean_text, parse_scalar, stem_title
from ..markup import parse
from ..page import Page
from ..wrapped import join_lines, vocabulary
from ..wrapped import write as write_plain

FRONT_MATTER_LINES = 500
LONGEST = 10_000_000
_KEY = re.compile(r"([A-Za-z_][\w .-]*):(?:\s+(.*)|)$")
_ITEM = re.compile(r"\s*-\s+(.*)$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CONTAINER = re.compile(r"\s*:{3,}\s*\{?[\w-]*\}?(?:\[(.*?)\])?\s*(.*?)\s*$")
_ADMONITION = re.compile(r"( *)(?:!!!|\?\?\?\+?|===)\s+[\w -]*(?:\"(.*)\")?\s*$")
_TEMPLATE = re.compile(r"\s*(?:\{%.*?%\}|\{\{[<%].*?[%>]\}\}|\{/\*.*?\*/\}|\{:.*?\})\s*")
_ATTRIBUTES = re.compile(r"^( {0,3}#{1,6} .*?)\s*\{([:#.][^{}]*)\}[\s#]*$")
_OWN_NAME = re.compile(r"(?:^|\s|:)#([\w:.-]{1,200})")
_LABEL = re.compile(r"\(([\w:.-]{1,200})\)=\s*")
_WIKI = re.compile(r"\[\[([^\[\]|\n]{1,200})(?:\\?\|([^\[\]\n]{0,200}))?\]\](?![(\[])")
_ROLE = re.compile(r"\{(ref|numref|doc)\}`(?:([^`<>\n]+?)\s*<)?([^`<>\n]+)>?`")
_MDX = re.compile(r"(?:import\s.*\sfrom\s+['\"].*|import\s+['\"].*|export\s+(?:const|default|function|let)\b.*)")
_COMPONENT = re.compile(r"</?[A-Z][\w.]*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|[^<>{}])*>|\{/\*.*?\*/\}", re.DOTALL)
_PARSER = MarkdownIt("commonmark", {"html": True, "maxNesting": 100}).enable(["table", "strikethrough"])
_PARSER.use(footnote_plugin).use(deflist_plugin)


def _wiki_link(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 (how markdown-it calls its rules)
    """Read `[[Title#Section|words]]`, as wikis and note books write links."""
    found = _WIKI.match(state.src, state.pos) if state.src.startswith("[[", state.pos) else None
    if found and not silent:
        _push_link(state, f"[[{found[1]}]]", (found[2] or found[1]).strip())
    return _passed(state, found)


def _role_link(state: StateInline, silent: bool) -> bool:  # noqa: FBT001
    """Read the roles of MyST that refer to other places: {ref}`words <label>`."""
    found = _ROLE.match(state.src, state.pos) if state.src.startswith("{", state.pos) else None
    if found and not silent:
        role = "doc" if found[1] == "doc" else "ref"
        _push_link(state, f":{role}:{found[3].strip()}", (found[2] or found[3]).strip())
    return _passed(state, found)


def _passed(state: StateInline, found: re.Match[str] | None) -> bool:
    state.pos = found.end() if found else state.pos
    return found is not None


def _push_link(state: StateInline, target: str, words: str) -> None:
    state.push("link_open", "a", 1).attrs = {"href": target}
    state.push("text", "", 0).content = words
    state.push("link_close", "a", -1)


_PARSER.inline.ruler.before("link", "wiki_link", _wiki_link)
_PARSER.inline.ruler.before("link", "role_link", _role_link)


def read(path: Path) -> Iterator[Document | Dropped]:
    """Yield the file as one document; the title is the front matter's, else the first heading."""
    raw, note = read_text(path)
    fields, body = split_front_matter(clean_text(raw))
    title = fields.pop("title", None)
    builder = Builder()
    found = write(builder, body, components=path.suffix.lower() == ".mdx")
    end = "\n" if body.endswith("\n") else ""
    for item in builder.document(path, title=str(title or found or stem_title(path)), metadata=fields | note):
        # With its last line end a file without marks is the text that 0.1 embedded, and its vectors are used again.
        yield replace(item, text=item.text + end) if isinstance(item, Document) else item


def write(builder: Builder, text: str, *, components: bool = False) -> str:
    """Write Markdown into a document and return its first heading, of the first level where there is one.

    Args:
        builder: the document.
        text: Markdown without front matter.
        components: whether tags with a capital are components of MDX, which leave nothing but what they enclose.
    """
    if len(text) > LONGEST:
        return write_plain(builder, text)
    lines = list(_plain_markdown(text.split("\n"), components=components))
    tokens = _PARSER.parse("\n".join(lines))
    words = vocabulary(text)
    for token in tokens:
        _join_hyphens(token.children or [], words)
    html: str = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return Page(builder, parse(f"<main>{html}</main>"), own=True).write()


def _join_hyphens(tokens: list[Token], words: dict[str, int]) -> None:
    """Join words that a line's end cut, as far as the document knows them."""
    for before, soft, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if soft.type == "softbreak" and before.type == after.type == "text" and before.content.endswith("-"):
            head, space, last = before.content.rpartition(" ")
            first, gap, rest = after.content.partition(" ")
            soft.type, soft.content = "text", ""
            before.content, after.content = head + space + join_lines([last, first], words, typed=True), gap + rest


def _plain_markdown(lines: list[str], *, components: bool) -> Iterator[str]:
    """Yield the lines without what site generators add to the language, the words of their boxes kept."""
    if components:
        lines = _COMPONENT.sub("", "\n".join(lines)).split("\n")
    fence, inset = "", -1
    for line in lines:
        found = _FENCE.match(line)
        if found and (not fence or found[1].startswith(fence)):
            fence = "" if fence else found[1]
        if fence or found:
            yield line[inset:] if inset > 0 and not line[:inset].strip() else line
            continue
        if inset > 0 and line.strip() and line[:inset].strip():
            inset = -1
        if inset > 0:
            line = line[inset:]
        if box := _ADMONITION.match(line):
            inset = max(inset, 0) + len(box[1]) + 4
            yield from ("", box[2] or "", "")
        elif line.lstrip().startswith(":::") and (container := _CONTAINER.fullmatch(line)):
            yield from ("", container[1] or container[2] or "", "")
        elif not (_TEMPLATE.fullmatch(line) or (components and _MDX.fullmatch(line))):
            yield from _named_lines(line)


def _named_lines(line: str) -> Iterator[str]:
    """Yield a line with the names that its author gave to the place as HTML: `## Words {#name}`, `(name)=`."""
    if label := _LABEL.fullmatch(line):
        yield from (f'<a id="{label[1]}"></a>', "")
    elif attributes := _ATTRIBUTES.match(line):
        name = _OWN_NAME.search(attributes[2])
        yield f'{attributes[1]} <a id="{name[1]}"></a>' if name else attributes[1]
    else:
        yield line


def split_front_matter(text: str) -> tuple[dict[str, object], str]:
    """Split off the `key: value` lines between two `---` at the top; anything else there is left as text."""
    lines = text.split("\n", FRONT_MATTER_LINES)
    if lines[0].rstrip() != "---":
        return {}, text
    end = next((i for i, line in enumerate(lines[1:FRONT_MATTER_LINES], 1) if line.rstrip() in ("---", "...")), 0)
    fields = _fields(lines[1:end]) if end else None
    if fields is None:
        return {}, text
    return fields, "\n".join(lines[end + 1 :]).lstrip("\n")


def _fields(lines: list[str]) -> dict[str, object] | None:
    """Parse simple lines; None where a line is neither a field, an item of one, nor a comment."""
    fields: dict[str, object] = {}
    items: list[object] = []
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        field, item = _KEY.match(line), _ITEM.match(line)
        if field:
            items = []
            fields[field[1].strip()] = _value(field[2] or "") if field[2] else items
        elif item and fields:
            items.append(_value(item[1]))
        elif not (line[0].isspace() and fields):
            return None
    return fields


def _value(text: str) -> object:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    if text.startswith("[") and text.endswith("]"):
        return [_value(part) for part in text[1:-1].split(",") if part.strip()]
    if text in ("true", "false"):
        return text == "true"
    return parse_scalar(text)
