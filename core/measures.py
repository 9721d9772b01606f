"""Measures in running text and in cells: weights, lengths, times, money and the like, in one unit of each kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from .dates import DATE, MONTHS, NUMERALS

DAY, MONTH, YEAR = 86_400.0, 30.44 * 86_400, 365.25 * 86_400
#: of each kind its units, with what one of them is in the first; names of units in small letters, symbols as written
_UNITS: Mapping[str, Mapping[str, float]] = {
    "mass": {
        "g gram grams gramme grammes": 1,
        "mg milligram milligrams": 1e-3,
        "kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes": 1e3,
        "t ton tons tonne tonnes": 1e6,
        "oz ounce ounces": 28.3495,
        "lb lbs": 453.592,
    },
    "length": {
        "m metre metres meter meters": 1,
        "mm millimetre millimetres millimeter millimeters": 1e-3,
        "cm centimetre centimetres centimeter centimeters": 1e-2,
        "km kilometre kilometres kilometer kilometers": 1e3,
        "inch inches": 0.0254,
        "ft foot feet": 0.3048,
        "yd yard yards": 0.9144,
        "mi mile miles": 1609.344,
    },
    "time": {
        "s sec secs second seconds": 1,
        "ms millisecond milliseconds": 1e-3,
        "min mins minute minutes": 60,
        "h hr hrs hour hours": 3600,
        "d day days": DAY,
        "week weeks": 7 * DAY,
        "month months": MONTH,
        "year years": YEAR,
    },
    "data": {"B byte bytes": 1, "kB KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15},
    "volume": {"l L litre litres liter liters": 1, "ml mL millilitre millilitres": 1e-3, "m³": 1e3},
    "area": {"m²": 1, "ha hectare hectares": 1e4, "km²": 1e6, "acre acres": 4046.86},
    "speed": {"km/h kph": 1, "m/s": 3.6, "mph": 1.609344, "knot knots": 1.852},
    "power": {"W watt watts": 1, "kW kilowatt kilowatts": 1e3, "MW megawatt megawatts": 1e6},
    "energy": {"Wh": 1, "kWh": 1e3, "MWh": 1e6},
    "voltage": {"V volt volts": 1, "kV": 1e3},
    "pressure": {"bar bars": 1, "mbar": 1e-3, "psi": 0.0689476},
    "degrees Celsius": {"°C": 1},
    "degrees Fahrenheit": {"°F": 1},
    "percent": {"% percent": 1},
    "EUR": {"€ EUR euro euros": 1},
    "USD": {"$ USD dollar dollars": 1},
    "GBP": {"£ GBP": 1},
    "CHF": {"CHF franc francs": 1},
}
_UNIT = {name: (kind, of) for kind, units in _UNITS.items() for names, of in units.items() for name in names.split()}
#: Money of each currency is a kind of its own, since nobody knows the rate.
MONEY = frozenset({"EUR", "USD", "GBP", "CHF"})
NUMBER, DATED = "number", "date"
#: Lengths of months and years vary by this share.
_VARIES = {MONTH: 0.04, YEAR: 0.01}
_TIMES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_NAMES = "|".join(re.escape(name) for name in sorted(_UNIT, key=len, reverse=True))
_MEASURE = re.compile(
    # neither a part of a longer number, of a name as in A4, nor the end of a range
    r"(?<![\w.,–-])(?<!\d [–-] )(?<!\d to )(?<!\d and )(?:(?P<sign>[€$£]) ?)?"
    rf"(?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|(?:{'|'.join(NUMERALS)})\b)"
    r"(?!\d|[.,]\d| (?:to|and) \d)"
    rf"(?: (?P<times>{'|'.join(_TIMES)})\b)?"
    rf"(?:[ \u00a0\u202f-]?(?P<unit>{_NAMES}|(?i:{'|'.join(name for name in _UNIT if len(name) > 3)}))(?![\w/²³]))?"
    r"(?!\w|\s?[–-]\s?\d)",
)
_THREE, _DECADE = re.compile(r"\.\d{3}$"), re.compile(r"\d+0s")
_DIGITS = re.compile(r"\d+")
_NAMED = re.compile(r"[\[(]\s*([^\])]+?)\s*[\])]|\bin (\S+)$")


class Measure(NamedTuple):
    """What a text says, from `low` to `high`, in the first unit of its kind; `start` and `end` are its characters.

    A date is the time from its first to its last day, in days; `NUMBER` is the kind of a number without a unit.
    """

    kind: str
    low: float
    high: float
    start: int
    end: int


def measures(text: str, unit: str = "") -> Iterator[Measure]:
    """Yield the measures, dates and other numbers of a text; `unit` is that of numbers that have none.

    A text that is nothing but four digits is a number and may be a year. Ranges as in 3-5 kg and numbers that countries
    read differently, as in 1,5 or 1.250 euros, are left out.
    """
    dated = [(found.start(), found.end(), _date(found.group())) for found in DATE.finditer(text)]
    for start, end, days in dated:
        # A number of four digits may be a year or a number.
        if days and not (text[start:end].isdigit() and (unit or _with_unit(text, start))):
            yield Measure(DATED, *days, start, end)
    for found in _MEASURE.finditer(text):
        named = found["sign"] or found["unit"] or unit
        inside = any(start < found.end() and found.start() < end for start, end, _ in dated)
        if named or not inside or text.strip() == found.group():
            kind, of = _UNIT.get(named) or _UNIT.get(named.lower(), (NUMBER, 1.0))
            if (kind in MONEY and _THREE.search(found["number"])) or _DECADE.fullmatch(found.group()):
                continue
            value = _value(found["number"]) * _TIMES.get(found["times"] or "", 1) * of
            spread = value * _VARIES.get(of, 0.0)
            yield Measure(kind, value - spread, value + spread, found.start(), found.end())


def unit_of(label: str) -> str:
    """Return the unit that the name of a column gives, as in `Range (m)` or `Price in EUR`; empty without one."""
    found = _NAMED.search(label)
    named = (found[1] or found[2]) if found else ""
    return named if named in _UNIT else named.lower() if named.lower() in _UNIT else ""


def _with_unit(text: str, start: int) -> bool:
    found = _MEASURE.match(text, start)
    return bool(found and found["unit"]) or text[max(0, start - 2) : start].strip() in ("€", "$", "£")


def _value(number: str) -> float:
    return float(NUMERALS.get(number.lower(), 0)) if number[0].isalpha() else float(number.replace(",", ""))


def _date(text: str) -> tuple[float, float] | None:
    """Return the first and the last day of a date; None without a year, for a decade, or where there is no such day."""
    numbers = [int(one) for one in _DIGITS.findall(text)]
    years = [number for number in numbers if number > 31]
    if not years or text[-1:] in "sS":
        return None
    month = next((place for place, name in enumerate(MONTHS, start=1) if name in text.lower()), 0)
    others = [number for number in numbers if number != years[0]]
    if not month and others:
        month = others.pop(0)
    try:
        first = date(years[0], month or 1, others[0] if others else 1).toordinal()
    except ValueError:
        return None
    return float(first), first + (0.0 if others else 30.0 if month else 364.0)
