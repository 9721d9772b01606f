"""Numbers of spreadsheets as they are shown, by their number format; dates in ISO form, the same everywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from .sheets import Cell

#: formats that spreadsheets know by number, as far as they say more than "General"
_KNOWN = {
    "1": "0",
    "2": "0.00",
    "3": "#,##0",
    "4": "#,##0.00",
    "9": "0%",
    "10": "0.00%",
    "11": "0.00E+00",
    **dict.fromkeys(("14", "15", "16", "17"), "yyyy-mm-dd"),
    "18": "h:mm",
    "19": "h:mm:ss",
    "20": "h:mm",
    "21": "h:mm:ss",
    "22": "yyyy-mm-dd h:mm",
    "37": "#,##0",
    "38": "#,##0",
    "39": "#,##0.00",
    "40": "#,##0.00",
    "44": "#,##0.00",
    "43": "#,##0.00",
    "45": "mm:ss",
    "46": "[h]:mm:ss",
    "47": "mm:ss",
    "48": "0.0E+0",
    "49": "@",
    **dict.fromkeys(map(str, (*range(27, 37), *range(50, 59))), "yyyy-mm-dd"),
}
_PIECE = re.compile(
    r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|(\[[hms]+\])|\[[^\]]*\]|_.|\*.|([#0?][#0?,.]*)|(.)', re.DOTALL
)
_LAST = 2_958_466  # days to the year 10000
MOST_DECIMALS = 15


@dataclass(frozen=True, slots=True)
class _Format:
    before: str = ""
    after: str = ""
    digits: str = ""
    kind: str = "number"  # or "date", "time", "both", "span", "general", "scientific"
    percent: bool = False


def shown_number(value: float, form: str, *, from_1904: bool = False) -> Cell:
    """Return a number as it is shown, and its value: of a date the ISO form is both.

    `form` is the code of a format, or "#" and the number of a known one.

    Raises:
        OverflowError: if a number cannot be a date.
    """
    code = _KNOWN.get(form[1:], "") if re.fullmatch(r"#\d+", form) else form
    sections = _sections(code)
    negative = value < 0 and len(sections) > 1
    made = _parsed(sections[1] if negative else sections[2] if value == 0 and len(sections) > 2 else sections[0])
    whole = int(value) if value.is_integer() and abs(value) < 1e15 else value
    if made.kind in ("date", "time", "both", "span"):
        words = _moment(value, made.kind, from_1904=from_1904)
        return words, words
    if made.kind in ("general", "scientific") or not made.digits:
        return _general(value) if made.kind != "scientific" else f"{value:.2E}", whole
    return made.before + _digits(abs(value) if negative else value, made) + made.after, whole


def _general(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.11g}"


@lru_cache(maxsize=1_000)
def _sections(code: str) -> tuple[str, ...]:
    """Return the formats for positive, negative and zero that semicolons part."""
    return tuple(re.sub(r'"[^"]*"|\\.', lambda found: found[0].replace(";", "\0"), code).split(";"))


@lru_cache(maxsize=1_000)
def _parsed(code: str) -> _Format:
    if not code or code.strip().lower() in ("general", "@", "standard"):
        return _Format(kind="general")
    before = after = digits = plain = ""
    for quoted, escaped, currency, span, number, other in _PIECE.findall(code):
        if span:
            return _Format(kind="span")
        if number and not digits:
            digits = number
            continue
        plain += other
        words = (quoted or escaped or currency).replace("\0", ";") or (other if other in "%$€£¥ -+()" else "")
        before, after = (before, after + words) if digits else (before + words, after)
    letters = re.sub(r"(?i)am/pm|a/p", "", plain).lower()
    if re.search("[ydhs]|m", letters) and not re.search("e[+-]", letters):
        day, hour = re.search("[yd]|mmm", letters), re.search("[hs]", letters)
        return _Format(kind="both" if day and hour else "time" if hour else "date")
    if re.search("[eE][+-]", code) or "/" in plain:
        return _Format(kind="scientific" if "/" not in plain else "general")
    return _Format(before.lstrip(), after.rstrip(), digits, percent="%" in plain)


def _digits(value: float, form: _Format) -> str:
    left, _, right = form.digits.partition(".")
    value *= 100 if form.percent else 1
    scaled = len(form.digits) - len(form.digits.rstrip(","))
    value /= 1000**scaled
    least = right.count("0")
    words = f"{value:{',' if ',' in left.rstrip(',') else ''}.{min(len(right.rstrip(',')), MOST_DECIMALS)}f}"
    if "." in words:
        whole, _, fraction = words.partition(".")
        fraction = fraction[:least] + fraction[least:].rstrip("0")
        words = f"{whole}.{fraction}" if fraction else whole
    zeros = left.count("0")
    sign, number = ("-", words[1:]) if words.startswith("-") else ("", words)
    return sign + (number.zfill(zeros + len(number) - len(number.partition(".")[0])) if "," not in left else number)


def _moment(value: float, kind: str, *, from_1904: bool) -> str:
    """Return a number of days as a date, a time or both; spans of time in hours."""
    seconds = round((value % 1) * 86_400)
    if kind == "span" or (kind == "time" and value < 1):
        total = round(value * 86_400)
        sign, total = ("-" if total < 0 else ""), abs(total)
        hours, minutes, rest = total // 3_600, total // 60 % 60, total % 60
        return f"{sign}{hours:02}:{minutes:02}" + (f":{rest:02}" if rest else "")
    if not 0 <= value < _LAST:
        raise OverflowError("no date")
    # The calendar of spreadsheets has a 29 February 1900.
    first = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 31 if value < 60 else 30)
    moment = first + timedelta(days=int(value), seconds=seconds)
    if kind == "date" or (kind == "both" and not seconds):
        return moment.date().isoformat()
    return moment.isoformat(" ", "seconds" if moment.second else "minutes")
