"""Names in a pool: who bears them, and which passages of it a passage names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from ...core.types import Passage
from ...retrieval.hop.mentions import Mention, mentions
from ...retrieval.retriever import Bearers, Retriever
from ...store.names import names_of
from .pool import Pool


class Names:
    """The link index of a pool, built in memory as a collection builds its own."""

    def __init__(self, pool: Pool) -> None:
        self._bearers: Bearers = {}
        self._heads: dict[str, str] = {}
        for passage in pool.passages:
            if passage.place == 0:
                self._heads[passage.document] = passage.id
            for name, kind in own_names(passage):
                self._bearers.setdefault(name, []).append((passage.document, kind))

    def bearers(self, names: Sequence[str], most: int, *, where: str = "") -> Bearers:
        """Return the documents that bear each name, leaving out names that more than `most` bear."""
        return {name: found for name in names if 0 < len(found := self._bearers.get(name, [])) <= most}

    def mentions(self, passage: Passage) -> list[Mention]:
        """Return the names in a passage that are not its own, left to right."""
        # Mentions are looked up by `bearers` alone, which is all of a retriever that this is.
        (found,) = mentions([passage.text], cast(Retriever, self))
        own = {name for name, _ in own_names(passage)}
        return [one for one in found if one.key not in own]

    def targets(self, mention: Mention, passage: Passage) -> list[str]:
        """Return the first passages of the documents that bear a name, the passage's own document left out."""
        documents = (document for document, _ in mention.bearers if document != passage.document)
        return [self._heads[document] for document in documents if document in self._heads]


def own_names(passage: Passage) -> list[tuple[str, int]]:
    """Return the names that a passage bears; only the first of a document opens with the document's."""
    return names_of(passage.title, passage.text if passage.place == 0 else "")
