"""Answers: what their check catches, whether what is shown holds the answer, and answers that should not be given.

python -m benchmarks.answers DIR [DIR ...] --split dev --json OUT.json
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polyhop.agent import Agent, Config, Settings, check_citations
from polyhop.core.files import read_rows

from .claims import KINDS, TRUE, Case, cases
from .data import Source
from .harness import ARMS, Command, Given, Report, option, positive, progress
from .indexes import Arm, arms
from .metrics import percent, share

K, SHOWN = 5, 3
THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
GIVEN = ("given", "kept", "incomplete", "wrong", "foreign")
OPTIONS = (
    *ARMS,
    option("--claims", type=positive, default=200, help="true answers to check, and false ones (200)"),
    option("--foreign", metavar="DIR", type=Path, help="ask the questions of this set too, which no other answers"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """What an agent answered: the sentences shown, whether they count as found, the estimate, and the passages."""

    found: bool
    shown: Sequence[str]
    sufficiency: float | None
    documents: Sequence[str]
    passages: Sequence[Mapping[str, str]]


def measure(options: Given, report: Report) -> None:
    """Measure arm after arm and show the tables as they come."""
    report.add(profile=repr(Config.of(Settings())), seed=options.seed)
    foreign = Source(options.foreign.absolute()).questions(options.split, options.limit) if options.foreign else []
    whole: Counter[tuple[str, bool]] = Counter()
    for seed, arm in arms(options):
        told = asked(arm, arm.texts)
        strange = asked(arm, [question.text for question in foreign])
        found: dict[str, Any] = {"shown": shown(arm, told), "found": finding(arm, told, strange)}
        caption = "percent of the questions that are not yes or no, all gold in 5: held by three sentences, by passages"
        report.show(f"{arm.title}: answers without a model", [found["shown"]], caption)
        caption = "percent of all, of those with all gold, of the others; wrong of the given; of foreign questions"
        table = [{"least": row["sufficiency"]} | {one: percent(row[one]) for one in GIVEN} for row in found["found"]]
        report.show(f"{arm.title}: answers given", table, caption)
        if not arm.source.untitled:
            verdicts, ms = checked(cases(_rows(arm, options.limit, told), options.claims, seed))
            whole += verdicts
            found["citations"] = _citations(report, arm.title, verdicts) | {"ms": ms}
        report.add_to("arms", arm.facts() | found)
    if whole:
        report.add(citations=_citations(report, "all sets", whole))


COMMAND = Command("answers", __doc__, OPTIONS, measure)


def asked(arm: Arm, questions: Sequence[str]) -> list[Told]:
    """Ask every question for its answer."""
    with arm.index.opened() as collection:
        agent = Agent(collection)
        return [_told(agent.ask(one, K)) for one in progress(questions, arm.title, len(questions))]


def _told(answer: Any) -> Told:
    found = answer.retrieval.passages
    passages = [{"title": one.title, "text": one.text} for one in found]
    sentences = [one["sentence"] for one in answer.citations]
    return Told(answer.found, sentences, answer.retrieval.sufficiency, [one.document for one in found], passages)


def _judged(arm: Arm, told: Sequence[Told]) -> list[tuple[Told, str, bool]]:
    """Return answer, right answer and whether all gold is there, of the questions that are not yes or no."""
    return [
        (one, question.answer, question.gold <= set(one.documents))
        for question, one in zip(arm.questions, told, strict=True)
        if plain(question.answer) not in ("", "yes", "no")
    ]


def shown(arm: Arm, told: Sequence[Told]) -> dict[str, Any]:
    """Return how often the first sentences shown hold the answer, where all gold passages are among the first five.

    Yes and no are left out. `possible` is how often the passages hold it at all.
    """
    counted = [(one, right) for one, right, whole in _judged(arm, told) if whole]
    texts = [" ".join(f"{passage['title']}. {passage['text']}" for passage in one.passages) for one, _ in counted]
    number = max(1, len(counted))
    return {
        "questions": len(counted),
        "held": share(sum(holds(one.shown, right) for one, right in counted), number),
        "possible": share(sum(holds([text], right) for text, (_, right) in zip(texts, counted, strict=True)), number),
        "sentences": round(sum(len(one.shown) for one, _ in counted) / number, 2),
    }


def finding(arm: Arm, told: Sequence[Told], strange: Sequence[Told]) -> list[dict[str, Any]]:
    """Return for each least sufficiency what would be answered, and how much of that rightly.

    `kept` are answers where all gold passages are there, `wrong` those given whose sentences lack the answer (of all
    given, yes and no left out), `foreign` those given to questions of another set.
    """
    judged = [(one, whole, holds(one.shown, right)) for one, right, whole in _judged(arm, told)]
    complete = sum(whole for _, whole, _ in judged)
    found = []
    for least in THRESHOLDS:
        given = [(whole, right) for one, whole, right in judged if _given(one, least)]
        kept, wrong = sum(whole for whole, _ in given), sum(not right for _, right in given)
        shares = (
            *(share(len(given), len(judged)), share(kept, complete)),
            *(share(len(given) - kept, len(judged) - complete), share(wrong, len(given))),
            share(sum(_given(one, least) for one in strange), len(strange)),
        )
        found.append({"sufficiency": least, **dict(zip(GIVEN, shares, strict=True))})
    return found


def _given(one: Told, least: float) -> bool:
    return one.found and (one.sufficiency is None or one.sufficiency >= least)


def holds(texts: Sequence[str], answer: str) -> bool:
    """Say whether an answer stands in the first sentences, whatever the case, the articles and the punctuation."""
    return f" {plain(answer)} " in f" {plain(' '.join(texts[:SHOWN]))} "


def plain(text: str) -> str:
    """Return a text in lower case without accents, articles and punctuation."""
    folded = "".join(char for char in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(char))
    return " ".join(word for word in re.findall(r"[^\W_]+", folded) if word not in ("a", "an", "the"))


def _rows(arm: Arm, limit: int | None, told: Sequence[Told]) -> list[dict[str, Any]]:
    """Return the questions with their gold passages as they are written, and what else was found for them."""
    found = []
    lines = [row for _, row in read_rows(arm.source.folder / f"{arm.split}.jsonl")][:limit]
    for row, one in zip(lines, told, strict=True):
        gold = [{"title": each["title"] or "", "text": each["text"]} for each in row["gold"]]
        others = [dict(passage) for passage in one.passages if passage not in gold]
        about = {"question": row["question"], "answer": str(row.get("answer", ""))}
        found.append({**about, "gold": gold, "others": others})
    return found


def checked(answers: Sequence[Case]) -> tuple[Counter[tuple[str, bool]], float]:
    """Count by kind the answers that are borne out, which each of their sentences has to be, and those that are not.

    Return also the milliseconds of one.
    """
    began = time.perf_counter()
    found: Counter[tuple[str, bool]] = Counter()
    for one in answers:
        sentences = check_citations(one.answer, one.texts, question=one.question)
        found[one.kind, all(sentence["supported"] for sentence in sentences)] += 1
    return found, round(1000 * (time.perf_counter() - began) / max(1, len(answers)), 3)


def citations(verdicts: Mapping[tuple[str, bool], int]) -> dict[str, Any]:
    """Return the share of true answers that are lost and of the false ones that are caught, in all and by kind."""

    def of(*kinds: str) -> tuple[int, float | None]:
        refuted = sum(verdicts.get((kind, False), 0) for kind in kinds)
        number = refuted + sum(verdicts.get((kind, True), 0) for kind in kinds)
        return number, share(refuted, number)

    by_kind = {kind: dict(zip(("n", "caught"), of(kind), strict=True)) for kind in sorted(KINDS) if of(kind)[0]}
    (true, lost), (false, caught) = of(TRUE), of(*KINDS)
    return {"true": true, "lost": lost, "false": false, "caught": caught, "by_kind": by_kind}


def _citations(report: Report, title: str, verdicts: Mapping[tuple[str, bool], int]) -> dict[str, Any]:
    found = citations(verdicts)
    row = {"check": f"{found['true']} + {found['false']}"}
    row |= {"true lost": percent(found["lost"]), "false caught": percent(found["caught"])}
    row |= {kind: percent(own["caught"]) for kind, own in found["by_kind"].items()}
    report.show(f"{title}: citations", [row], "percent; true answers lost, false ones caught, by kind")
    return found


if __name__ == "__main__":
    COMMAND.run()
