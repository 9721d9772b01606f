"""The load benchmark from its command line, on data small enough for a test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import __main__ as overview
from benchmarks.harness import run
from tests.benchmarks.test_multihop import sample, write


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_the_service_is_measured_against_the_process(tmp_path: Path) -> None:
    """Both ways answer and write, nothing goes wrong, and the ratio is that of the two rates."""
    folder, out = write(tmp_path / "films", *sample()), tmp_path / "out.json"
    words = ["serve", str(folder), "--seconds", "2", "--clients", "2", "--json", str(out)]
    code = run(lambda: overview.main(words))
    result = json.loads(out.read_text(encoding="utf-8"))
    (served,), (batched,) = result["served"], result["batched"]

    assert 0 == code
    assert (0, "", 0) == (served["errors"], served["first error"], served["mixed"])
    assert 0 < served["start s"] and 0 < served["first event"] < 1
    assert 0 < min(served["writes"], batched["writes"], served["p50 ms"], batched["questions/s"])
    assert result["ratio"] == pytest.approx(served["questions/s"] / batched["questions/s"], abs=0.01)
