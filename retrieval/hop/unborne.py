"""The unborne-name hop: a retrieved passage holds a name that no document is called; go to those that hold it too.

`LinkHop` goes where a name is borne. Three kinds of names lead on that nobody bears:

- a short name: "the Aldra", where the document is called MV Aldra. It leads to the documents with it in their titles.
- a name or product number of several words: "Amoco Cadiz", "Calva 2". It leads to the few passages that mention it.
- an identifier: "vm-hal-09". So does that.

What is on the other side has the score

    weight * rarity / sqrt(n) * (S(bridge) - cos(bridge, target)), a trifle at least

as in `LinkHop`, with n the number of passages the name leads to. One hop with its second look needs this less than a
chain does, and its ranking was trained without: `Config.of` adds it where a run may hop more than once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ...core.words import STOP, capital_spans, name_key
from ...store.names import Kind as Name
from ..candidate import Candidate, Kind, Query
from ..run import LoadedPassage, Run
from .mentions import COMMON
from .role import best_of, query_from, reached
from .shared import with_parts

MOST_WORDS = 6
PER_BRIDGE = 24
#: the score of a way is never nothing: a hop that finds what the search ranks low is still a way there
LEAST = 1e-6
#: letters and digits in one word, or joined by hyphens: VM-1042, vm-hal-09, E90
_IDENTIFIER = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[^\W\d_])[^\W_]+(?:-[^\W_]+)*(?![\w-])")

_POSSESSIVE = re.compile(r"['’]s\b")


@dataclass(frozen=True, slots=True)
class UnborneNameHop:
    """Goes from a passage to others that a short name in it means, or that mention the same rare name.

    Args:
        titled: weight of a way to a document whose title holds a short name; one to a title itself has 1.
        mentioned: weight of a way to a passage that mentions the same name.
        common: a name that leads to more passages is not followed.
    """

    titled: float = 0.6
    mentioned: float = 0.3
    common: int = 4
    name: str = "unborne"
    kind: Kind = "link"
    checkpoint: str = ""

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return a query for each name in each bridge that no document bears and that leads to something else."""
        run.load(bridge["id"] for bridge in bridges)
        known = [(bridge, there) for bridge in bridges if (there := run.known(bridge["id"])) is not None]
        names = [names_in(there) for _, there in known]
        found = self._led([name for one in names for name in one], run)
        run.prepare(found)
        return [
            query_from(self, bridge, name, weight * run.rarity(name) / math.sqrt(len(ids)))
            for (bridge, there), one in zip(known, names, strict=True)
            for name in one
            for weight, ids in [found.get(name, (0.0, ()))]
            if set(ids) - {there.passage.id}
        ]

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return the passages that the names lead to, each with the best name from a bridge."""
        found = self._led([query["text"] for query in queries], run)
        return best_of(
            one for query in queries for one in self._found(query, found.get(query["text"], (0.0, ()))[1], run)
        )

    def _led(self, names: Iterable[str], run: Run) -> Mapping[str, tuple[float, Sequence[str]]]:
        """Return for each name that leads to few passages what such a way weighs, and the passages."""
        keys = sorted(set(names))
        borne = run.retriever.bearers(keys, COMMON, where=run.where)
        free = [key for key in keys if key not in borne]
        short, long = [key for key in free if single(key)], [key for key in free if not single(key)]
        found: dict[str, tuple[float, Sequence[str]]] = {}
        for key, bearers in short_bearers(short, run).items():
            if len(bearers) <= self.common:
                found[key] = self.titled, [known.passage.id for known, _ in run.nearest(bearers, self.common)]
        for key, held in run.retriever.mentioning(long, self.common, where=run.where).items():
            if held:
                found[key] = self.mentioned, held
        run.load(name for _, ids in found.values() for name in ids)
        return found

    def _found(self, query: Query, ids: Sequence[str], run: Run) -> Iterator[Candidate]:
        bridge, strength = run.known(query["path"][-1]), query.get("strength", 0.0)
        for target in map(run.known, ids):
            if bridge is None or target is None or target.passage.id in query["path"]:
                continue
            if target.passage.document != bridge.passage.document:
                score = max(LEAST, strength * (query["score"] - float(bridge.vector @ target.vector)))
                yield reached(self, query, target.passage.id, query["text"], score=score, parts={"strength": strength})


def single(key: str) -> bool:
    """Say whether a name is one word without a digit: many passages mention it, and only titles tell whose it is."""
    return " " not in key and not any(letter.isdigit() for letter in key)


def short_bearers(keys: Iterable[str], run: Run) -> dict[str, list[tuple[str, int]]]:
    """Return (document key, kind) of the documents with each word in their titles beside others; `run` has met them."""
    held = run.retriever.mentioning(sorted(set(keys)), COMMON, where=run.where)
    run.load(name for ids in held.values() for name in ids)
    found: dict[str, list[tuple[str, int]]] = {}
    for key, ids in held.items():
        there = [known.passage for name in ids if (known := run.known(name)) is not None]
        titled = dict.fromkeys(one.document for one in there if key in _title_words(one.title))
        if titled:
            found[key] = [(document, int(Name.SHORT)) for document in titled]
    run.meet(document for bearers in found.values() for document, _ in bearers)
    return found


def names_in(known: LoadedPassage) -> list[str]:
    """Return the keys of the names in a passage that are not its own, the first `PER_BRIDGE`."""
    own, title = known.names(), _title_words(known.passage.title)
    return [key for key in names_of_text(known.passage.text) if key not in own and key not in title][:PER_BRIDGE]


def name_of(words: str) -> str:
    """Return the key of a name as a text has it; "the Aldra's engine" is that of the Aldra."""
    return name_key(_POSSESSIVE.sub("", words))


@lru_cache(maxsize=4_096)
def names_of_text(text: str) -> tuple[str, ...]:
    """Return the keys of capitalised names and of identifiers in a text, in order, each once."""
    names = dict.fromkeys(part for span in capital_spans(text) for part in with_parts(name_of(span)))
    whole = f" {' / '.join(names)} "
    names |= dict.fromkeys(key for key in map(name_key, _IDENTIFIER.findall(text)) if f" {key} " not in whole)
    return tuple(key for key in names if _telling(key.split()))


def _telling(words: list[str]) -> bool:
    return 0 < len(words) <= MOST_WORDS and any(
        word not in STOP and not word.isdigit() and len(word) > 1 for word in words
    )


@lru_cache(maxsize=4_096)
def _title_words(title: str) -> frozenset[str]:
    return frozenset(name_key(title).split())
