"""What parts add and rules save, against examples worked by hand."""

from __future__ import annotations

import numpy as np

from benchmarks.ablation import gains, parts_table, rules_table, savings
from benchmarks.metrics import mean_rows, rows

GOLD = [frozenset({"a", "b"}), frozenset({"c"})]
WHOLE = [["a", "b"], ["x", "c"]]
LESS = [["a", "x"], ["x", "c"]]
MORE = [["a", "b"], ["x", "x"]]


def test_a_part_adds_what_is_lost_without_it() -> None:
    """`-part` is the whole run less the variant, `+part` the variant less the whole run."""
    found = gains({"polyhop": WHOLE, "-link": LESS, "+shared": MORE}, GOLD, seed=1).to_dict()

    assert 1.0 == found["polyhop"]["recall@5"][0]
    assert [0.25, 0.5] == [found["-link"]["recall@5"][0], found["-link"]["all@5"][0]]
    assert [-0.5, -0.5] == [found["+shared"]["recall@5"][0], found["+shared"]["all@10"][0]]


def test_a_rule_saves_searches_and_may_lose_recall() -> None:
    """The first rule is what the others are held against."""
    rankings = {"patient": WHOLE, "hasty": LESS}
    found = savings(rankings, {"patient": [4, 4], "hasty": [1, 4]}, GOLD, seed=1).to_dict()

    assert [4.0, 4.0, 4.0] == found["patient"]["hops"]
    assert [0.0, 0.0, 0.0] == found["patient"]["saved"]
    assert [2.5, 1.5, 0.25] == [found["hasty"][column][0] for column in ("hops", "saved", "recall@5")]


def test_the_interval_of_a_mean_over_arms_is_that_of_its_sums() -> None:
    """Two arms of the same questions are resampled together: opposite differences cancel in every resample."""
    values = np.random.default_rng(2).random((30, 1))
    up, down = (rows({"a": sign * values}, ["x"], seed=3) for sign in (1, -1))
    other = rows({"a": -values}, ["x"], seed=4)

    assert {"a": {"x": [0.0, 0.0, 0.0]}} == mean_rows([up, down]).to_dict()
    low, high = mean_rows([up, other]).to_dict()["a"]["x"][1:]
    assert low < 0 < high


def test_arms_count_alike() -> None:
    """The mean over arms does not weigh them by their questions."""
    one, many = rows({"a": np.ones((1, 1))}, ["x"], seed=0), rows({"a": np.zeros((9, 1))}, ["x"], seed=0)

    assert 0.5 == mean_rows([one, many]).to_dict()["a"]["x"][0]


def test_tables_show_points_and_signs() -> None:
    """Gains are in points with a sign, the whole run in percent, hops as they are."""
    parts = gains({"polyhop": WHOLE, "-link": LESS}, GOLD, seed=1).to_dict()
    whole, link = parts_table(parts, {"polyhop": 30.0, "-link": 12.5})

    assert ("100.0 [100.0, 100.0]", "30.0") == (whole["recall@5"], whole["ms"])
    assert ("+25.0 [+0.0, +50.0]", "+17.5") == (link["recall@5"], link["ms"])

    rules = savings({"patient": WHOLE, "hasty": LESS}, {"patient": [4, 4], "hasty": [1, 4]}, GOLD, seed=1).to_dict()
    _, hasty = rules_table(rules, {"patient": 90.0, "hasty": 40.25})

    assert ("2.50", "1.50 [0.00, 3.00]", "40.2") == (hasty["hops"], hasty["saved"], hasty["ms"])


def test_milliseconds_of_what_is_added_are_its_own() -> None:
    """An addition that takes longer costs, a part left out that took nothing costs nothing."""
    parts = gains({"polyhop": WHOLE, "-link": WHOLE, "+more": WHOLE}, GOLD, seed=1).to_dict()
    made = parts_table(parts, {"polyhop": 30.0, "-link": 30.0, "+more": 41.0})

    assert ["30.0", "+0.0", "+11.0"] == [row["ms"] for row in made]
