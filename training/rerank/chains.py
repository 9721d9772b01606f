"""Questions over documents that link to each other, made from the sentences at both ends of a link.

A sentence says something of what its linked words name, and the document behind the link says what that is. A question
tells what the first sentence says, without the linked words, and asks for something that the other one says: both are
needed, and neither is named. It is thinned by whole phrases, so that it still reads like a question. A chain of three
goes on through a link in the second sentence. Questions of one sentence are made alike, and keep its names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...core.errors import CallerError
from ...core.words import STOP, content_words, fold, word_key
from .linked import LinkedPage, LinkedPlace, LinkedSentence, Words, pages

Chance = np.random.Generator

SHORT, LONG = 6, 50  # words of a sentence
ANCHOR = 8  # words of a link; longer ones say what they lead to
LINKS = 3  # links of a sentence; more are a list
HUB = 30  # sentences that link to a place; with more it is a glossary's, and says little of what the sentence is about
OPENING = 2  # sentences of a section that are about it, whatever words they have
TOLD, MOST = 3, 12  # words that a question tells of a sentence, at least, and about how many at most
ASKED = 3  # words that a question holds of the sentence that answers it, at most
ALIKE = 0.5  # share of a question's words in one of its sentences, at most in the last one
SHARES = (0.35, 0.9)  # of the words of a sentence that a question tells, and
SINGLE = (0.45, 0.95)  # of one that answers alone
THREE, ALONE = 0.2, 1 / 3  # shares of chains of three and of single questions
USES = 3  # questions that a document may stand in at each place of a chain

_PREPOSITIONS = (
    "in|on|at|by|with|from|to|for|into|onto|of|through|under|over|between|within|without|via|using|during|against|"
    "before|after|until|as"
)
_IS = "is|are|was|were"
_HAS = "has|have|had|provides?|contains?|includes?|allows?|supports?|uses?|creates?|shows?|stores?|requires?|means"
_MAY = "can|will|must|should|may|would|could|cannot"
_VERBS = f"{_IS}|{_HAS}|{_MAY}"
_CONJUNCTIONS = "which|that|who|and|or|but|than|so|then"
_JOINTS = f"{_PREPOSITIONS}|{_VERBS}|{_CONJUNCTIONS}|when|while|where|if|because|since|unless"
_CUT = re.compile(rf"(?<=[,;:])\s+|\s+(?=\()|\s+(?=(?:{_JOINTS})\b)", re.IGNORECASE)
_LEADING = re.compile(rf"(?:(?:{_CONJUNCTIONS})\b[\s,]*)+", re.IGNORECASE)
_SIGNS_ASIDE = re.compile(r"[()\[\]“”\"]")
_SPACED = re.compile(r"\s+([,;:.])")
_FIRST = re.compile(r"\W*(\w+)")
_ASIDE = re.compile(r"\([^()]*\)")
#: what asks for a phrase that begins with a word
_ASKS = {"because": "why", "since": "why", "when": "when", "while": "when", "where": "where"} | dict.fromkeys(
    ("if", "unless"), "on which condition"
)
#: sentences that lead the reader on, or whose subject stands elsewhere, and tell nothing by themselves
_GUIDE = re.compile(
    r"\b(?:see|refer|consult|(?:described|discussed|explained) in|documented|documentation|listed|click here|above|"
    r"below|following|for (?:more|further|details|information|examples?)|chapter|section|appendix|figure|table of)\b",
    re.IGNORECASE,
)
_LOOSE = re.compile(
    r"(?:it|its|this|these|those|they|their|he|she|his|her|such|that|there|here|however|therefore|thus|also|otherwise|"
    r"note|then|but|and|or|so|now|in this|for this|in these|in addition|instead|both|if so|finally|again)\b",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"[A-Z\d\"'“‘(`].*[.!]$", re.DOTALL)
_SIGNS = re.compile(r"[|{}<>=\\]|://|\$\w|\w\(\)|::")
_THING = "\0"
_GIVEN = re.compile(rf"(?:\b(?:the|an?|your|its|this|any|each)\s+)?(?:{_THING}\s*)+", re.IGNORECASE)
ENGLISH = 0.2  # share of function words in running text, at least


class LinkedFact(NamedTuple):
    """A sentence to ask about, the words that would name its subject, and `near`, the document that links to it."""

    sentence: LinkedSentence
    names: frozenset[str]
    near: str


@dataclass(frozen=True, slots=True)
class MadeQuestion:
    """A question with its gold sentences in the order of the chain, each {file, title, text}, and the words asked for.

    `kind` is `link2`, `link3` or `single`.
    """

    id: str
    question: str
    gold: tuple[Mapping[str, str], ...]
    kind: str
    answer: str
    ordered: bool = True


def made(source: Path, count: int, seed: int) -> list[MadeQuestion]:
    """Return at most `count` questions over the documents of a folder, or of a file of many.

    Raises:
        CallerError: if nothing there can be read, or no two documents link in a way that a question can be made of.
    """
    return asked(pages(source), count, seed)


def asked(found: Mapping[str, LinkedPage], count: int, seed: int) -> list[MadeQuestion]:
    """Return at most `count` questions over these documents.

    Raises:
        CallerError: if no question can be made.
    """
    maker = _Maker(found, np.random.default_rng(seed))
    alone, three = round(ALONE * count), round(THREE * count)
    rows = list(islice(maker.questions("link3"), three))
    rows += islice(maker.questions("link2"), count - alone - three)
    rows += islice(maker.questions("single"), min(alone, round(len(rows) * ALONE / (1 - ALONE))))
    if not rows:
        raise CallerError("no question can be made of these documents; they need running text that links to others")
    return [
        MadeQuestion(f"{kind}-{number:04d}", question, gold, kind, answer)
        for number, (kind, question, gold, answer) in enumerate(rows)
    ]


Row = tuple[str, str, tuple[Mapping[str, str], ...], str]


class _Maker:
    """Makes questions, each of sentences that no other has."""

    def __init__(self, found: Mapping[str, LinkedPage], chance: Chance) -> None:
        self.pages = found
        self.chance = chance
        every = [one for page in found.values() for one in page.sentences]
        self.often = Counter(one.text for one in every)
        self.linked = Counter(place for one in every for words in one.links for place in set(words.places))
        self.starts = [one for one in every if self._tells(one)]
        self.used: set[str] = set()
        self.uses: Counter[tuple[int, str]] = Counter()

    def questions(self, kind: str) -> Iterator[Row]:
        """Yield questions of a kind, in random order."""
        chains = {"link3": self._three, "link2": self._two, "single": self._one}[kind]
        for row in self.chance.permutation(len(self.starts)):
            found = next(chains(self.starts[row]), None)
            if found is not None:
                question, golds, answer = found
                self.used.update(one.text for one in golds)
                self.uses.update((place, one.file) for place, one in enumerate(golds))
                gold = tuple({"file": one.file, "title": one.title, "text": one.text} for one in golds)
                yield kind, question, gold, answer

    def _two(self, start: LinkedSentence) -> Iterator[tuple[str, list[LinkedSentence], str]]:
        for words, fact in self._leads(start, 0):
            told = self._told(start, words, fact.names)
            question, answer = self._asking(fact)
            if told and question and self._apart(f"{told} {question}", fact):
                yield self._joined([told], question), [start, fact.sentence], answer

    def _three(self, start: LinkedSentence) -> Iterator[tuple[str, list[LinkedSentence], str]]:
        for words, bridge in self._leads(start, 0):
            for further, fact in self._leads(bridge.sentence, 1):
                if fact.sentence.file == start.file:
                    continue
                told = self._told(start, words, bridge.names | fact.names)
                then = self._told(bridge.sentence, further, fact.names, subject=bridge.names)
                question, answer = self._asking(LinkedFact(fact.sentence, fact.names | bridge.names, fact.near))
                if told and then and question and self._apart(f"{told} {then} {question}", fact):
                    yield self._joined([told, then], question), [start, bridge.sentence, fact.sentence], answer

    def _one(self, start: LinkedSentence) -> Iterator[tuple[str, list[LinkedSentence], str]]:
        if start.text in self.used or self.uses[0, start.file] >= USES or _LOOSE.match(start.text):
            return
        phrases = _phrases(start.text)
        rows = [row for row in range(len(phrases)) if _words(phrases[row]) and _question_words(phrases, row)]
        if rows:
            row = int(self.chance.choice(rows))
            kept = self._around(phrases, row, self.chance.uniform(*SINGLE))
            said = [_question_words(phrases, row) if at == row else phrases[at] for at in kept]
            if len(_words(" ".join(phrases[at] for at in kept if at != row))) >= TOLD:
                yield _sentence(f"{_lower(_clean(' '.join(said)))}?"), [start], _bare(phrases[row])

    def _leads(self, start: LinkedSentence, place: int) -> Iterator[tuple[Words, LinkedFact]]:
        """Yield what the links of a sentence lead to, the facts behind each link in random order."""
        if start.text in self.used or self.uses[place, start.file] >= USES or not 0 < len(start.links) <= LINKS:
            return
        near = self.pages[start.file].folded
        leading = (words for words in start.links if self._may_lead(start, words))
        for words, target in ((each, target) for each in leading for target in each.places):
            anchor = start.text[words.start : words.end]
            facts = list(self._facts(target, anchor, near)) if self.linked[target] <= HUB else []
            for row in self.chance.permutation(len(facts)):
                if self.uses[place + 1, target.file] < USES:
                    yield words, facts[row]

    @staticmethod
    def _may_lead(start: LinkedSentence, words: Words) -> bool:
        """Say whether linked words name something in a sentence that has more to say, and not only in an aside."""
        anchor = start.text[words.start : words.end]
        if any(one.start() < words.start < one.end() and _GUIDE.search(one[0]) for one in _ASIDE.finditer(start.text)):
            return False
        rest = len(_words(start.text)) - len(_words(anchor))
        return bool(_words(anchor)) and len(anchor.split()) <= ANCHOR and rest > max(TOLD, len(_words(anchor)))

    def _facts(self, target: LinkedPlace, anchor: str, near: str) -> Iterator[LinkedFact]:
        """Yield the sentences of a linked place that say something of what is linked."""
        page = self.pages[target.file]
        section = page.section(target.anchor)
        names = _keys([*_words(anchor), *_words(page.document.title if not target.anchor else "")])
        for row, one in enumerate(section):
            about = row < OPENING or not names.isdisjoint(_keys(_words(one.text)))
            loose = _LOOSE.match(one.text) and not re.match("its?\\b", one.text, re.IGNORECASE)
            if about and not loose and one.text not in self.used and self._tells(one):
                yield LinkedFact(one, names | _keys(_words(page.document.title)), near)

    def _tells(self, one: LinkedSentence) -> bool:
        """Say whether a sentence is a statement of its own, which stands in one place alone."""
        return (
            SHORT <= len(one.text.split()) <= LONG
            and self.often[one.text] == 1
            and bool(_WHOLE.match(one.text))
            and not _GUIDE.search(_ASIDE.sub("", one.text))
            and not _SIGNS.search(one.text)
            and sum(word in STOP for word in fold(one.text).split()) >= ENGLISH * len(one.text.split())
        )

    def _told(
        self, one: LinkedSentence, words: Words, names: frozenset[str], *, subject: frozenset[str] = frozenset()
    ) -> str:
        """Return a sentence with `something` in the place of its linked words, thinned; nothing if little is left."""
        masked = f"{one.text[: words.start]}{_THING}{one.text[words.end :]}"
        phrases = [_without(phrase, names, subject) for phrase in _phrases(masked)]
        row = next((row for row, phrase in enumerate(phrases) if _THING in phrase), None)
        if row is None:
            return ""
        kept = self._around(phrases, row, self.chance.uniform(*SHARES))
        said = [phrases[at] for at in kept if at == row or not (_THING in phrases[at] or _GUIDE.search(phrases[at]))]
        text = _clean(" ".join(said), "something else" if subject else "something")
        return _lower(_ended(text)) if len(_words(text)) >= TOLD and not _LOOSE.match(text) else ""

    def _asking(self, fact: LinkedFact) -> tuple[str, str]:
        """Return the question for a fact, and the words that answer it; nothing where it says nothing new."""
        phrases = _phrases(_without(fact.sentence.text, fact.names, frozenset()))
        rows = [
            row for row in range(len(phrases)) if self._is_new(phrases[row], fact) and _question_words(phrases, row)
        ]
        if not rows:
            return "", ""
        row = int(self.chance.choice(rows))
        most = int(self.chance.integers(1, ASKED, endpoint=True))
        before = _last_words(" ".join(phrases[:row]), most)
        after = _ended(_first_words(" ".join(phrases[row + 1 :]), most - len(_words(before))))
        word = _question_words(phrases, row)
        if not _words(f"{before} {after}"):
            return "", ""
        return _lower(_clean(f"{before} {word} {after}", "it")), _bare(phrases[row])

    @staticmethod
    def _is_new(phrase: str, fact: LinkedFact) -> bool:
        """Say whether a phrase says something that is neither known on the linking document nor named."""
        return _THING not in phrase and any(f" {word} " not in fact.near for word in _words(phrase) if len(word) > 2)

    @staticmethod
    def _apart(question: str, fact: LinkedFact) -> bool:
        """Say whether the sentence that answers leaves much of the question to the others."""
        said, own = _keys(_words(question)), _keys(_words(fact.sentence.text))
        return len(said & own) <= ALIKE * len(said)

    def _around(self, phrases: Sequence[str], row: int, share: float) -> range:
        """Return the rows of phrases on both sides of one, by chance as many as make up a share of the words."""
        sizes = [len(_words(phrase)) for phrase in phrases]
        first, last, wanted = row, row + 1, min(MOST, share * sum(sizes))
        while sum(sizes[first:last]) < wanted:
            left = first > 0 and (last == len(phrases) or self.chance.random() < 0.5)
            first, last = (first - 1, last) if left else (first, last + 1)
        return range(first, last)

    def _joined(self, told: Sequence[str], question: str) -> str:
        """Return one question of what is told and what is asked."""
        said = " and ".join(told)
        forms = [f"{said}: {question}?", f"I read that {said}. {_sentence(question)}?"]
        if re.match(rf"(?:{_JOINTS})\b", said):  # it has a conjunction of its own
            forms += [f"{said}, {question}?", f"{question}, {said}?"]
        else:
            forms += [f"when {said}, {question}?", f"{question}, given that {said}?", f"if {said}, {question}?"]
        return _sentence(forms[int(self.chance.integers(len(forms)))])


def _words(text: str) -> list[str]:
    return [word for word in content_words(text) if word not in ("something", "else")]


def _keys(words: Sequence[str]) -> frozenset[str]:
    return frozenset(map(word_key, words))


def _phrases(text: str) -> list[str]:
    """Cut a sentence before prepositions, conjunctions and common verbs, and behind commas."""
    return [phrase for phrase in map(str.strip, _CUT.split(text)) if phrase]


def _without(text: str, names: frozenset[str], subject: frozenset[str]) -> str:
    """Return a text with a mark in the place of names, and `it` in that of the subject's."""
    words: list[str] = []
    for word in text.split():
        keys = _keys(content_words(word))
        put = "it" if keys & subject else f"{_THING}{word[len(word.rstrip(',;:')) :]}" if keys & names else word
        if put != "it" or words[-1:] != ["it"]:
            words.append(put)
    return " ".join(words)


