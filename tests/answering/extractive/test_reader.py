"""The reader: what it is given of a sentence, what it says of it, and which sentence it prefers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from polyhop.answering.extractive.reader import (
    BEFORE,
    CALIBRATION,
    HEADING,
    HOLDS,
    SENTENCE,
    SHIPPED,
    SUPPORTS,
    Reader,
    ReaderPair,
    encode,
    probability,
    reader,
    summary,
)
from polyhop.core.errors import OperatorError
from polyhop.encoders.minilm import tokenizer
from polyhop.retrieval.rerank.crossfile import CrossEncoderCard, load, save
from polyhop.retrieval.rerank.pairs import END, QUESTION, START, WHOLE
from tests.retrieval.rerank.crosses import drawn

LONG = "river " * 200

#: a question, the sentence that holds its answer with what stands above and before it, and others that do not
CASES: dict[str, tuple[ReaderPair, list[ReaderPair]]] = {}


def case(question: str, right: tuple[str, ...], *wrong: tuple[str, ...]) -> None:
    """Add a case."""
    CASES[question] = ReaderPair(question, *right), [ReaderPair(question, *one) for one in wrong]


case(
    "How many guests fit into the barn?",
    ("The barn seats 140 guests.", "Wedding venues"),
    ("The barn was painted red in spring.", "Wedding venues"),
    ("The chapel seats 60 guests.", "Wedding venues"),
)
case(
    "What is the speed limit on the canal?",
    ("Boats on the canal may go no faster than 6 km/h.",),
    ("The canal was dug by hand.",),
    ("Boats on the canal need a licence.",),
)
case(
    "When was Clara Veit born?",
    ("Clara Veit (born 9 May 1932 in Ulm) was a Swiss ceramist.",),
    ("Clara Veit taught at the arts school for twenty years.",),
    ("Clara Veit married the sculptor Horst Amann in 1957.",),
)
case(
    "Who composed the Harbour Suite?",
    ("It was composed by Ellen Marsh for a brass band.", "Harbour Suite"),
    ("It is played every summer on the quay.", "Harbour Suite"),
    ("It was composed by Peter Lind for two pianos.", "Meadow Suite"),
)
case(
    "How often does bus 17 run on Sundays?",
    ("Line: 17; Weekdays: every 10 min; Sundays: every 40 min",),
    ("Line: 19; Weekdays: every 12 min; Sundays: every 30 min",),
    ("Line; Weekdays; Sundays",),
)
case(
    "What is the boiling point of acetone?",
    ("Substance: acetone; Boiling point: 56 °C; Flash point: -20 °C",),
    ("Substance: ethanol; Boiling point: 78 °C; Flash point: 13 °C",),
    ("Substance: toluene; Boiling point: 111 °C; Flash point: 4 °C",),
)
case(
    "Which vaccine do puppies need at eight weeks?",
    ("At eight weeks puppies are vaccinated against distemper.", "Puppies"),
    ("Puppies sleep up to twenty hours a day.", "Puppies"),
    ("At eight weeks kittens are vaccinated against cat flu.", "Kittens"),
)
case(
    "How long does concrete have to cure?",
    ("Concrete has to cure for 28 days before it bears its full load.",),
    ("Concrete is mixed from cement, sand, gravel and water.",),
    ("Plaster has to dry for three days.",),
)
case(
    "What does the key F7 do?",
    ("F7: checks the spelling", "Keyboard shortcuts"),
    ("F5: starts the slide show", "Keyboard shortcuts"),
    ("F12: saves under another name", "Keyboard shortcuts"),
)
case(
    "Can I bring my dog to the campsite?",
    ("Dogs are welcome on the campsite if they are kept on a lead.", "Campsite rules"),
    ("The campsite lies by a lake.", "Campsite rules"),
    ("Quiet hours begin at ten in the evening.", "Campsite rules"),
)
case(
    "Why did the bakery move?",
    ("The bakery moved because the old oven had been condemned.",),
    ("The bakery has sold rye bread since 1908.",),
    ("The florist moved because the rent had doubled.",),
)
case(
    "What is the dose of ibuprofen for adults?",
    ("Adults take 400 mg of ibuprofen up to three times a day.", "Ibuprofen"),
    ("Children take 10 mg per kilogram of body weight.", "Ibuprofen"),
    ("Do not take ibuprofen on an empty stomach.", "Ibuprofen"),
)
case(
    "Who scored the winning goal against Norfield?",
    ("Against Norfield it was Dana Roth who scored the winner in the 88th minute.",),
    ("Against Easton it was Mia Kurz who scored the winner in the 70th minute.",),
    ("The match against Norfield was sold out.",),
)
case(
    "Which river flows through Hallbach?",
    ("Hallbach lies on both banks of the Sill.", "Hallbach"),
    ("Hallbach has 4,200 inhabitants.", "Hallbach"),
    ("Ostheim lies on the left bank of the Werra.", "Ostheim"),
)
case(
    "how hot must the oven be for the meringue",
    ("Bake the meringue at 95 °C with the door ajar.", "Meringue"),
    ("Beat the egg whites until they are stiff.", "Meringue"),
    ("Bake the sponge at 180 °C for half an hour.", "Sponge cake"),
)
case(
    "Where did Tomas Brandl study?",
    ("He studied law in Heidelberg and Basel.", "Tomas Brandl", "Tomas Brandl was a judge."),
    ("He was a judge at the district court.", "Tomas Brandl"),
    ("He studied medicine in Kiel.", "Arno Fels", "Arno Fels was a physician."),
)
case(
    "Wie tief ist der Waldsee?",
    ("Der Waldsee ist 31 Meter tief.",),
    ("Der Waldsee ist ein beliebter Badeort.",),
    ("Der Bergsee ist 12 Meter tief.",),
)
case(
    "Who pays for the repair of the roof?",
    ("The landlord bears the cost of repairs to the roof.", "Lease > Repairs"),
    ("The tenant bears the cost of minor repairs up to 100 euros.", "Lease > Repairs"),
    ("Repairs must be announced two days ahead.", "Lease > Repairs"),
)
case(
    "What is the password policy for contractors?",
    ("Contractors must change their password every 30 days.", "Security"),
    ("Employees must change their password every 90 days.", "Security"),
    ("Contractors wear a yellow badge.", "Security"),
)
case(
    "In which year did the ferry Astrid enter service?",
    ("The ferry Astrid entered service in 1998.",),
    ("The ferry Birgit entered service in 2003.",),
    ("The ferry Astrid carries 40 cars.",),
)


@pytest.fixture(scope="module")
def shipped() -> Reader:
    """Return the reader that comes along."""
    return reader()


def test_the_sentence_alone_is_of_the_second_segment() -> None:
    """The question stands before it, what is above and before it behind it."""
    (tokens,) = encode([ReaderPair("who?", "It is Ann.", "Staff", "A name.")], tokenizer())
    known = tokenizer().encode("It is Ann.", add_special_tokens=False).ids

    assert [START] == tokens.ids[:1]
    assert [*known, END] == tokens.ids[tokens.first : tokens.last]
    assert END == tokens.ids[-1] == tokens.ids[tokens.first - 1]
    (bare,) = encode([ReaderPair("who?", "It is Ann.")], tokenizer())
    assert tokens.ids[: tokens.last] == bare.ids


def test_long_parts_are_cut() -> None:
    """Whatever is given, a pair has at most the tokens that the model takes, and all of its sentence's share."""
    (tokens,) = encode([ReaderPair(LONG, LONG, LONG, LONG)], tokenizer())

    assert QUESTION + 2 == tokens.first
    assert SENTENCE + 1 == tokens.last - tokens.first
    assert WHOLE >= len(tokens.ids) > tokens.last
    (short,) = encode([ReaderPair("who?", "It is Ann.", LONG, LONG)], tokenizer())
    assert HEADING + 1 + BEFORE + 1 == len(short.ids) - short.last


