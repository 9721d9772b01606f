"""Variants: each part in the tables makes a difference, and what cannot be left out is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from polyhop.agent import Agent, CallerError, Config, MaxHops, Settings
from polyhop.agent.evaluate.variants import WITH, WITHOUT, WITHOUT_AGAIN, Setup, WithoutKind, variants
from polyhop.retrieval.hop.directional import DirectionalHop
from polyhop.store.collection import Collection
from polyhop.store.names import Kind
from tests import corpus


def setup(films: Collection) -> Setup:
    """Return the default configuration over the known passages."""
    return Setup(films, Config())


def test_every_part_changes_the_default_profile(films: Collection) -> None:
    """No entry of the tables is without effect, and all variants answer."""
    made = variants(setup(films), without=list(WITHOUT), plus=list(WITH))

    assert [f"-{name}" for name in WITHOUT] + [f"+{name}" for name in WITH] == list(made)
    for one in made.values():
        assert one != setup(films)
        assert Agent(one.retriever, config=one.config).retrieve(corpus.QUESTION).passages


def test_every_part_of_the_second_look_may_be_left_out(films: Collection) -> None:
    """Each changes the quality profile, wherever a reranker comes in it, and none the default one."""
    whole = Config.of(Settings(profile="quality"))
    made = variants(Setup(films, whole), without=list(WITHOUT_AGAIN))

    assert [f"-{name}" for name in WITHOUT_AGAIN] == list(made)
    assert ["learned", "cover"] == [one.name for one in made["-reader"].config.rerankers]
    assert () == made["-further"].config.further
    assert whole.further == made["-reader"].config.further
    for part in WITHOUT_AGAIN:
        with pytest.raises(CallerError, match="changes nothing"):
            variants(setup(films), without=[part])


def test_quality_can_be_added(films: Collection) -> None:
    """The second look of the settings comes to a run that has none, and all else stays."""
    made = variants(setup(films), plus=["quality"])["+quality"].config
    quality = Config.of(Settings(profile="quality"))

    assert replace(Config(), further=quality.further, light=(), rerankers=quality.rerankers) == made


def test_without_the_learned_ranking_the_path_score_decides(films: Collection) -> None:
    """It is left out wherever it comes, and the sums of the path score are what is told."""
    quality = Config.of(Settings(profile="quality"))
    again = variants(Setup(films, quality), without=["learned"])["-learned"].config
    fast = variants(setup(films), without=["learned"])["-learned"].config

    assert ["reader", "cover"] == [one.name for one in again.rerankers]
    assert (["cover"], ()) == ([one.name for one in fast.light], fast.rerankers)
    best, *_ = Agent(films, config=fast).retrieve(corpus.QUESTION).passages
    assert {"cosine", "covered"} <= set(best.parts)
    assert not {"cosine", "covered"} & set(Agent(films).retrieve(corpus.QUESTION).passages[0].parts)


def test_a_reranker_is_added_after_the_learned_one(films: Collection) -> None:
    """What is compared is the learned ranking with and without it."""
    made = variants(setup(films), plus=["rocchio"])["+rocchio"].config

    assert ["learned", "cover", "rocchio"] == [one.name for one in made.rerankers]


def test_without_links_only_the_first_search_finds(films: Collection) -> None:
    """The variant without links follows none; the one without names in the question names none."""
    made = variants(setup(films), without=["link", "named"])
    ways = {
        name: {one.via for one in Agent(films, config=variant.config).retrieve(corpus.QUESTION, 12).passages}
        for name, variant in made.items()
    }

    assert {"search", "named"} == ways["-link"]
    assert {"search", "link"} == ways["-named"]


def test_names_of_a_kind_are_hidden(films: Collection) -> None:
    """Without titles a document is still found by its other names, but not by its title."""
    hidden = WithoutKind(films, Kind.TITLE)
    names = ["vienna", "ste*spielberg"]
    everyone = films.bearers(names, 60)

    assert {"vienna": Kind.TITLE, "ste*spielberg": Kind.FUZZY} == {
        name: there[0][1] for name, there in everyone.items()
    }
    assert {"ste*spielberg": everyone["ste*spielberg"]} == hidden.bearers(names, 60)


def test_an_unknown_part_is_answered_with_the_list(films: Collection) -> None:
    """A part that is not in the tables is refused, as is one on the other side."""
    with pytest.raises(CallerError, match="unknown part 'magic'; choose among hops, link, hyperlink"):
        variants(setup(films), without=["magic"])
    with pytest.raises(CallerError, match="unknown part 'link'; choose among span"):
        variants(setup(films), plus=["link"])


def test_a_part_that_is_not_there_cannot_be_left_out(films: Collection) -> None:
    """What would compare a run with itself, or have an updater twice, is the caller's mistake."""
    plain = Setup(films, Config(hops=(DirectionalHop(),), stop=MaxHops(1)))
    with pytest.raises(CallerError, match="'link' changes nothing"):
        variants(plain, without=["link"])
    with pytest.raises(CallerError, match="two parts are called 'directional'"):
        variants(plain, plus=["directional"])


def test_a_part_that_does_not_fit_is_told(films: Collection) -> None:
    """A first search of one's own has no names to switch off."""
    own = replace(setup(films), config=Config(first=DirectionalHop(name="search")))
    with pytest.raises(CallerError, match="'named' does not fit the parts of this configuration"):
        variants(own, without=["named"])
