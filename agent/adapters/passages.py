"""What other frameworks are told of a passage beside its text: how it was found, and where a citation of it opens."""

from __future__ import annotations

from typing import Any

from ..results import RankedPassage


def metadata_of(passage: RankedPassage) -> dict[str, Any]:
    """Return the passage's own metadata, and under these names, which come first, what polyhop knows of it.

    `document` is the key of its document, `heading` the trail of headings, `page` counts from 1 (0 without pages),
    `start` and `end` are its characters in the document's text (None where nobody knows); `hop`, `via` and `path`
    (titles) are the way to it, and `score` is comparable within one result only. All values are plain JSON.
    """
    found = {
        "title": passage.title,
        "source": passage.source,
        "document": passage.document,
        "heading": passage.heading,
        "page": passage.page,
        "start": passage.start,
        "end": passage.end,
        "score": passage.score,
        "hop": passage.hop,
        "via": passage.via,
        "path": [step.title for step in passage.path],
    }
    return {**passage.metadata, **found}