def _first_words(text: str, most: int) -> str:
    """Return the first words of a text, up to `most` that carry meaning and those between."""
    kept: list[str] = []
    for word in text.split():
        if len(_words(" ".join((*kept, word)))) > most:
            break
        kept.append(word)
    return " ".join(kept)


def _ended(text: str) -> str:
    """Return a text without function words at its end."""
    words = text.split()
    while words and not _words(words[-1]) and _THING not in words[-1] and words[-1] not in ("something", "else", "it"):
        words.pop()
    return " ".join(words)


def _last_words(text: str, most: int) -> str:
    """Return the last words of a text, up to `most` that carry meaning and those between."""
    kept: list[str] = []
    for word in reversed(text.split()):
        if len(_words(" ".join((word, *kept)))) > most:
            break
        kept.insert(0, word)
    return " ".join(kept)


def _clean(text: str, thing: str = "") -> str:
    """Return a text with a word for what is not named, without an article before it, or conjunctions at its start."""
    plain = " ".join(_GIVEN.sub(f"{thing} ", _SIGNS_ASIDE.sub("", text)).split())
    leading = _LEADING.match(plain)
    return _SPACED.sub(r"\1", plain[leading.end() if leading else 0 :]).strip(" ,;:.")


def _question_words(phrases: Sequence[str], row: int) -> str:
    """Return what asks for a phrase in its place, or nothing where none is known."""
    first, second = (*_FIRST.findall(phrases[row]), *phrases[row].split()[1:2], "")[:2]
    word = fold(first)
    if word == "by" and second.endswith("ing"):
        return "how"
    if word == "to" and second.islower() and second not in STOP and row:
        return "for which purpose"
    if word in _ASKS:
        return _ASKS[word]
    if re.fullmatch(_MAY, word):
        return f"{word} do what"
    if re.fullmatch(f"{_PREPOSITIONS}|{_HAS}", word) or (re.fullmatch(_IS, word) and second in ("a", "an", "the")):
        return f"{word} what"
    following = _FIRST.match(phrases[row + 1]) if row == 0 and len(phrases) > 1 else None
    return "what" if following and re.fullmatch(_VERBS, following[1]) else ""


def _bare(text: str) -> str:
    return text.strip(" ,;:.!()")


def _lower(text: str) -> str:
    """Return a text whose first word has no capital, unless it is a name or code."""
    first = text.split(" ", 1)[0]
    return text[:1].lower() + text[1:] if first[1:].islower() or first in ("A", "I") else text


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
