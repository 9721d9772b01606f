"""Examples without questions: a passage names another one, and a query is written from the sentence around the name.

The question that a person would ask holds what stands around the name, not the name: "the director of Jaws", for a
passage that says who directed Jaws. So the name is masked, and what is left, with some words of the passage that the
name leads to, is the query whose second hop is to be learned.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...graphs.support import sentences
from ...retrieval.hop.mentions import Mention
from ...retrieval.types import Passage
from ...retrieval.words import WORD, content_words, name_key
from .examples import Example
from .names import Names, own_names
from .pool import Pool

BEARERS = 3  # a name with more says too little of where it leads
SIBLINGS = 8  # other names of the passage, as negatives
AROUND = 6  # words before a name that say what it is to the passage
ASKED = 3  # words of the target that a query asks about


@dataclass(frozen=True, slots=True)
class Seen:
    """A name where it stands: its passage, the sentence, the words before and after it, and where it leads."""

    passage: Passage
    before: str
    after: str
    target: Passage


Template = Callable[[Seen, np.random.Generator], str]


def cloze(seen: Seen, chance: np.random.Generator) -> str:
    """Return the sentence with a question word in the place of the name."""
    return f"{seen.before} {chance.choice(['who', 'what', 'which'])} {seen.after}"


def joined(seen: Seen, chance: np.random.Generator) -> str:
    """Return the sentence with what the target says of itself in the place of the name."""
    return f"{seen.before} someone or something that {_predicate(seen.target)} {seen.after}"


def asked(seen: Seen, chance: np.random.Generator) -> str:
    """Return a question for some words of the target, by what the name is to the passage's title."""
    words = " ".join(seen.before.split()[-AROUND:])
    subject = seen.passage.title or " ".join(seen.passage.text.split()[:AROUND])
    return f"What {' '.join(_some_words(seen, chance))} of the {words} {subject}?"


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
    names, kinds = Names(pool), sorted(templates)
    count = 0
    for row in chance.permutation(len(pool.passages)):
        passage = pool.passages[row]
        found = [(one, names.targets(one, passage)) for one in names.mentions(passage)]
        clear = [(one, targets) for one, targets in found if 0 < len(targets) <= BEARERS]
        siblings = list(dict.fromkeys(name for _, targets in found for name in targets))
        for place in chance.permutation(len(clear))[:per_passage]:
            mention, targets = clear[place]
            seen = _seen(passage, mention, pool.passages[pool.rows[targets[0]]])
            if seen is None:
                continue
            kind = str(chance.choice(kinds))
            others = tuple(name for name in siblings if name not in targets)[:SIBLINGS]
            question = " ".join(templates[kind](seen, chance).split())
            yield Example(question, (passage.id,), tuple(targets), others, f"names:{kind}")
            count += 1
            if count == most:
                return


def _seen(passage: Passage, mention: Mention, target: Passage) -> Seen | None:
    """Return a name with what stands around it, or None for an inexact one, which stands nowhere as it is."""
    for sentence in sentences(passage.text):
        if (span := span_of(mention.key, sentence)) is not None:
            return Seen(passage, sentence[: span[0]].strip(), sentence[span[1] :].strip(), target)
    return None


def span_of(key: str, text: str) -> tuple[int, int] | None:
    """Return where a name stands in a text, by its first place."""
    words = list(WORD.finditer(text))
    folded = [name_key(match.group()) for match in words]
    for first in range(len(words)):
        joined_up = ""
        for last in range(first, len(words)):
            joined_up = f"{joined_up} {folded[last]}".strip()
            if joined_up == key:
                return words[first].start(), words[last].end()
            if not key.startswith(joined_up + " "):
                break
    return None


_SUBJECT = re.compile(r"^.{2,200}?\b(?=(?:is|was|are|were|has|had)\b)", re.DOTALL)


def _predicate(passage: Passage) -> str:
    """Return the first sentence of a passage from its verb on, without its subject, which would give it away."""
    first = next(iter(sentences(passage.text)), passage.text)
    return _SUBJECT.sub("", first, count=1).rstrip(".")


def _some_words(seen: Seen, chance: np.random.Generator) -> Sequence[str]:
    """Return a few words of the target in their order, none of a name of its own or of the passage."""
    given = {word for one in (seen.passage, seen.target) for name, _ in own_names(one) for word in name.split()}
    words = [word for word in content_words(seen.target.text)[:60] if word not in given and len(word) > 2]
    places = sorted(chance.permutation(len(words))[:ASKED])
    return [words[place] for place in places]
