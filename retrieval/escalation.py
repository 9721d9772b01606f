"""Sub-questions: when a language model is asked to split a question, and the search for each part.

What it says is read in `query/decompose.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from .candidate import Candidate, PursuedQuestion
from .query.role import Searcher, first_query
from .rerank.role import Ranker
from .run import Run

REFERENCE = re.compile(r"#(\d+)")
VIA = "asked"
#: passages that the search for one sub-question keeps at hand
CAPACITY = 400


class Escalation:
    """Looks at how sufficient the passages found without a language model are, and says whether to spend on more."""

    def __call__(self, sufficiency: float | None) -> bool:
        """Return whether to spend; `sufficiency` is a probability, or None where nobody estimates it."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Never(Escalation):
    """Leaves retrieval to itself; a language model only writes answers."""

    def __call__(self, sufficiency: float | None) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Always(Escalation):
    """Spends on every question: the control that `WhenUnsure` is measured against."""

    def __call__(self, sufficiency: float | None) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class WhenUnsure(Escalation):
    """Spends where the passages found so far are less sufficient than `below`."""

    below: float = 0.85

    def __call__(self, sufficiency: float | None) -> bool:
        return sufficiency is not None and sufficiency < self.below


def needs(text: str) -> list[int]:
    """Return the numbers of the sub-questions whose answers a text refers to, each once."""
    return list(dict.fromkeys(int(number) for number in REFERENCE.findall(text)))


def filled(text: str, answers: Mapping[int, str]) -> str:
    """Return a text with the answers in the place of its references."""
    return REFERENCE.sub(lambda match: answers.get(int(match.group(1)), match.group()), text)


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
        from .query.short_answers import short_answers  # rules that only questions which are split need

        passages = [known.passage for item in ranked[: self.depth] if (known := run.known(item["id"])) is not None]
        found = short_answers(text, passages, run)[: self.readings]
        return [(one.text, passages[one.passage].id) for one in found]

    def _candidates(self, ranked: Sequence[Candidate], path: Sequence[str], *, name: str) -> Iterator[Candidate]:
        for rank, item in enumerate(ranked[: self.depth], start=1):
            score = max(0.0, item["score"]) * self.weight / rank
            way = [passage for passage in dict.fromkeys(path) if passage != item["id"]]
            yield Candidate(id=item["id"], kind="words", via=VIA, path=way, name=name, score=score)
