"""What words of a question look like in a text that answers it: "mother" as "daughter of", "director" as "directed"."""

from __future__ import annotations

from collections.abc import Iterable

from ...core.words import word_key

_TABLE = """
mother: daughter son child born parents mother
father: daughter son child born parents father
parent: daughter son child born mother father
child: son daughter mother father children
son: mother father children
daughter: mother father children
wife: married husband spouse marriage
husband: married wife spouse marriage
spouse: married wife husband marriage
marry: wife husband spouse marriage
grandfather: grandson granddaughter son daughter father
grandmother: grandson granddaughter son daughter mother
sibling: brother sister
composer: music composed score soundtrack
performer: song single sung performed recorded album artist singer
singer: song single sung vocals recorded
author: wrote written writer novel
writer: wrote written author
write: author written by
founder: founded established formed created
establish: founded formed created opened
form: founded established created began
create: created founded devised made
nationality: american british english french german italian
country: american british english french german italian
occupation: actor politician writer
death: died dead killed
die: died death killed
birth: born
born: birth
release: released film album single
star: starring stars cast played
play: starring stars played role portrayed
located: situated lies located
own: owned owner parent subsidiary
"""
_EVOKED: dict[str, frozenset[str]] = {}
for _line in _TABLE.strip().splitlines():
    _asked, _, _told = _line.partition(": ")
    _EVOKED[word_key(_asked)] = frozenset(map(word_key, _told.split()))


def evoked(key: str) -> frozenset[str]:
    """Return the word keys under which a word of a question, by its own key, may stand in an answering text."""
    return _EVOKED.get(key, frozenset()) | {key}


def evokes(keys: Iterable[str], text: frozenset[str]) -> set[str]:
    """Return those of a question's keys that a text holds, or what they look like there."""
    return {key for key in keys if not text.isdisjoint(evoked(key))}
