"""Nouns that say what a thing is: a person, a place, a work, a group or a time."""

from __future__ import annotations

import re

PERSON, PLACE, WORK, GROUP, TIME = "person", "place", "work", "group", "time"
SHE, HE = "she", "he"

_PEOPLE = (
    "person man woman girl boy friend student pupil chef actor actress director author writer novelist poet composer "
    "singer performer musician rapper songwriter guitarist drummer pianist producer screenwriter filmmaker "
    "cinematographer editor painter artist sculptor architect photographer dancer choreographer comedian model "
    "journalist broadcaster presenter host politician president minister chancellor senator governor mayor king queen "
    "prince princess duke duchess emperor empress archduke archduchess pharaoh sultan pope bishop archbishop saint "
    "priest general admiral officer soldier footballer player cricketer coach manager wrestler boxer athlete swimmer "
    "sprinter cyclist racer skater golfer scientist physicist chemist mathematician biologist astronomer philosopher "
    "historian economist psychologist sociologist engineer inventor explorer lawyer judge doctor physician nurse "
    "surgeon teacher professor businessman businesswoman entrepreneur founder owner chairman ceo creator designer "
    "inventor discoverer leader spouse husband wife mother father parent son daughter child brother sister sibling "
    "grandfather grandmother grandson granddaughter uncle aunt nephew niece cousin stepmother stepfather mother-in- "
    "law father-in-law widow widower lover partner successor predecessor star character villain hero heroine "
    "protagonist winner"
)
_PLACES = (
    "place city town village capital country state county province region district municipality commune borough "
    "neighbourhood neighborhood suburb parish canton island archipelago continent river lake sea ocean bay creek "
    "stream mountain hill valley desert peninsula airport station stadium arena theatre theater museum castle palace "
    "cathedral church temple bridge tower building park street road highway birthplace hometown university college "
    "school hospital planet kingdom empire republic"
)
_WORKS = (
    "film movie documentary series show episode sequel prequel sitcom musical opera play song single album track "
    "record symphony ballet book novel novella poem story comic manga anime magazine newspaper journal painting "
    "sculpture game videogame work"
)
_GROUPS = (
    "band group duo trio orchestra choir company corporation firm label studio publisher airline bank club team side "
    "party organisation organization association union league agency army family dynasty tribe couple brand network"
)
_TIMES = "year date day month century decade time era season birthday"
_SHE = (
    "woman actress queen princess duchess empress archduchess wife mother daughter sister grandmother granddaughter "
    "aunt niece stepmother mother-in-law widow heroine businesswoman"
)
_HE = (
    "man king prince duke emperor archduke husband father son brother grandfather grandson uncle nephew stepfather "
    "father-in-law widower hero businessman pope"
)
#: What is asked of each kind as `the director`, with nothing said of whose.
_OF_WORK = (
    "director author writer composer singer performer producer screenwriter cinematographer editor cast plot premiere "
    "sequel prequel soundtrack publisher star villain protagonist ending budget genre"
)
_OF_PLACE = "capital population mayor governor president king queen area climate currency"
_OF_GROUP = "founder owner ceo chairman headquarters leader members manager coach"
_OF_PERSON = "wife husband mother father parents children son daughter brother sister birthplace nationality"

KINDS = {
    noun: kind
    for kind, nouns in ((PERSON, _PEOPLE), (PLACE, _PLACES), (WORK, _WORKS), (GROUP, _GROUPS), (TIME, _TIMES))
    for noun in nouns.split()
}
GENDERS = {noun: gender for gender, nouns in ((SHE, _SHE), (HE, _HE)) for noun in nouns.split()}
#: what a noun is asked of, by the noun
OWNERS = {
    noun: kind
    for kind, nouns in ((PERSON, _OF_PERSON), (GROUP, _OF_GROUP), (PLACE, _OF_PLACE), (WORK, _OF_WORK))
    for noun in nouns.split()
}

_PLURAL = re.compile(r"(?:s|es)\Z")


def singular(noun: str) -> str:
    """Return a noun as the tables have it."""
    low = noun.lower()
    if low in KINDS or low in OWNERS:
        return low
    if low.endswith("ies"):
        return f"{low[:-3]}y"
    bare = _PLURAL.sub("", low)
    return bare if bare in KINDS else low.removesuffix("s")


def kind_of(noun: str) -> str:
    """Return what a noun says its bearer is, or nothing."""
    return KINDS.get(singular(noun), "")


def gender_of(noun: str) -> str:
    """Return `she` or `he` for a noun that says so, or nothing."""
    return GENDERS.get(singular(noun), "")
