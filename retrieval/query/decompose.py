"""Sub-questions: a question as simpler ones that may refer to answers of others (`#1`), and the search for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from pydantic import BaseModel, Field, field_validator, model_validator

from ...core.words import name_key
from ..candidate import Candidate, PursuedQuestion
from ..rerank.role import Ranker
from ..run import Run
from .role import Searcher, first_query

#: Sub-questions that are taken, characters of each, and levels of a tree of them.
MOST = 8
LONGEST = 300
DEEPEST = 6

REFERENCE = re.compile(r"#(\d+)")
_OTHERWISE = re.compile(r"<(\d+)>|\{(\d+)\}")


class Decomposition(BaseModel):
    """Sub-questions in the order in which they can be asked; `#n` stands for the answer of the n-th, from 1.

    Also read are a bare list, and a tree in which each question leads to the list of its parts, as in ProbTree (Cao et
    al., EMNLP 2023): there `#n` is the n-th part beside it.
    """

    questions: list[str] = Field(min_length=1, max_length=MOST, description="sub-questions, the first ones first")

    @model_validator(mode="before")
    @classmethod
    def _read(cls, said: Any) -> Any:
        if isinstance(said, list):
            return {"questions": said}
        if isinstance(said, Mapping) and "questions" not in said:
            return {"questions": leaves(said)}
        return dict(said) if isinstance(said, Mapping) else said

    @field_validator("questions")
    @classmethod
    def _check(cls, questions: list[str]) -> list[str]:
        """Refuse what cannot be asked: empty or endless texts, and references to what is not asked before."""
        for place, text in enumerate(questions):
            if not name_key(text) or len(text) > LONGEST:
                raise ValueError(f"sub-question {place + 1} must have 1 to {LONGEST} characters")
            for number in needs(text):
                if not 1 <= number <= place:
                    raise ValueError(f"sub-question {place + 1} refers to #{number}, which is not asked before it")
        return [" ".join(text.split()) for text in questions]


def needs(text: str) -> list[int]:
    """Return the numbers of the sub-questions whose answers a text refers to, each once."""
    return list(dict.fromkeys(int(number) for number in REFERENCE.findall(text)))


def filled(text: str, answers: Mapping[int, str]) -> str:
    """Return a text with the answers in the place of its references."""
    return REFERENCE.sub(lambda match: answers.get(int(match.group(1)), match.group()), text)


def leaves(tree: Mapping[Any, Any]) -> list[str]:
    """Return the questions of a tree that have no parts, each after those it refers to, with numbers of its own.

    A reference to a question with parts is one to the last of them.

    Raises:
        ValueError: if it is no tree of texts: nothing in it, a cycle, or too deep or too large.
    """
    parts = {str(key): value for key, value in tree.items() if isinstance(value, list) and value}
    children = {str(child) for value in parts.values() for child in value}
    roots = [key for key in parts if key not in children] or list(parts)[:1]
    if len(roots) != 1:
        raise ValueError("a tree of questions needs one root with parts, the question itself")
    asked: list[str] = []
    _visit(roots[0], parts, asked, path=())
    return asked


def _visit(question: str, parts: Mapping[str, Sequence[Any]], asked: list[str], *, path: tuple[str, ...]) -> int:
    """Append the leaves below a question and return the number of the one that answers it."""
    if len(path) > DEEPEST or len(asked) > MOST:
        raise ValueError("the tree of questions is too deep or too large")
    if question not in parts or question in path:  # some models name a question among its own parts
        asked.append(question)
        return len(asked)
    numbers: dict[int, str] = {}
    for place, child in enumerate(parts[question], start=1):
        before = len(asked)
        number = _visit(str(child), parts, asked, path=(*path, question))
        if len(asked) == before + 1:  # a leaf of this level, which speaks of its numbers
            asked[before] = filled(_OTHERWISE.sub(r"#\1\2", asked[before]), numbers)
        numbers[place] = f"#{number}"
    return int(numbers[len(parts[question])][1:])


VIA = "asked"
#: passages that the search for one sub-question keeps at hand
CAPACITY = 400


@dataclass(frozen=True, slots=True)
class Pursuit:
    """Asks sub-questions in the order in which their references can be filled.

    Each is a search of its own, and its passages are ordered for it alone. A reference stands for the likeliest
    `readings` answers, so that one that is read wrongly does not lose what depends on it.

    Args:
        readings: answers that a reference may stand for.
        variants: ways to fill a sub-question with several references.
        depth: passages of each that count as found.
        weight: the share of its score that its first passage keeps; the others less, by rank.
    """

    readings: int = 2
    variants: int = 3
    depth: int = 5
    weight: float = 1.0

    def pursue(
        self, questions: Sequence[str], run: Run, *, first: Searcher, ranker: Ranker
    ) -> tuple[list[Candidate], list[PursuedQuestion]]:
        """Return what all sub-questions found, and how each was asked."""
        candidates: list[Candidate] = []
        asked: list[PursuedQuestion] = []
        answers: dict[int, list[tuple[str, str]]] = {}
        for number, template in enumerate(questions, start=1):
            for chosen in self._fillings(template, answers):
                text = filled(template, {place: answer for place, (answer, _) in chosen.items()})
                search = Run(run.retriever, text, run.where, k=run.k, capacity=CAPACITY)
                ranked = ranker.rank(first.search([first_query(text, first)], search), search)
                found = self._answers(text, ranked, search)
                answers.setdefault(number, []).extend(found)
                path = [passage for _, passage in chosen.values() if passage]
                candidates += self._candidates(ranked, path, name=" / ".join(answer for answer, _ in chosen.values()))
                short, ids = [answer for answer, _ in found], [item["id"] for item in ranked[: self.depth]]
                asked.append(PursuedQuestion(question=text, template=template, answers=short, passages=ids))
        return candidates, asked

    def _fillings(
        self, template: str, answers: dict[int, list[tuple[str, str]]]
    ) -> Iterator[dict[int, tuple[str, str]]]:
        """Yield what its references may stand for; one without an answer stays as it is."""
        wanted = [number for number in needs(template) if answers.get(number)]
        choices = [answers[number][: self.readings] for number in wanted]
        for place, chosen in enumerate(product(*choices)):
            if place >= self.variants:
                return
            yield dict(zip(wanted, chosen, strict=True))

    def _answers(self, text: str, ranked: Sequence[Candidate], run: Run) -> list[tuple[str, str]]:
        """Return the likeliest short answers, each with the passage it stands in."""
        from .short_answers import short_answers  # rules that only questions which are split need

        passages = [known.passage for item in ranked[: self.depth] if (known := run.known(item["id"])) is not None]
        found = short_answers(text, passages, run)[: self.readings]
        return [(one.text, passages[one.passage].id) for one in found]

    def _candidates(self, ranked: Sequence[Candidate], path: Sequence[str], *, name: str) -> Iterator[Candidate]:
        for rank, item in enumerate(ranked[: self.depth], start=1):
            score = max(0.0, item["score"]) * self.weight / rank
            way = [passage for passage in dict.fromkeys(path) if passage != item["id"]]
            yield Candidate(id=item["id"], kind="words", via=VIA, path=way, name=name, score=score)
