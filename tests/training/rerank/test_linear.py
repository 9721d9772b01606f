"""The linear scorer and the sufficiency estimate: what they learn of lists made by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyhop.retrieval.rerank.listwise import CROSS, FIRST, NAMES, SUMMARY, load
from polyhop.training.rerank.linear import (
    RankingExample,
    described,
    example,
    fit_scorer,
    fit_sufficiency,
    judged,
    useful,
)
from polyhop.training.rerank.lists import CandidateList, ListedCandidate

from .questions import candidate

WORDS = {"river": 1.0, "vienn": 1.0}


def made(count: int, *, wanted: Mapping[int, int] | None = None, seed: int = 0) -> list[CandidateList]:
    """Return lists of noise around two gold passages, which the search likes and which have a word of the question.

    In every other list the second one was not found; `wanted` says of the list at a place how many there are in all.
    """
    chance = np.random.default_rng(seed)
    found = []
    for number in range(count):
        gold = ["A river.", "In Vienna."][: 1 + number % 2]
        texts = [*gold, *["Nothing of it."] * (10 - len(gold))]
        likes = [float(chance.normal(0.6 if place < len(gold) else 0.2, 0.05)) for place in range(10)]
        candidates = [
            candidate(
                f"{number} {place}",
                text,
                gold=place < len(gold),
                score=near + float(chance.normal()),
                parts={"search": near, "named": float(chance.normal())},
            )
            for place, (text, near) in enumerate(zip(texts, likes, strict=True))
        ]
        candidates.sort(key=lambda one: (-sum(one.parts.values()), one.id))
        found.append(CandidateList(f"Question {number}?", (wanted or {}).get(number, 2), tuple(candidates), WORDS))
    return found


def first(one: RankingExample, scorer: Any) -> list[int]:
    """Return the rows of an example in the order of a scorer."""
    return np.argsort(-scorer(one.rows), kind="stable").tolist()  # type: ignore[no-any-return]


@pytest.mark.slow
def test_the_scorer_puts_gold_first() -> None:
    """Of what tells gold candidates from the others it learns enough to rank unseen ones first."""
    scorer = fit_scorer([[example(one) for one in made(160)]], penalty=0.01)
    unseen = [example(one) for one in made(80, seed=1)]
    right = [bool(one.gold[row]) for one in unseen for row in first(one, scorer)[: sum(map(bool, one.gold))]]

    assert np.mean(right) > 0.95
    assert (len(NAMES),) == scorer.weights.shape


@pytest.mark.slow
def test_all_domains_weigh_the_same() -> None:
    """Lists of one domain that are there ten times change nothing, and an empty domain has no say."""
    one, other = ([example(each) for each in made(30, seed=seed)] for seed in (0, 1))
    wanted = fit_scorer([one, other], penalty=0.01)

    for domains in ([one * 10, other], [one, other, []]):
        assert wanted.weights == pytest.approx(fit_scorer(domains, penalty=0.01).weights, rel=0.01, abs=0.02)
    assert not np.allclose(
        wanted.weights, fit_scorer([[*one, *one * 9, *other]], penalty=0.01).weights, rtol=0.01, atol=0.02
    )


@pytest.mark.slow
def test_a_prior_draws_the_weights() -> None:
    """The penalty is on the distance to it: a high one leaves it as it is, and what it does not know stays nothing."""
    plain = fit_scorer([[example(one) for one in made(40)]], penalty=0.01)
    read = [[example(one, dict.fromkeys(range(10), 0.5) | {0: 4.0}) for one in made(40, seed=1)]]
    near, far = (fit_scorer(read, penalty=penalty, prior=plain) for penalty in (1e4, 1e-4))

    assert [*plain.weights, *[0.0] * len(CROSS)] == pytest.approx(near.weights.tolist(), abs=0.01)
    assert np.abs(far.weights[: len(NAMES)] - plain.weights).max() > 0.1


@pytest.mark.slow
def test_logits_become_features() -> None:
    """With the logits of a cross-encoder the scorer has features for them, and trusts good ones."""
    lists = made(80)
    read = [example(one, {n: 4.0 if each.gold else -4.0 for n, each in enumerate(one.candidates)}) for one in lists]
    scorer = fit_scorer([read], penalty=0.01)

    assert (len(NAMES) + len(CROSS),) == scorer.weights.shape
    assert scorer.weights[len(NAMES)] > 0
    assert list(CROSS) == list(described(scorer, scorer_of_summary())["scorer"]["weights"])[len(NAMES) :]


def scorer_of_summary() -> Any:
    """Return a unit over the features of a ranking."""
    lists = [example(one) for one in made(12)]
    return fit_sufficiency([lists], fit_scorer([lists], penalty=0.01), failures=0.0, penalty=0.1)


@pytest.mark.slow
def test_the_estimate_is_calibrated() -> None:
    """Where two in ten rankings that look sufficient are not, it says eight in ten, also of unseen ones."""

    def drawn(seed: int) -> list[RankingExample]:
        chance = np.random.default_rng(seed)
        more = {number: 3 for number in range(300) if chance.random() < 0.2}
        return [example(one) for one in made(300, wanted=more, seed=seed)]

    learned, unseen = drawn(0), drawn(1)
    scorer = fit_scorer([learned], penalty=0.01)
    unit = fit_sufficiency([learned], scorer, failures=0.0, penalty=1e-3)
    rows, marks = zip(*(judged(one, scorer) for one in unseen), strict=True)
    told = 1 / (1 + np.exp(-unit(np.stack(rows))))
    both = np.array([sum(map(bool, one.gold)) == 2 for one in unseen])

    assert np.mean(marks) == pytest.approx(float(told.mean()), abs=0.05)
    assert 0.8 == pytest.approx(float(told[both].mean()), abs=0.08)
    assert told[~both].mean() < 0.1


@pytest.mark.slow
def test_missing_gold_is_a_failure_to_learn_from() -> None:
    """Where retrieval never fails, examples with a gold passage taken away teach what failing looks like."""
    lists = [example(one) for one in made(120) if sum(bool(each.gold) for each in one.candidates) == 2]
    scorer = fit_scorer([lists], penalty=0.01)
    unit = fit_sufficiency([lists], scorer, failures=1.0, penalty=0.1)
    scores = {
        kind: float(np.mean([unit(judged(one, scorer)[0][None])[0] for one in examples]))
        for kind, examples in (("whole", lists), ("without", [one.without(_row(one)) for one in lists]))
    }

    assert scores["whole"] > 1 > -1 > scores["without"]


def _row(one: RankingExample) -> int:
    return next(row for row, name in enumerate(one.gold) if name)


def test_an_example_without_a_candidate_has_it_nowhere() -> None:
    """Item, words and gold go together, and what is wanted stays; the last one may go too."""
    whole = example(made(2)[1])
    row = _row(whole)
    left = whole.without(row)

    assert (len(whole.gold) - 1, whole.wanted) == (len(left.gold), left.wanted)
    assert whole.reading.items[row]["id"] not in {item["id"] for item in left.reading.items}
    assert len(left.gold) == len(left.reading.items) == len(left.reading.words)
    alone = example(CandidateList("Q?", 1, (candidate("a", "A river.", gold=True),), WORDS))
    assert (len(SUMMARY),) == judged(alone.without(0), lambda rows: np.zeros(len(rows)))[0].shape  # type: ignore[arg-type]


def test_what_suffices_is_all_gold_among_the_first() -> None:
    """Each gold document counts once, and what stands behind the first few does not count."""
    both: tuple[ListedCandidate, ...] = tuple(candidate(f"{n}", "text", gold=n in (0, 6)) for n in range(7))
    one = example(CandidateList("Q?", 2, both, WORDS))

    assert [1, 2] == [one.found(order) for order in (range(7), [6, 0, 1, 2, 3, 4, 5])]
    assert [False, True] == [one.suffices(order) for order in (range(7), [6, 0, 1, 2, 3, 4, 5])]
    twice = RankingExample(one.reading, ("a", "a", *[""] * 5), 2)
    assert (5, 1, False) == (FIRST, twice.found(range(7)), twice.suffices(range(7)))


def test_only_lists_with_both_kinds_teach() -> None:
    """All gold or none says nothing of what tells them apart."""
    kinds = {"both": (True, False), "gold": (True, True), "none": (False, False), "nothing": ()}
    lists = {
        kind: CandidateList("Q?", 1, tuple(candidate(f"{n}", "t", gold=one) for n, one in enumerate(gold)), WORDS)
        for kind, gold in kinds.items()
    }
    assert {"both"} == {kind for kind, one in lists.items() if useful(example(one))}


@pytest.mark.slow
def test_units_are_written_by_the_names_of_their_features(tmp_path: Path) -> None:
    """What is written is what the reranker loads, to six digits."""
    lists = [example(one) for one in made(24)]
    read = [example(one, dict.fromkeys(range(10), 1.0)) for one in made(24)]
    models = {}
    for kind, examples in (("plain", lists), ("cross", read)):
        scorer = fit_scorer([examples], penalty=0.01)
        models[kind] = described(scorer, fit_sufficiency([examples], scorer, failures=0.5, penalty=0.1))
    (tmp_path / "w.json").write_text(json.dumps(models))
    found = load(tmp_path / "w.json")

    assert [*NAMES] == [*models["plain"]["scorer"]["weights"]]
    assert [*SUMMARY] == [*models["cross"]["sufficiency"]["weights"]]
    assert fit_scorer([lists], penalty=0.01).weights == pytest.approx(found.plain.scorer.weights, rel=1e-5)
    assert len(found.cross.scorer.weights) == len(NAMES) + len(CROSS)
