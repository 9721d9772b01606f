"""Mails and mailboxes."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from polyhop.core.types import Document
from polyhop.ingest.documents import Dropped, Skipped
from polyhop.ingest.readers import mailbox, read_file

FIELD = Path(__file__).parents[2] / "field" / "formats" / "m.eml"
HEAD = "From: Ann <ann@example.org>\nTo: list@example.org\nDate: Mon, 01 Jan 2024 10:00:00 +0100\n"


def write(folder: Path, text: str | bytes, name: str = "a.eml") -> Path:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def documents(path: Path) -> list[Document]:
    return [item for item in read_file(path) if isinstance(item, Document)]


def dropped(path: Path) -> dict[str, int]:
    return {item.what: item.characters for item in read_file(path) if isinstance(item, Dropped)}


def body(path: Path) -> str:
    """Return the text of the first document below its head."""
    return documents(path)[0].text.split("\n\n", 2)[2]


def test_a_mail_has_a_head_that_can_be_searched(tmp_path: Path) -> None:
    """Subject, names and date are in text and metadata, with their encodings undone; wrapped lines are joined."""
    subject = "Subject: =?utf-8?q?Caf=C3=A9?= hours\nMessage-ID: <1@example.org>\n"
    text = "\nThe coffee house opens at nine in the morning and stays\nopen until the last guest has gone home.\n"
    (mail,) = documents(write(tmp_path, HEAD + subject + text))

    joined = "The coffee house opens at nine in the morning and stays open until the last guest has gone home."
    line = "From: Ann <ann@example.org> | To: list@example.org | Date: 2024-01-01 10:00+01:00"
    assert f"# Café hours\n\n{line}\n\n{joined}" == mail.text
    assert "Café hours" == mail.title
    assert {
        "from": "Ann <ann@example.org>",
        "to": "list@example.org",
        "date": "2024-01-01 10:00+01:00",
        "subject": "Café hours",
        "message_id": "1@example.org",
    } == mail.metadata
    assert "# Meeting\n\nFrom: a@example.org\n\nThe meeting is on Monday." == documents(FIELD)[0].text


def test_what_a_reply_quotes_is_counted_and_a_signature_is_a_block(tmp_path: Path) -> None:
    """Quotations with the line that introduces them go, signatures stay, footers of lists go."""
    quoted = "On Mon, Jan 1, 2024, Ann\n<ann@example.org> wrote:\n> When?\n>> Before?\n\n"
    foot = "_" * 47 + "\nlist mailing list\nlist@example.org\n"
    text = f"Subject: Re: hours\n\n{quoted}At nine.\n\n> And then?\n\nNo.\n\n-- \nBen\nPhone 12 34\n{foot}"
    file = write(tmp_path, HEAD + text)

    assert "At nine.\n\nNo.\n\nBen\nPhone 12 34" == body(file)
    assert "code" == documents(file)[0].blocks[-1].kind
    assert {"quoted text", "mailing list footer"} == set(dropped(file))
    kept = write(tmp_path, HEAD + f"Subject: Fwd: hours\n\n{quoted}", "b.eml")
    assert "Before?" in body(kept) and "When?" in body(kept)


def test_old_programs_quote_below_a_line(tmp_path: Path) -> None:
    """All below "Original Message" is a quotation of a reply."""
    text = "Subject: AW: hours\n\nYes.\n\n-----Original Message-----\nFrom: Ann\nSent: Monday\n\nWhen?\n"

    assert "Yes." == body(write(tmp_path, HEAD + text))


def test_flowed_text_is_joined(tmp_path: Path) -> None:
    """Lines that end with a space go on (RFC 3676); the sign of a signature does not."""
    kind = "Content-Type: text/plain; charset=utf-8; format=flowed\n"
    text = f"Subject: x\n{kind}\nshort \nlines \nflow.\n\nNext.\n-- \nAnn\n"

    assert "short lines flow.\n\nNext.\n\nAnn" == body(write(tmp_path, HEAD + text))


def test_the_better_form_of_a_body_is_read(tmp_path: Path) -> None:
    """Plain text is preferred; where it only says that there is a page, the page is read, without what it quotes."""
    mail = EmailMessage()
    mail["Subject"] = "Re: x"
    mail["From"] = "ann@example.org"
    mail.set_content("plain words")
    mail.add_alternative("<p>page words</p>", subtype="html")
    assert "plain words" == body(write(tmp_path, mail.as_bytes()))

    mail = EmailMessage()
    mail["Subject"] = "Re: x"
    mail["From"] = "ann@example.org"
    mail.set_content("View in a browser")
    words = "All of these words stand in the page alone, and there are many more of them than in the text. " * 3
    mail.add_alternative(f"<p>{words}</p><div class='gmail_quote'>old <b>words</b></div>", subtype="html")
    file = write(tmp_path, mail.as_bytes())
    assert words.strip() == body(file)
    assert {"quoted text": 8} == dropped(file)


def test_attachments_are_documents_of_their_own(tmp_path: Path) -> None:
    """Each is read by the reader of its kind; pictures of the page are passed over, unknown formats are reported."""
    mail = EmailMessage()
    mail["Subject"] = "files"
    mail["From"] = "ann@example.org"
    mail.set_content("See the files.")
    mail.add_attachment(b"id,text\n7,row\n", maintype="text", subtype="csv", filename="a.csv")
    mail.add_attachment(b"one", maintype="text", subtype="plain", filename="../n\u00e9.txt")
    mail.add_attachment(b"two", maintype="text", subtype="plain", filename="../n\u00e9.txt")
    mail.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="a.exe")
    mail.add_attachment(b"GIF8", maintype="image", subtype="gif", filename="logo.gif", disposition="inline")
    inner = EmailMessage()
    inner["Subject"] = "within"
    inner["From"] = "ben@example.org"
    inner.set_content("forwarded")
    mail.add_attachment(inner)
    file = write(tmp_path, mail.as_bytes())
    made = {item.key.removeprefix(str(file)): item for item in documents(file)}

    assert ["", "#a.csv#7", "#.._né.txt", "#.._né.txt-2", "#mail-6.eml"] == list(made)
    assert ["row", "one", "two"] == [item.text for item in list(made.values())[1:4]]
    assert "within" == made["#mail-6.eml"].title
    assert {str(file)} == {item.source for item in made.values()}
    assert [f"{file}#a.exe"] == [item.path for item in read_file(file) if isinstance(item, Skipped)]


def test_a_mailbox_gives_a_document_a_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids name the mails; "From" inside a mail begins none; a mail that is too long is skipped alone."""
    start = "From ann@example.org Mon Jan  1 10:00:00 2024\n"
    first = f"{start}{HEAD}Subject: a\nMessage-ID: <1@x>\n\n>From now on.\n\nFrom here we go.\n\n"
    second = f"{start}{HEAD}Subject: b\nMessage-ID: <1@x>\n\nsecond\n\n"
    third = f"{start}{HEAD}Subject: c\nMessage-ID: <3@x>\n\n{'long ' * 1_000}\n\n"
    file = write(tmp_path, first + second + third, "a.mbox")

    assert [f"{file}#1@x", f"{file}#1@x-2", f"{file}#3@x"] == [item.key for item in documents(file)]
    assert "From now on.\n\nFrom here we go." == body(file)
    monkeypatch.setattr(mailbox, "MAX_MESSAGE", 2_000)
    assert ["#1@x", "#1@x-2"] == [item.key.removeprefix(str(file)) for item in documents(file)]
    assert [f"{file}#3"] == [item.path for item in read_file(file) if isinstance(item, Skipped)]


def test_bad_mails_give_a_reason_or_what_can_be_read(tmp_path: Path) -> None:
    """What is none is refused, encrypted bodies are said, unknown encodings and endless nesting do no harm."""
    reasons = {
        name: next(item.reason for item in read_file(write(tmp_path, data, name)) if isinstance(item, Skipped))
        for name, data in {
            "a.eml": b"\x00\x01 rubbish",
            "b.eml": b"%PDF-1.7",
            "c.mbox": b"rubbish",
            "d.eml": HEAD.encode() + b"Content-Type: multipart/encrypted; boundary=x\n\n--x\n\nsecret\n--x--\n",
        }.items()
    }
    assert reasons["a.eml"].startswith("not a mail")
    assert "a PDF" in reasons["b.eml"]
    assert reasons["c.mbox"].startswith("not a mailbox")
    assert "its body is encrypted" == reasons["d.eml"]

    kind = "Subject: x\nContent-Type: text/plain; charset=no-such\n\n"
    assert "caf\u00e9" == body(write(tmp_path, (HEAD + kind).encode() + "caf\u00e9".encode("latin-1")))
    nested = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(2_000))
    assert list(read_file(write(tmp_path, HEAD + nested)))
