"""Cutting a text into sentences."""

from __future__ import annotations

import re

_END = re.compile(r"(?<=[.!?。！？])([\"'”’)\]]*)\s+(?=[\"'“‘(\[]*[^\Wa-z_])|(?<=[。！？])")
_SHORT = (
    "Mr Mrs Ms Dr St Jr Sr Prof vs No Inc Ltd Co Mt Ft Gen Col Lt Capt Sgt Maj Adm Rev Hon Gov Sen Rep Bros b d c ca r "
    "approx est fl née vol pp ed eds Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec"
).replace(" ", "|")
_ABBREVIATION = re.compile(rf"(?:\b[A-Z]|\b(?:{_SHORT}))\.[\"'”’)\]]*$")


def sentences(text: str) -> list[str]:
    """Cut a text into sentences; initials and common abbreviations end none."""
    pieces: list[str] = []
    for piece in filter(None, map(str.strip, _END.sub(r"\1\n", text).split("\n"))):
        if pieces and _ABBREVIATION.search(pieces[-1]):
            pieces[-1] += " " + piece
        else:
            pieces.append(piece)
    return pieces
