"""Sub-questions pursued: each is searched for, and its short answers take the place of the references to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from ..candidate import Candidate, PursuedQuestion
from ..rerank.role import Ranker
from ..run import Run
from .decompose import filled, needs
from .role import Searcher, first_query

VIA = "asked"


@dataclass(frozen=True, slots=True)
class Pursuit:
    """Asks sub-questions in the order in which their references can be filled.

    Each is a search of its own, and its passages are ordered for it alone. A reference stands for the likeliest
    `readings` answers, so that one that is read wrongly does not lose what depends on it.

    Args:
        readings: answers that a reference may stand for.
        variants: ways to fill a sub-question with several references.
        depth: passages of each that count as found.
        weight: what its first passage is worth, of the score that it has there; less by rank.
    """

    readings: int = 2
    variants: int = 3
    depth: int = 5
    weight: float = 1.0

    def pursue(
        self, questions: Sequence[str], run: Run, *, first: Searcher, ranker: Ranker
    ) -> tuple[list[Candidate], list[PursuedQuestion]]:
        """Return what all sub-questions found, and how each was asked."""
        finds: list[Candidate] = []
        asked: list[PursuedQuestion] = []
        answers: dict[int, list[tuple[str, str]]] = {}
        for number, template in enumerate(questions, start=1):
            for chosen in self._fillings(template, answers):
                text = filled(template, {place: answer for place, (answer, _) in chosen.items()})
                ranked, working = _searched(text, run, first, ranker)
                found = self._answers(text, ranked, working)
                answers.setdefault(number, []).extend(found)
                path = [passage for _, passage in chosen.values() if passage]
                finds += self._finds(ranked, path, name=" / ".join(answer for answer, _ in chosen.values()))
                asked.append(
                    PursuedQuestion(
                        question=text,
                        template=template,
                        answers=[answer for answer, _ in found],
                        passages=[item["id"] for item in ranked[: self.depth]],
                    )
                )
        return finds, asked

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

    def _finds(self, ranked: Sequence[Candidate], path: Sequence[str], *, name: str) -> Iterator[Candidate]:
        for rank, item in enumerate(ranked[: self.depth], start=1):
            score = max(0.0, item["score"]) * self.weight / rank
            way = [passage for passage in dict.fromkeys(path) if passage != item["id"]]
            yield Candidate(id=item["id"], kind="words", via=VIA, path=way, name=name, score=score)


def _searched(text: str, run: Run, first: Searcher, ranker: Ranker) -> tuple[list[Candidate], Run]:
    """Return the passages for a text, in the order that they have for it."""
    working = Run(run.retriever, text, run.where, k=run.k, capacity=CAPACITY)
    return ranker.rank(first.search([first_query(text, first)], working), working), working


#: passages that the search for one sub-question keeps at hand
CAPACITY = 400