@pytest.mark.slow
def test_a_file_with_two_logits_is_read_as_one_with_two(tmp_path: Path) -> None:
    """Both columns come from the graph; that of a file with one logit is flat."""
    pairs = [pair for right, wrong in CASES.values() for pair in (right, *wrong)]
    shapes = {1: (len(pairs),), 2: (len(pairs), 2)}
    for outputs, shape in shapes.items():
        file = tmp_path / f"{outputs}.safetensors"
        save(file, drawn(1, outputs=outputs), CrossEncoderCard(1, outputs=outputs))
        assert shape == Reader(file, tmp_path).logits(pairs).shape


def test_the_best_and_its_distance_are_summed_up() -> None:
    """The margin is that to the second best, and as large as may be for a sentence alone."""
    assert [2.5, 2.0] == summary(np.array([0.5, 2.5, -1.0], np.float32)).tolist()
    assert summary(np.array([1.0], np.float32))[1] >= summary(np.array([1.0, -9.0], np.float32))[1]


def test_a_broken_calibration_is_told(tmp_path: Path) -> None:
    """A file of other features is refused, with what to do."""
    file = tmp_path / "reader.json"
    file.write_text('{"format": 1, "right": {"weights": {"best": 1.0}, "bias": 0.0}}')

    with pytest.raises(OperatorError, match=r"training\.reader calibrate"):
        probability(np.zeros(2, np.float32), file)
    assert 0.0 == probability(np.zeros(0, np.float32))


