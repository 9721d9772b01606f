"""Examples without questions: a passage names another one, and a query is written from the sentence around the name.

The question that a person would ask holds what stands around the name, not the name: "the director of Jaws", for a
passage that says who directed Jaws. So the name is masked, and what is left, with some words of the passage that the
name leads to, is the query whose second hop is to be learned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice

import numpy as np

from ...core.types import Passage
from ...core.words import content_words
from .examples import Example
from .names import Names, own_names
from .pool import Pool
from .seen import Seen, bare_title, predicate, seen_in

BEARERS = 3  # a name with more says too little of where it leads
SIBLINGS = 8  # other names of the passage, as negatives
AROUND = 6  # words before a name that say what it is to the passage
ASKED = 3  # words of the target that a query asks about


Template = Callable[[Seen, np.random.Generator], str]


def cloze(seen: Seen, chance: np.random.Generator) -> str:
    """Return the sentence with a question word in the place of the name."""
    return f"{seen.before} {chance.choice(['who', 'what', 'which'])} {seen.after}"


def joined(seen: Seen, chance: np.random.Generator) -> str:
    """Return the sentence with what the target says of itself in the place of the name."""
    return f"{seen.before} someone or something that {predicate(seen.target)} {seen.after}"


def asked(seen: Seen, chance: np.random.Generator) -> str:
    """Return a question for some words of the target, by what the name is to the passage's title."""
    words = " ".join(seen.before.split()[-AROUND:])
    return f"What {' '.join(_some_words(seen, chance))} of the {words} {bare_title(seen.passage)}?"


TEMPLATES: Mapping[str, Template] = {"cloze": cloze, "joined": joined, "asked": asked}


def hops(
    pool: Pool,
    *,
    seed: int,
    most: int,
    per_passage: int = 2,
    templates: Mapping[str, Template] = TEMPLATES,
) -> Iterator[Example]:
    """Yield at most `most` examples, `per_passage` from a passage, templates drawn with equal chance."""
    chance = np.random.default_rng(seed)
    names = Names(pool)
    rows = chance.permutation(len(pool.passages))
    made = (_of_passage(pool.passages[row], pool, names, templates, chance=chance) for row in rows)
    yield from islice(chain.from_iterable(islice(one, per_passage) for one in made), most)


def _of_passage(
    passage: Passage, pool: Pool, names: Names, templates: Mapping[str, Template], *, chance: np.random.Generator
) -> Iterator[Example]:
    """Yield an example for each name of a passage for which a question can be written, in random order."""
    found = [(one, names.targets(one, passage)) for one in names.mentions(passage)]
    clear = [(one, targets) for one, targets in found if 0 < len(targets) <= BEARERS]
    siblings = list(dict.fromkeys(name for _, targets in found for name in targets))
    kinds = sorted(templates)
    for place in chance.permutation(len(clear)):
        mention, targets = clear[place]
        seen = seen_in(passage, mention.key, pool.passages[pool.rows[targets[0]]])
        kind = str(chance.choice(kinds))
        question = " ".join(templates[kind](seen, chance).split()) if seen else ""
        if question:
            others = tuple(name for name in siblings if name not in targets)[:SIBLINGS]
            yield Example(question, (passage.id,), tuple(targets), others, f"names:{kind}")


def _some_words(seen: Seen, chance: np.random.Generator) -> Sequence[str]:
    """Return a few words of the target in their order, none of a name of its own or of the passage."""
    given = {word for one in (seen.passage, seen.target) for name, _ in own_names(one) for word in name.split()}
    words = [word for word in content_words(seen.target.text)[:60] if word not in given and len(word) > 2]
    places = sorted(chance.permutation(len(words))[:ASKED])
    return [words[place] for place in places]
