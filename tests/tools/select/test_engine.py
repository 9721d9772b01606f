"""Selection over a small catalogue: what is found, chosen and needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyhop.core.errors import OperatorError
from polyhop.core.types import Vectors
from polyhop.encoders import Encoder
from polyhop.tools.select.choose import IntentCover, Needs, Twins, same
from polyhop.tools.select.engine import Engine, ToolCandidate
from polyhop.tools.select.features import NAMES, CandidateFeatures
from polyhop.tools.select.intents import intents
from polyhop.tools.select.lexicon import Lexicon
from polyhop.tools.select.model import HEAD, load, of_head, of_services
from polyhop.tools.tool import Tool
from tests.tools.catalogues import offered

from .shops import TOOLS, engine, takes

TWIN = replace(TOOLS[0], server="climate")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Engine]:
    """Open the known tools, and one that does what another does."""
    with engine(tmp_path_factory.mktemp("shop"), embedder, TWIN) as opened:
        yield opened


def found(shop: Engine, request: str, where: str = "") -> list[str]:
    """Return the ids of the candidates."""
    return [one["id"].rsplit("/", 1)[-1] for one in shop.search(request, intents(request), where=where)["candidates"]]


def test_each_intent_finds_its_tool(shop: Engine) -> None:
    """Two things asked in one sentence give two tools, before a second one for the first."""
    names = list(dict.fromkeys(found(shop, "Tell me the weather in Oslo and convert 100 euros into Swiss francs")))
    assert {"get_forecast", "convert_currency"} == set(names[:2])


def test_a_name_in_the_request_comes_first(shop: Engine) -> None:
    """Whoever names a tool gets it, also where the words speak for another."""
    assert "get_lyrics" == found(shop, "Use get_lyrics to tell the weather of the next days in a city")[0]


def test_a_filter_holds(shop: Engine) -> None:
    """What the filter hides is not found, not even by name."""
    assert {"send_mail", "book_room"} == set(found(shop, "get_lyrics of a song", "server = 'office'"))


def test_a_filter_that_lets_nothing_pass_finds_nothing(shop: Engine) -> None:
    """There is an answer, and it is empty."""
    assert {"candidates": [], "answerable": 0.0} == shop.search("weather", [], where="server = 'none'")


def test_the_index_follows_the_catalogue(tmp_path: Path, embedder: Encoder) -> None:
    """A tool that comes later is found by the same engine; before there are any, nothing is."""
    with engine(tmp_path, embedder) as opened:
        opened.catalogue.remove("shop")
        assert [] == found(opened, "feed the llamas")
        opened.catalogue.sync(offered(Tool("feed_llama", "Give hay to a llama.")))
        assert ["feed_llama"] == found(opened, "feed the llamas")


class AsksApart:
    """An embedder that reads questions in another way than passages and counts them."""

    def __init__(self, inner: Encoder) -> None:
        self.inner = inner
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return self.inner.encode_passages(texts)


def test_a_request_is_embedded_as_a_question(tmp_path: Path, embedder: Encoder) -> None:
    """An embedder with a way of its own to read questions reads requests in it, and the usual ones beside them."""
    apart = AsksApart(embedder)
    with engine(tmp_path, apart) as opened:
        found(opened, "weather in Oslo")
        assert {"weather in Oslo", *opened.model.bank} == set(apart.asked)


def test_a_service_speaks_for_its_tools_in_any_order() -> None:
    """What the siblings of a candidate come to is that of the others of its service; who has none gets nothing."""
    lexicon = Lexicon.of(TOOLS)
    rows = np.array([9, 3, 0, 4, 1])
    found = of_services(np.array([3.0, 1.0, 2.0, 0.0, 1.5]), rows, lexicon)

    mass = np.exp([0.0, -2.0, -1.0, -3.0, -1.5])
    others = np.array([0.0, mass[3], mass[4], mass[1], mass[2]])
    assert np.allclose(others / mass.sum(), found[:, 1])
    assert np.allclose([0.0, 1 - 3 / 8, 1 - 1.5 / 8, 1 - 2 / 8, 1 - 1 / 8], found[:, 0])


def test_many_intents_do_not_make_a_ranking_look_better() -> None:
    """What is known of a ranking is a mean over the intents or the least of them."""
    lexicon = Lexicon.of(TOOLS)
    features = np.zeros((3, 2, len(NAMES)), np.float32)
    features[1, 0, NAMES.index("cosine")] = 0.8
    one, two = (CandidateFeatures(np.array([0, 1]), features[:texts]) for texts in (2, 3))
    features[2, 1, NAMES.index("bm25")] = 0.6
    heads = [of_head(reading, load()(reading, lexicon)) for reading in (one, two)]

    assert [0.8, 0.4] == pytest.approx([head[HEAD.index("cosine")] for head in heads])
    assert [0.0, 0.0] == [head[HEAD.index("least_bm25")] for head in heads]


def test_the_background_is_that_of_the_catalogue_as_it_is(tmp_path: Path, embedder: Encoder) -> None:
    """A tool for what the bank asks raises it at the next search; an empty catalogue has none."""
    with engine(tmp_path, embedder) as opened:
        before = opened.index().background
        opened.catalogue.sync(offered(*(Tool(f"do_{row}", text) for row, text in enumerate(opened.model.bank))))
        after = opened.index().background
        opened.catalogue.remove("shop")

        assert 0.0 < before[0] and (before + 0.2 < after).all()
        assert {0.0} == set(opened.index().background.tolist())


def test_what_does_the_same_is_an_alternative(shop: Engine) -> None:
    """The same tool of two servers takes one place."""
    snapshot = shop.index().snapshot
    candidates = shop.search("weather of the next days in Oslo", [])["candidates"]
    choice = Twins().choose(candidates, 3, snapshot)

    assert 3 == len(choice.chosen)
    assert 1 == sum(name.endswith("/get_forecast") for name in choice.chosen)
    assert [1] == [len(names) for names in choice.alternatives.values()]


def test_tools_with_other_inputs_are_not_the_same() -> None:
    """A name alone makes no twin."""
    assert same(TOOLS[0], TWIN)
    assert not same(TOOLS[0], replace(TWIN, parameters=takes("place", "day")))


def test_what_a_tool_must_be_given_is_looked_for_in_its_service(shop: Engine) -> None:
    """Orders need a customer's id, which the search for customers gives; a request that holds one needs nothing."""
    orders = next(name for name in shop.index().snapshot.ids if name.endswith("/get_user_orders"))
    needs = Needs().of([orders], "Which orders has Mary?", shop.index())

    assert [("user_id", orders)] == [(one["gives"], one["to"]) for one in needs]
    assert needs[0]["id"].endswith("/search_users")
    assert [] == Needs().of([orders], "Which orders has user id 4711?", shop.index())