def test_the_weights_say_what_they_are() -> None:
    """Two logits, of a file below 12 MB with a card beside it and a calibration."""
    card, _ = load(SHIPPED)

    assert 2 == card.outputs
    assert SHIPPED.stat().st_size < 12_000_000
    assert CALIBRATION.exists() and SHIPPED.with_suffix(".md").exists()


@pytest.mark.slow
class TestShipped:
    """The weights that come along."""

    def test_the_right_sentence_is_preferred(self, shipped: Reader) -> None:
        """Among sentences on the same thing, and the same of other things, the one with the answer is the best."""
        missed = []
        for question, (right, wrong) in CASES.items():
            holds = shipped.logits([right, *wrong])[:, HOLDS]
            missed += [question] if holds.argmax() else []

        assert len(CASES) >= 20
        assert len(missed) <= 3, missed  # two, of which one by less than the logits differ between processors

    def test_an_answer_makes_an_answer_probable(self, shipped: Reader) -> None:
        """With the right sentence the probability is mostly higher than without it."""
        pairs = [(shipped.logits([right, *wrong])[:, HOLDS]) for right, wrong in CASES.values()]
        higher = [probability(holds) > probability(holds[1:]) for holds in pairs]

        assert sum(higher) >= 0.7 * len(CASES)  # 16; the card's AUROC of 0.71 promises no more

    def test_the_same_is_said_again(self, shipped: Reader) -> None:
        """The same pairs, in whatever order and from however many threads, have the same logits."""
        pairs = [pair for right, wrong in CASES.values() for pair in (right, *wrong)]
        wanted = shipped.logits(pairs)

        assert np.array_equal(wanted, shipped.logits(pairs[::-1])[::-1])
        with ThreadPoolExecutor(4) as pool:
            assert all(np.array_equal(wanted, one) for one in pool.map(lambda _: shipped.logits(pairs), range(4)))

    def test_a_sentence_that_leads_on_supports_more_than_it_holds(self, shipped: Reader) -> None:
        """Of two hops the first one has the higher logit of supporting."""
        question = "In which city was the director of Silent Harbour born?"
        first, second = shipped.logits(
            [
                ReaderPair(question, "Silent Harbour is a 1994 film directed by Maud Ekberg.", "Silent Harbour"),
                ReaderPair(question, "Maud Ekberg was born in Malmö.", "Maud Ekberg"),
            ]
        )

        assert first[SUPPORTS] > second[SUPPORTS]
        assert second[HOLDS] > first[HOLDS]

    def test_nothing_is_read_of_nothing(self, shipped: Reader) -> None:
        """No pairs have no logits."""
        assert (0, 2) == shipped.logits([]).shape
