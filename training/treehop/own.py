"""What a user's own collection gives to learn from: passages that name each other, and perhaps questions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...core.errors import CallerError
from ...encoders.role import Encoder
from ...store.collection import Collection
from ..watch import Watcher
from .examples import Example
from .hops import hops as hops_of
from .pool import Pool, of_collection
from .questions import examples, read

MOST_PASSAGES = 200_000  # 300 MB of vectors


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that training needs of a collection, which may be closed, and written to, while it goes on."""

    examples: list[Example]
    pool: Pool
    embedder: Encoder


def gather(
    collection: Collection, *, questions: Path | None = None, hops: int = 20_000, seed: int = 0, watcher: Watcher
) -> Gathered:
    """Return examples from a collection: up to `hops` from its passages, and those of a file of questions.

    Raises:
        CallerError: if there are none, or the file cannot be read.
    """
    asked = read(questions) if questions else []
    pool = of_collection(collection, most=MOST_PASSAGES, seed=seed)
    if len(pool.passages) == MOST_PASSAGES:
        watcher.say(f"the collection is large: a sample of {MOST_PASSAGES:,} passages is trained on")
    made = list(examples(asked, pool))
    used = len({example.question for example in made})
    if used < len(asked):
        watcher.say(
            f"{len(asked) - used} of {len(asked)} questions are of no use here: their gold passages are not in the "
            "collection, or do not lead to each other"
        )
    made += list(hops_of(pool, seed=seed, most=hops)) if hops else []
    if not made:
        raise CallerError(
            f"collection {collection.name!r} gives no examples: no passage names another; give --questions FILE"
        )
    return Gathered(made, pool, collection.embedder)
