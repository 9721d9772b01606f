"""Near-duplicates give up their places, and nothing else does."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.retrieval.rerank.duplicates import LARGEST, Duplicates
from polyhop.retrieval.rerank.role import Ranked
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests import corpus

BATTLE = (
    "The Battle of Stoney Creek was fought on 6 June 1813 during the War of 1812 near present-day Stoney Creek, "
    "Ontario. British units made a night attack on an American encampment."
)
TEXTS = {
    "battle": ("Battle of Stoney Creek", BATTLE),
    "again": ("Battle of Stoney Creek", BATTLE),
    "edited": ("Battle of Stoney Creek", BATTLE.replace(", Ontario", " in Ontario").replace("units", "troops")),
    "longer": ("Battle of Stoney Creek", f"{BATTLE} It was a victory."),
    "other text": ("Battle of Stoney Creek", "A monument to the battle of Stoney Creek was built a century later."),
    "other day": ("Battle of Stoney Creek", BATTLE.replace("6 June 1813", "9 July 1814")),
    "other name": ("Battle of Fort George", BATTLE.replace("Battle of Stoney Creek", "Battle of Fort George")),
    "paris": ("Paris", "Paris is the capital of France."),
}


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open a collection of passages that resemble each other."""
    documents = [Document(f"{key}.md", text, title) for key, (title, text) in TEXTS.items()]
    with corpus.collection(tmp_path_factory.mktemp("twins"), embedder, documents=documents) as opened:
        yield opened


def moved(opened: Collection, *keys: str, by: Duplicates | None = None, k: int = 5) -> list[tuple[str, list[str]]]:
    """Return (key, keys of its duplicates) in the new order for passages that were ranked in this order."""
    ids = corpus.ids(opened)
    names = {name: key for key, name in ids.items()}
    order = [
        Ranked(id=ids[key], score=9.0 - place, via="search", path=[], name="", hop=0) for place, key in enumerate(keys)
    ]
    before = json.dumps(order)
    ranking = (by or Duplicates()).move(order, Run(opened, "Where was the battle?", k=k))

    assert before == json.dumps(order)
    assert ranking == json.loads(json.dumps(ranking))
    return [(names[item["id"]], [names[name] for name in item.get("duplicates", [])]) for item in ranking]


@pytest.mark.parametrize("worse", ["again", "edited", "longer"])
def test_what_says_the_same_goes_last_and_is_named(worse: str, texts: Collection) -> None:
    """A copy, an edited copy and one with a sentence more stand behind all others, named by the better one."""
    assert [("battle", [worse]), ("paris", []), (worse, [])] == moved(texts, "battle", worse, "paris")


@pytest.mark.parametrize("worse", ["other text", "other day", "other name", "paris"])
def test_what_says_something_else_keeps_its_place(worse: str, texts: Collection) -> None:
    """The same title over another text, another date, or another name in the same words are no duplicates."""
    assert [("battle", []), (worse, [])] == moved(texts, "battle", worse)


def test_the_best_of_several_is_kept_and_names_all(texts: Collection) -> None:
    """Of copies the best ranked stays; the others follow at the end in their order."""
    expected = [("edited", ["again", "battle"]), ("paris", []), ("other day", []), ("again", []), ("battle", [])]
    assert expected == moved(texts, "edited", "again", "paris", "battle", "other day")


@pytest.mark.parametrize(("by", "is_off"), [
    (Duplicates(cosine=1.1), True),
    (Duplicates(overlap=1.0), True),
    (Duplicates(), False),
])  # fmt: skip
def test_both_measures_must_agree(by: Duplicates, is_off: bool, texts: Collection) -> None:  # noqa: FBT001
    """A pair that one of the two measures finds different is left alone."""
    assert is_off == (("edited", []) == moved(texts, "battle", "edited", "paris", by=by)[1])


def test_only_the_head_is_compared(texts: Collection) -> None:
    """What stands further down than anybody asked for keeps its place."""
    order = ("battle", "paris", "again")
    assert [("battle", []), ("paris", []), ("again", [])] == moved(texts, *order, by=Duplicates(head=2), k=0)
    assert ("again", []) == moved(texts, *order, by=Duplicates(head=2), k=1)[-1]
    assert ["again"] == moved(texts, *order, by=Duplicates(head=2), k=1)[0][1]


def test_the_comparison_is_bounded(texts: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many passages are asked for, no more than the largest head is stacked."""
    sizes: list[int] = []
    stack = np.stack

    def noting(rows: list[np.ndarray]) -> np.ndarray:
        sizes.append(len(rows))
        return stack(rows)

    monkeypatch.setattr(np, "stack", noting)
    moved(texts, *(["battle", "paris"] * 400), k=1_000)
    assert [LARGEST] == sizes


@pytest.mark.parametrize("keys", [(), ("battle",)])
def test_few_passages_are_left_as_they_are(keys: tuple[str, ...], texts: Collection) -> None:
    """Nothing, or one passage, is no error."""
    assert [(key, []) for key in keys] == moved(texts, *keys)