def test_weights_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    """The message says which file, and what to do."""
    (tmp_path / "select.json").write_text("{}")
    with pytest.raises(OperatorError, match=r"select\.json.*training\.tools"):
        load(tmp_path / "select.json")


@pytest.fixture
def offers(tmp_path: Path, embedder: Encoder) -> Iterator[Engine]:
    """Open tools for two things, one of them offered by two services, and by one of these twice."""
    made = [
        Tool("now", "Tell the weather.", server="sky"),
        Tool("later", "Tell the weather of the next days.", server="sky"),
        Tool("weather", "Say what the weather is.", server="air"),
        Tool("send", "Send a mail.", server="post"),
    ]
    with engine(tmp_path, embedder) as opened:
        opened.catalogue.sync(offered(*made))
        yield opened


def candidate(name: str, score: float, intents: list[float], *, named: bool = False) -> ToolCandidate:
    """Return a candidate."""
    serves = int(np.argmax(intents))
    return ToolCandidate(id=name, score=score, whole=0.0, intents=intents, intent=serves, named=named)


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ("sky/later", ["sky/now", "sky/later", "post/send"]),
        ("air/weather", ["sky/now", "post/send", "air/weather"]),
    ],
)
def test_all_intents_are_served_before_another_service_serves_one_again(
    offers: Engine, second: str, expected: list[str]
) -> None:
    """What one service offers for an intent may be needed together, what two offer is needed once."""
    index = offers.index()
    ids = {
        f"{tool.server}/{tool.name}": name for name, tool in zip(index.snapshot.ids, index.snapshot.tools, strict=True)
    }
    found = [
        candidate(ids["sky/now"], 5.0, [4.0, -4.0]),
        candidate(ids[second], 4.0, [4.0, -4.0]),
        candidate(ids["post/send"], 3.0, [-4.0, 4.0]),
        candidate("gone", 2.0, [0.0, 0.0]),
    ]

    assert [ids[name] for name in expected] == [one["id"] for one in IntentCover().order(found, index)]
    alone = [{**one, "intents": one["intents"][:1]} for one in found[:3]]
    assert [one["id"] for one in found[:3]] == [one["id"] for one in IntentCover().order(alone, index)]


def test_who_is_named_is_chosen_first(offers: Engine) -> None:
    """Whoever else serves the same, a name in the request comes before all that is worth more."""
    index = offers.index()
    first, second, third = index.snapshot.ids[:3]
    found = [candidate(first, 1.0, [1.0, 0.0], named=True), candidate(second, 0.5, [1.0, 0.0], named=True)]
    found.append(candidate(third, 9.0, [0.0, 1.0]))

    assert [first, second, third] == [one["id"] for one in IntentCover().order(found, index)]
