"""Examples without questions: a passage names another one, and a query is written from the sentence around the name.

The question that a person would ask holds what stands around the name, not the name: "the director of Jaws", for a
passage that says who directed Jaws. So the name is masked, and what is left, with some words of the passage that the
name leads to, is the query whose second hop is to be learned.

Questions that people asked are borrowed for other passages. A question names the passage it starts from. Where another
passage stands to another name as that one does to its own ("directed by", a film, a person), the question can be asked
of it too, with the new title in the place of the old one. So a few hundred questions become tens of thousands, in words
that people use.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import cast

import numpy as np

from ...core.types import Passage
from ...core.words import content_words, sentences
from ...retrieval.hop.mentions import Mention, locate, mentions
from ...retrieval.retriever import Bearers, Retriever
from ...store.names import names_of
from ..pool import Pool
from ..questions import HopQuestion

SURE = 2  # kinds of names up to `SHORT`: an alias is too weak a sign that one passage leads to another
_SUBJECT = re.compile(r"^.{2,200}?\b(?=(?:is|was|are|were|has|had)\b)", re.DOTALL)
_ASIDE = re.compile(r"\s*\([^()]*\)")
START = 6  # words that stand for the title of a passage without one
BEARERS = 3  # a name with more says too little of where it leads
SIBLINGS = 8  # other names of the passage, as negatives
AROUND = 6  # words before a name that say what it is to the passage
ASKED = 3  # words of the target that a query asks about
FEWEST = 3  # points for likeness below which nothing is borrowed
CHOICE = 8  # the most alike, among which chance decides
BESIDE = 2  # points for a word beside the name, against one for a word of what either passage is
LEFT, RIGHT = 4, 2  # words beside the name that count
OPENING = 6  # words that say what a passage is about


@dataclass(frozen=True, slots=True)
class HopExample:
    """One hop. Passages are given by the ids of a pool.

    `path` is what was found on the way, at least one passage; `next` is what the moved query has to find; `negatives`
    are passages that it must not, hard ones at best. `kind` says where the example comes from.
    """

    question: str
    path: tuple[str, ...]
    next: tuple[str, ...]
    negatives: tuple[str, ...] = ()
    kind: str = ""

    @property
    def gold(self) -> frozenset[str]:
        """Return the passages that this example knows to be right."""
        return frozenset((*self.path, *self.next))


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
    blocks = passage.layout.blocks if passage.layout else ()
    return names_of(passage.title, passage.text if passage.place == 0 else "", blocks)


@dataclass(frozen=True, slots=True)
class NameInSentence:
    """A name where it stands: its passage, the words before and after it in its sentence, and where it leads."""

    passage: Passage
    before: str
    after: str
    target: Passage


def seen_in(passage: Passage, name: str, target: Passage) -> NameInSentence | None:
    """Return a name with what stands around it; None where it does not stand, or does not stand there as a name.

    A name has a capital, and a single word does not open the sentence: in "Time passes" nothing is named.
    """
    for sentence in sentences(passage.text):
        if "*" not in name and (span := locate(name, sentence)) is not None:
            start, end = span
            surface = sentence[start:end]
            lone = " " not in surface and not sentence[:start].strip(" \"'“‘([")
            if surface == surface.lower() or lone:
                return None
            return NameInSentence(passage, sentence[:start].strip(), sentence[end:].strip(), target)
    return None


def predicate(passage: Passage) -> str:
    """Return the first sentence of a passage from its verb on, without its subject, which would give it away."""
    first = next(iter(sentences(passage.text)), passage.text)
    return _SUBJECT.sub("", first, count=1).rstrip(".")


def bare_title(passage: Passage) -> str:
    """Return the title without what stands in parentheses, or the first words of a passage without one."""
    return _ASIDE.sub("", passage.title) or " ".join(passage.text.split()[:START])


Template = Callable[[NameInSentence, np.random.Generator], str]


def cloze(seen: NameInSentence, chance: np.random.Generator) -> str:
    """Return the sentence with a question word in the place of the name."""
    return f"{seen.before} {chance.choice(['who', 'what', 'which'])} {seen.after}"


def joined(seen: NameInSentence, chance: np.random.Generator) -> str:
    """Return the sentence with what the target says of itself in the place of the name."""
    return f"{seen.before} someone or something that {predicate(seen.target)} {seen.after}"


def asked(seen: NameInSentence, chance: np.random.Generator) -> str:
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
) -> Iterator[HopExample]:
    """Yield at most `most` examples, `per_passage` from a passage, templates drawn with equal chance."""
    chance = np.random.default_rng(seed)
    names = Names(pool)
    rows = chance.permutation(len(pool.passages))
    made = (_of_passage(pool.passages[row], pool, names, templates, chance=chance) for row in rows)
    yield from islice(chain.from_iterable(islice(one, per_passage) for one in made), most)


def _of_passage(
    passage: Passage, pool: Pool, names: Names, templates: Mapping[str, Template], *, chance: np.random.Generator
) -> Iterator[HopExample]:
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
            yield HopExample(question, (passage.id,), tuple(targets), others, f"names:{kind}")


def _some_words(seen: NameInSentence, chance: np.random.Generator) -> Sequence[str]:
    """Return a few words of the target in their order, none of a name of its own or of the passage."""
    given = {word for one in (seen.passage, seen.target) for name, _ in own_names(one) for word in name.split()}
    words = [word for word in content_words(seen.target.text)[:60] if word not in given and len(word) > 2]
    places = sorted(chance.permutation(len(words))[:ASKED])
    return [words[place] for place in places]


@dataclass(frozen=True, slots=True)
class Form:
    """A question with a gap for the title, and what marks the link it was asked about."""

    before: str
    after: str
    beside: frozenset[str]
    about: frozenset[str]


class Borrowed:
    """A template that asks a known question of a new passage, or nothing where none fits."""

    def __init__(self, questions: Sequence[HopQuestion]) -> None:
        self._forms = [form for asked in questions for form in _forms(asked)]
        self._by_word: dict[str, list[int]] = {}
        for number, form in enumerate(self._forms):
            for word in form.beside:
                self._by_word.setdefault(word, []).append(number)

    def __len__(self) -> int:
        return len(self._forms)

    def __call__(self, seen: NameInSentence, chance: np.random.Generator) -> str:
        """Return a question, chosen by chance among the most alike."""
        points: Counter[int] = Counter()
        for word in _beside(seen):
            points.update(dict.fromkeys(self._by_word.get(word, ()), BESIDE))
        about = _about(seen)
        for number in points:
            points[number] += len(about & self._forms[number].about)
        alike = [number for number, count in points.most_common(CHOICE) if count >= FEWEST]
        if not alike:
            return ""
        form = self._forms[alike[int(chance.integers(len(alike)))]]
        return f"{form.before}{bare_title(seen.passage)}{form.after}"


def _forms(asked: HopQuestion) -> Iterator[Form]:
    gold = [Passage("", "", one.get("title") or "", "", one["text"]) for one in asked.gold if not isinstance(one, str)]
    for start in gold:
        title = bare_title(start) if start.title else ""
        gap = re.search(re.escape(title), asked.question, re.IGNORECASE) if len(title) > 2 else None
        for end in gold if gap else ():
            named = bool(end.title) and bare_title(end).lower() in asked.question.lower()
            if end is start or named:
                continue
            seen = _link(start, end)
            if gap and seen:
                before, after = asked.question[: gap.start()], asked.question[gap.end() :]
                yield Form(before, after, frozenset(_beside(seen)), frozenset(_about(seen)))


def _link(start: Passage, end: Passage) -> NameInSentence | None:
    keys = [key for key, kind in own_names(end) if kind <= SURE]
    found = (seen_in(start, key, end) for key in sorted(keys, key=lambda key: (-len(key), key)))
    return next((seen for seen in found if seen), None)


def _beside(seen: NameInSentence) -> list[str]:
    return [*content_words(seen.before)[-LEFT:], *content_words(seen.after)[:RIGHT]]


def _about(seen: NameInSentence) -> set[str]:
    return {word for one in (seen.passage, seen.target) for word in content_words(predicate(one))[:OPENING]}
