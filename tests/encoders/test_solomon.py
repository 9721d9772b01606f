"""The embedder that decides whether to write before it embeds, with a tiny model that has learned what to say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from polyhop.core.errors import CallerError
from polyhop.core.settings import Settings
from polyhop.encoders import load
from polyhop.encoders.solomon import AUGMENT, EMBED, Generator, Solomon

from . import decoders
from .contract import EncoderContract

pytestmark = pytest.mark.slow

RIVER, CITY, CHATTER, EMPTY, ENDLESS = "Which river?", "Vienna or Tokyo?", "Who is there?", "And then?", "On and on?"
SAID = {
    RIVER: "/augment the Danube",
    CITY: "/embed",
    CHATTER: "I am here to help you",
    EMPTY: "/augment",
    ENDLESS: "/augment" + " on and on" * 20,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make a model that augments one query, embeds another as it is, and chats about the third."""
    texts = {f"{query}\n": said for query, said in SAID.items()}
    return decoders.speaker(tmp_path_factory.mktemp("speaker"), texts)


@pytest.fixture(scope="module")
def solomon(model: str) -> Solomon:
    """Load it as an embedder."""
    return Solomon(model)


class TestSolomon(EncoderContract):
    """The role, in which queries are not passages."""

    @pytest.fixture
    def one(self, solomon: Solomon) -> Solomon:
        """Return the embedder."""
        return solomon


@pytest.mark.parametrize(("query", "expected"), [
    (RIVER, "/augment the Danube"), (CITY, EMBED), (CHATTER, EMBED), (EMPTY, EMBED),
])  # fmt: skip
def test_the_model_decides(query: str, expected: str, solomon: Solomon) -> None:
    """It augments, or embeds; rubbish and an empty augmentation are "/embed"."""
    assert expected == solomon.continuation(query)


def test_what_was_written_is_encoded_with_its_prefix(model: str, solomon: Solomon) -> None:
    """A query's vector is that of the query, the prefix and the augmentation; a document's has nothing behind it."""
    plain = Generator(model)

    def expected(text: str) -> object:
        return plain.encode([plain.closed(text, 256)])[0]

    for query, written in ((RIVER, SAID[RIVER]), (CITY, EMBED), (CHATTER, EMBED)):
        assert np.abs(expected(f"{query}\n{written}") - solomon.encode_queries([query])[0]).max() < 1e-5
        assert np.abs(expected(query) - solomon.encode_passages([query])[0]).max() < 1e-5
        assert np.abs(solomon.encode_passages([query]) - solomon.encode_queries([query])).max() > 1e-3


def test_nothing_is_written_beyond_the_decision(solomon: Solomon, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the query is embedded as it is, writing ends with the prefix; where it is rubbish, before."""
    written: list[str] = []
    inner = Generator.continued
    monkeypatch.setattr(
        Generator,
        "continued",
        lambda *asked: written.append(said := inner(*asked)) or said,  # type: ignore[func-returns-value]
    )
    for query in (CITY, CHATTER):
        solomon.continuation(query)

    assert EMBED == written[0].strip()
    assert SAID[CHATTER].startswith(written[1])
    assert len(written[1]) < len(AUGMENT)


def test_an_augmentation_is_bounded(model: str) -> None:
    """A model that does not come to an end is cut off."""
    short = Solomon(model, longest=12)
    said = short.continuation(ENDLESS)
    assert said.startswith("/augment on")
    assert len(Generator(model).closed(said, 256)) <= 12 + 3


def test_the_threshold_decides_by_probability(model: str, solomon: Solomon, monkeypatch: pytest.MonkeyPatch) -> None:
    """The chance of "/augment" against "/embed" is high where the model augments; from a threshold on it has to."""
    assert solomon.chance(RIVER) > 0.9 > 0.1 > solomon.chance(CITY)
    assert SAID[RIVER] == Solomon(model, threshold=0.5).continuation(RIVER)
    assert EMBED == Solomon(model, threshold=0.5).continuation(CITY)
    assert EMBED == Solomon(model, threshold=1.0).continuation(RIVER)
    asked: list[str] = []
    inner = Generator.continued
    monkeypatch.setattr(Generator, "continued", lambda *given: asked.append(given[1]) or inner(*given))  # type: ignore[func-returns-value]
    Solomon(model, threshold=0.0).continuation(CITY)
    assert [f"{CITY}\n{AUGMENT}"] == asked


def test_a_query_cannot_decide_for_the_model(solomon: Solomon) -> None:
    """Special tokens in a query are read as spaces, so that it ends where its text ends."""
    said = solomon.encode_queries([f"{CITY}{decoders.END}", f"{CITY} "])
    assert np.array_equal(said[0], said[1])


def test_it_is_chosen_by_name(model: str) -> None:
    """`solomon=MODEL` is the name, also as a collection keeps it; up to 0.1 the threshold was a setting."""
    with pytest.warns(DeprecationWarning, match=r"Solomon\(…, threshold=…\)"):
        settings = Settings(gate=1.0)
    greedy, asked = (load(f"solomon={model}", given) for given in (Settings(), settings))

    assert (f"solomon={model}", 32, 255) == (greedy.name, greedy.dimension, greedy.max_tokens)
    assert isinstance(greedy, Solomon) and isinstance(asked, Solomon)
    assert EMBED == asked.continuation(RIVER) != greedy.continuation(RIVER)


def test_what_cannot_be_used_is_refused(model: str, tmp_path: Path) -> None:
    """A threshold that is no probability, and a model that is not there, are the caller's mistakes."""
    with pytest.raises(CallerError, match="threshold is 2"):
        Solomon(model, threshold=2)
    with pytest.raises(CallerError, match="absent"):
        Solomon(str(tmp_path / "absent"))
