"""Roots of sites: which beginnings of paths and URLs stand for the collection's own folders.

A folder that was copied from a site does not hold the site's address: `/handbook/people/` is `people/_index.md` there.
What the user says (`--url`) is taken; otherwise links vote when an indexing run ends: a beginning counts where what
stands behind it are addresses of documents, too many of them to be chance.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from .addresses import tail, targets_of
from .record import Record, bump, put

#: distinct paths and distinct URLs that are asked for their vote, and documents that may answer each
ASKED, ANSWERS = 20_000, 20
#: before a beginning counts, so many documents must be reached, such a share of the distinct targets behind it or of
#: all documents, and on another host so many by two parts of their path or more
LEAST, SHARE, REACHED, DEEP = 3, 0.5, 0.3, 2
MOST = 16


class Site(NamedTuple):
    """Targets that begin with `prefix` mean addresses that begin with `folder` in its place; "" is the whole."""

    prefix: str
    folder: str


def meant_by(target: str, sites: Sequence[Site]) -> list[str]:
    """Return the addresses that a target may stand for, itself first."""
    if not target.startswith("/"):
        return [target]
    found = [_exchanged(target, site.prefix, site.folder) for site in sites]
    return list(dict.fromkeys([target, *(one for one in found if one is not None)]))


def written_as(address: str, sites: Sequence[Site]) -> list[str]:
    """Return the targets that mean an address, itself first."""
    if address.startswith((":", "#", "/")):
        return [address]
    found = [_exchanged(address, site.folder, site.prefix) for site in sites]
    rooted = [one if one.startswith("/") else f"/{one}" for one in found if one is not None]
    return list(dict.fromkeys([address, *rooted]))


def _exchanged(path: str, old: str, new: str) -> str | None:
    """Return a path with another beginning, None where it has not the old one."""
    rest = path.strip("/") if not old else path[len(old) :]
    if old and (not path.startswith(old) or (rest and not rest.startswith("/"))):
        return None
    if not old and path.startswith("//"):
        return None
    rest = rest.strip("/")
    return f"{new}/{rest}" if new and rest else new or rest


def given(url: str, folder: str) -> list[Site]:
    """Return what it means that a folder's documents are at a URL: paths from the root of its host count too."""
    found = targets_of(url, "")
    if not found or not found[0].address.startswith("//"):
        return []
    prefix = found[0].address
    path = prefix[2:].partition("/")[2]
    return [Site(prefix, folder), Site(f"/{path}" if path else "", folder)]


def known(record: Record) -> tuple[Site, ...]:
    """Return the sites of a collection, those that the user named first."""
    with record.reading() as connection:
        named = connection.execute("SELECT url, prefix FROM roots WHERE url <> '' ORDER BY id").fetchall()
    told = [site for url, prefix in named for site in given(url, prefix.rstrip("/").casefold())]
    voted = [Site(*pair) for pair in json.loads(record.get("sites", "[]"))]
    return tuple(dict.fromkeys([*told, *voted]))


def elect(record: Record) -> None:
    """Let the links vote, and keep the outcome."""
    with record.reading() as connection:
        found = json.dumps(elected(connection))
    if found != record.get("sites", "[]"):
        with record.writing() as connection:
            put(connection, sites=found)
            bump(connection, "generation")


def elected(connection: sqlite3.Connection) -> list[Site]:
    """Return the sites that the links of a collection speak for, those with most votes first."""
    targets = [
        row[0]
        for low, high in (("/0", "0"), ("//", "/0"))  # paths, then URLs: "0" is the character behind "/"
        for row in connection.execute(
            "SELECT DISTINCT target FROM links WHERE target >= ? AND target < ? LIMIT ?", (low, high, ASKED)
        )
    ]
    pairs = connection.execute(
        "SELECT j.value ->> 0, a.address FROM json_each(?) j CROSS JOIN addresses a ON a.tail = j.value ->> 1"
        " WHERE a.tail <> '' AND a.doc IN (SELECT doc FROM addresses WHERE tail = j.value ->> 1 AND tail <> ''"
        f" LIMIT {ANSWERS})",
        (json.dumps([(target, tail(target)) for target in targets]),),
    )
    votes: dict[Site, set[str]] = defaultdict(set)
    for target, address in pairs:
        if not address.startswith("/"):
            votes[_difference(target, address)].add(address)
    asked = _below(targets, {site.prefix for site in votes})
    total = connection.execute("SELECT count(*) FROM documents WHERE live IS NOT NULL").fetchone()[0]
    counted = [
        (len(found), site)
        for site, found in votes.items()
        if _counts(site, found, asked[site.prefix], min(total, ASKED))
    ]
    return [site for _, site in sorted(counted, key=lambda pair: (-pair[0], pair[1]))][:MOST]


def _counts(site: Site, found: set[str], asked: int, documents: int) -> bool:
    """Say whether so many documents are behind a prefix that it can't be chance.

    They are most of what is linked to behind it, or, of a site of which only a part is here, a good part of what is
    here. Another host may well have a page called `people`, but hardly several of the same longer paths.
    """
    if site == Site("", ""):
        return len(found) >= SHARE * asked  # the folder is the root of its own site
    deep = sum("/" in address[len(site.folder) :].strip("/") for address in found)
    if len(found) < LEAST or (site.prefix.startswith("//") and deep < DEEP):
        return False
    return len(found) >= SHARE * asked or len(found) >= REACHED * documents


def _below(targets: Sequence[str], prefixes: set[str]) -> Counter[str]:
    """Count the targets behind each prefix."""
    counted: Counter[str] = Counter()
    for target in targets:
        place = len(target)
        while (place := target.rfind("/", 0, place)) >= 0:
            if target[:place] in prefixes and (place or not target.startswith("//")):
                counted[target[:place]] += 1
    return counted


def _difference(target: str, address: str) -> Site:
    """Return what stands before the common end of a target and an address."""
    ours, theirs = address.split("/"), target.split("/")
    while ours and theirs and ours[-1] == theirs[-1]:
        ours.pop()
        theirs.pop()
    return Site("/".join(theirs), "/".join(ours))
