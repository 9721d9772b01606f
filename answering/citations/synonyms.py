"""Words that say the same, for comparing a sentence with a passage: lands and their people, and common exchanges."""

from __future__ import annotations

import re

_LANDS = {
    "american": "United States of America|United States|USA|U.S.A.|U.S.|US|Americans",
    "british": "United Kingdom|Great Britain|Britain|UK|U.K.",
    "english": "England",
    "french": "France",
    "german": "Germany",
    "spanish": "Spain",
    "italian": "Italy",
    "dutch": "the Netherlands|Netherlands|Holland",
    "danish": "Denmark",
    "polish": "Poland",
    "turkish": "Turkey",
    "swiss": "Switzerland",
    "welsh": "Wales",
    "irish": "Ireland",
    "finnish": "Finland",
    "swedish": "Sweden",
    "norwegian": "Norway",
    "greek": "Greece",
    "chinese": "China",
    "japanese": "Japan",
    "indian": "India",
    "russian": "Russia",
    "canadian": "Canada",
    "australian": "Australia",
    "mexican": "Mexico",
    "brazilian": "Brazil",
    "belgian": "Belgium",
    "austrian": "Austria",
    "hungarian": "Hungary",
    "iranian": "Iran",
    "scottish": "Scotland",
    "portuguese": "Portugal",
    "czech": "Czech Republic|Czechia",
    "korean": "Korea",
}
PEOPLE = frozenset(_LANDS)
_PEOPLE = {land: f"{people.capitalize()}land" for people, names in _LANDS.items() for land in names.split("|")}
_LAND = re.compile(
    rf"(?<![\w.])(?:{'|'.join(re.escape(land) for land in sorted(_PEOPLE, key=len, reverse=True))})(?!\w)"
)

_ENDINGS = ("ations", "ation", "ings", "ing", "ions", "ion", "ors", "ers", "or", "er", "ed", "es", "s", "e")

_GROUPS = """
film movie films movies
wrote written write writer author authored writes writing authors
died death dies passed dead
born birth birthplace birthday
founded founder established establish establishes founders
started began begin begins starts start begun
located situated lies lie sits location
many numerous several
picture pictures
song single
married spouse wife husband marriage marries marry
mother maternal
father paternal
named called known nicknamed
headquarters headquartered based
about approximately around roughly
show series program programme
starred starring stars star
played portrayed plays portrays
won winner wins win winning
leader led leads headed
composed composer composers composes
nation country
city town
released release releases
kids children child
job occupation profession
author novelist
buried burial
metre metres meter meters m
kilometre kilometres kilometer kilometers km
kilogram kilograms kg
high height tall
long length
performed performer performs
"""
CANONICAL = {word: line.split()[0][:8] for line in _GROUPS.strip().splitlines() for word in line.split()}
CANONICAL |= {f"{people}land": people for people in _LANDS}


def stem(word: str) -> str:
    """Return a crude stem: without an ending of verbs, doers and plurals, and five letters of it at most."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) > 3:
            word = word[: -len(ending)]
            break
    return word[:-1] + "y" if len(word) < 6 and word.endswith("i") else word[:5]


def lands(text: str) -> str:
    """Return a text with the names of lands replaced by those of their people."""
    return _LAND.sub(lambda found: _PEOPLE[found.group()], text)
