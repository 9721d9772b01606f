"""Mails: the body without the quoted mails below it, the fields that people search, and the attachments.

A reply repeats the mails before it, which makes near-duplicates of them all; what it quotes is left out and counted.
A forwarded mail is kept, since it is often all that there is of it. A signature is kept as a block of its own: it says
who somebody is, and where to be reached.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from io import BytesIO
from pathlib import Path

from ..core.types import Document
from .builder import Builder
from .documents import Dropped, Item, Skipped, UnreadableError, clean_title, one_line
from .markup import Node
from .markup import parse as parse_html
from .members import read_member
from .page import Page
from .wrapped import write as write_plain

MAX_ATTACHMENTS = 100
MAX_ATTACHMENT = 50_000_000
MAX_PARTS = 500
MAX_HEADER = 2_000
STUB = 5  # how often the page must be longer than the plain text for that to be a remark that there is a page
MAX_PAGE = 20_000_000
_QUOTE = re.compile(r"\s{0,2}(?:[>|]|\w{1,3}>)")
_REPLY = re.compile(r"(?:re|aw|sv|antw|rif|odp|回复|答复)(?:\[\d+\])?\s*:", re.IGNORECASE)
_FORWARD = re.compile(r"(?:fwd?|wg|tr|i|rv|vs)\s*:", re.IGNORECASE)
_WROTE = re.compile(
    r".{0,200}(?:wrote|writes|schrieb|a écrit|escribió|ha scritto|schreef|napisał\(?a?\)?|skrev|escreveu|写道|пишет)"
    r".{0,80}:\s*",
    re.IGNORECASE | re.DOTALL,
)
_ORIGINAL = re.compile(
    r"\s*(?:-{2,}\s*(?:original message|ursprüngliche nachricht|message d'origine|mensaje original)\s*-{2,}|_{20,})\s*",
    re.IGNORECASE,
)
_FIELD = re.compile(r"\s*\*?(?:from|von|de|da|van|from|от)\s?:\*?\s.*@?.*", re.IGNORECASE)
_LIST_FOOT = re.compile(r"\s*_{30,}\s*")
_QUOTED_CLASSES = frozenset(["gmail_quote", "gmail_extra", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote"])
_QUOTED_IDS = frozenset(["divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container"])


def parse(data: bytes) -> EmailMessage:
    """Parse a mail; the parser mends what is broken, and reads no more than there is."""
    return BytesParser(policy=policy.default).parsebytes(data)


def field_of(message: EmailMessage, name: str) -> str:
    """Return a field of the head in words, or ""; a broken one as it is written."""
    try:
        value = message[name]
    except Exception:  # the parser of fields raises many types on broken ones
        value = next((raw for own, raw in message.raw_items() if own.lower() == name.lower()), "")
    return clean_title(str(value or ""))[:MAX_HEADER]


def message_id(message: EmailMessage) -> str:
    """Return the id of a mail without its angle brackets, or ""."""
    return field_of(message, "Message-ID").strip("<> ").replace(" ", "")[:300]


def documents(message: EmailMessage, path: Path, *, key: str = "") -> Iterator[Item]:
    """Yield a mail, and what is attached as `key#name`.

    Args:
        message: the mail.
        path: the file that it is in.
        key: what its key is, unless it is the path.
    """
    builder = Builder()
    subject = field_of(message, "Subject")
    is_reply = not _FORWARD.match(subject) and bool(
        _REPLY.match(subject) or message["In-Reply-To"] or message["References"]
    )
    fields = {name.lower(): words for name in ("From", "To", "Cc") if (words := field_of(message, name))}
    if moment := _date(message):
        fields["date"] = moment
    if subject:
        builder.heading(1, subject)
    builder.paragraph(" | ".join(f"{name.capitalize()}: {words}" for name, words in fields.items()))
    bodies: list[EmailMessage] = []
    attached: list[EmailMessage] = []
    encrypted = _sort(message, bodies, attached)
    for body in bodies:
        _write(builder, body, is_reply=is_reply)
    key = key or str(path)
    if encrypted:
        yield Skipped(key, "its body is encrypted")
    metadata = fields | {"subject": subject, "message_id": message_id(message)}
    for item in builder.document(
        path, title=subject or "mail without a subject", metadata={k: v for k, v in metadata.items() if v}
    ):
        yield _keyed(item, key)
    yield from _attachments(attached, path, key)


def _keyed(item: Document | Dropped, key: str) -> Document | Dropped:
    if isinstance(item, Dropped):
        return Dropped(key, item.what, item.characters)
    return replace(item, key=key)


def _date(message: EmailMessage) -> str:
    try:
        moment = message["Date"].datetime
    except Exception:  # no date, or one that is none
        return ""
    return moment.isoformat(" ", "minutes") if isinstance(moment, datetime) else ""


def _sort(message: EmailMessage, bodies: list[EmailMessage], attached: list[EmailMessage]) -> bool:
    """Sort the parts of a mail into bodies and attachments; tell whether a part is encrypted."""
    encrypted = False
    waiting: list[EmailMessage] = [message]
    for _ in range(MAX_PARTS):
        if not waiting:
            break
        part = waiting.pop(0)
        kind = part.get_content_type()
        inner = [one for one in part.iter_parts() if isinstance(one, EmailMessage)] if part.is_multipart() else []
        if kind in ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"):
            encrypted = True
        elif kind == "message/rfc822" or part.get_filename() or part.get_content_disposition() == "attachment":
            attached.append(part)
        elif kind == "multipart/alternative":
            waiting[:0] = _alternative(inner)
        elif inner:
            waiting[:0] = inner
        elif kind in ("text/plain", "text/html"):
            bodies.append(part)
    return encrypted


def _alternative(parts: list[EmailMessage]) -> list[EmailMessage]:
    """Return the form of a body to be read: the plain text, unless it only says that there is a page."""
    plain = next((part for part in parts if part.get_content_type() == "text/plain"), None)
    rest = [part for part in parts if part.get_content_type() != "text/plain"]
    if plain is None or not rest:
        return rest[-1:] or parts[:1]
    words = len(_text(plain).split())
    pages = [part for one in rest for part in one.walk() if part.get_content_type() == "text/html"]
    longer = pages and words < 60 and len(parse_html(_text(pages[-1])[:MAX_PAGE]).text().split()) > STUB * words
    return rest[-1:] if longer else [plain, *(one for one in rest if one.get_content_type() == "multipart/mixed")]


def _text(part: EmailMessage) -> str:
    """Return the text of a part; bytes that its encoding does not know are replaced."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    named = str(part.get_content_charset() or "utf-8")
    for encoding in (named, "utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except (LookupError, ValueError):
            continue
    return data.decode("utf-8", "replace")


def _write(builder: Builder, part: EmailMessage, *, is_reply: bool) -> None:
    text = _text(part)
    if part.get_content_type() == "text/html":
        if len(text) > MAX_PAGE:
            raise UnreadableError(f"{len(text):,} characters of HTML are over the limit of {MAX_PAGE:,}")
        page = parse_html(text)
        if is_reply:
            _drop_quoted(builder, page)
        Page(builder, page, own=True).write()
        return
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if str(part.get_param("format", "")).lower() == "flowed":
        lines = _unflowed(lines, joined=str(part.get_param("delsp", "")).lower() == "yes")
    if is_reply:
        lines = _without_quoted(builder, lines)
    foot = next(
        (place for place, line in enumerate(lines) if _LIST_FOOT.fullmatch(line) and place > len(lines) - 8), None
    )
    if foot is not None:
        builder.drop("mailing list footer", "\n".join(lines[foot:]))
        lines = lines[:foot]
    cut = next((place for place, line in enumerate(lines) if line.rstrip("\n") in ("-- ", "--")), len(lines))
    write_plain(builder, "\n".join(lines[:cut]))
    builder.code("\n".join(line.strip() for line in lines[cut + 1 :]))


def _unflowed(lines: list[str], *, joined: bool) -> list[str]:
    """Join the lines that end with a space as format=flowed says (RFC 3676)."""
    made: list[str] = []
    goes_on = ""  # the quote marks of the line above, where it goes on
    for line in lines:
        marks = re.match(r">*", line)[0]  # type: ignore[index]
        words = line[len(marks) :].removeprefix(" ")
        flows = line.endswith(" ") and words != "-- "
        if made and goes_on == f"{marks}|" and words != "-- ":
            made[-1] += words[:-1] if flows and joined else words
        else:
            made.append((f"{marks} " if marks else "") + (words[:-1] if flows and joined else words))
        goes_on = f"{marks}|" if flows else ""
    return [line if line == "-- " else line.rstrip() for line in made]


def _without_quoted(builder: Builder, lines: list[str]) -> list[str]:
    """Leave out what a reply quotes, with the line that says whose it is, and all below "Original Message"."""
    kept: list[str] = []
    dropped: list[str] = []
    for place, line in enumerate(lines):
        following = next((one for one in lines[place + 1 :] if one.strip()), "")
        if _ORIGINAL.fullmatch(line) and _FIELD.fullmatch(following):
            dropped += lines[place:]
            break
        if _QUOTE.match(line) and line.strip() != "|":
            if not dropped or kept[-1:] != [""]:
                _drop_attribution(kept, dropped)
                kept.append("")
            dropped.append(line)
        else:
            kept.append(line)
    builder.drop("quoted text", "\n".join(dropped))
    return kept


def _drop_attribution(kept: list[str], dropped: list[str]) -> None:
    """Move the line before a quotation that says who wrote it, which may have been wrapped."""
    while kept and not kept[-1].strip():
        kept.pop()
    blank = next((count for count in range(len(kept)) if not kept[-1 - count].strip()), len(kept))
    for count in (blank, 1):  # a paragraph of its own, else the last line of one
        said = kept[len(kept) - count :]
        if 0 < len(said) <= 3 and _WROTE.fullmatch(" ".join(said)):
            dropped.extend(said)
            del kept[-count:]
            return


def _drop_quoted(builder: Builder, node: Node) -> None:
    """Leave out the elements in which mail programs put what they quote."""
    kept: list[Node | str] = []
    for place, child in enumerate(node.children):
        if isinstance(child, str):
            kept.append(child)
        elif child.get("id").lower().removeprefix("x_") in _QUOTED_IDS:
            for rest in node.children[place:]:
                builder.drop("quoted text", rest if isinstance(rest, str) else rest.text())
            break
        elif not _QUOTED_CLASSES.isdisjoint(child.classes()) or (
            child.tag == "blockquote" and child.get("type").lower() == "cite"
        ):
            builder.drop("quoted text", child.text())
        else:
            _drop_quoted(builder, child)
            kept.append(child)
    node.children = kept
    node.words = sum(child.words if isinstance(child, Node) else sum(map(len, child.split())) for child in kept)


def _attachments(attached: list[EmailMessage], path: Path, key: str) -> Iterator[Item]:
    seen: dict[str, int] = {}
    for number, part in enumerate(attached):
        name = _name(part, number)
        if (
            part.get_content_maintype() in ("image", "audio", "video")
            and part.get_content_disposition() != "attachment"
        ):
            continue  # the pictures of a page or a signature
        if number >= MAX_ATTACHMENTS:
            yield Skipped(f"{key}#{name}", f"more than {MAX_ATTACHMENTS} attachments")
            return
        count = seen[name] = seen.get(name, 0) + 1
        given = f"{key}#{name}" + (f"-{count}" if count > 1 else "")
        try:
            data = _content(part)
        except Exception as error:  # the writer of mails raises many types on broken ones
            yield Skipped(given, f"cannot be read: {one_line(error)}")
            continue
        yield from read_member(BytesIO(data), name, outer=path, key=given, size=MAX_ATTACHMENT)


def _name(part: EmailMessage, number: int) -> str:
    try:
        name = clean_title(part.get_filename() or "")
    except Exception:  # a broken field
        name = ""
    if part.get_content_type() == "message/rfc822":
        name = name if name.lower().endswith(".eml") else f"{name or f'mail-{number + 1}'}.eml"
    kinds = {"text/plain": ".txt", "text/html": ".html", "application/pdf": ".pdf", "text/csv": ".csv"}
    name = name.replace("/", "_").replace("\\", "_")
    return name or f"attachment-{number + 1}{kinds.get(part.get_content_type(), '.bin')}"


def _content(part: EmailMessage) -> bytes:
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        return inner[0].as_bytes(policy=policy.compat32) if isinstance(inner, list) and inner else b""  # type: ignore[union-attr]
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""
