"""The names in traces, and that nothing is traced where nobody listens."""

from __future__ import annotations

import sys

import pytest

from polyhop.core.telemetry import begin, new_id, provider_of


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("openai/gpt-4o-mini", "openai"),
        ("azure/deployment", "azure.ai.openai"),
        ("vertex_ai/gemini", "gcp.vertex_ai"),
        ("ollama/llama3", "ollama"),
        ("gpt-4o-mini", "_OTHER"),
    ],
)
def test_providers_have_the_names_of_the_conventions(model: str, provider: str) -> None:
    """The prefix of litellm becomes the conventions' name where they have one."""
    assert provider == provider_of(model)


def test_nothing_is_traced_without_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where OpenTelemetry was never imported, nor where it was and no SDK is set up."""
    facts = {"id": new_id(), "task": "retrieve", "question": "Who?", "k": 5, "source": "default"}
    assert begin(**facts) is None  # type: ignore[arg-type]
    monkeypatch.delitem(sys.modules, "opentelemetry.trace", raising=False)
    assert begin(**facts) is None  # type: ignore[arg-type]


def test_ids_sort_by_time() -> None:
    """Later ids are greater, as far as milliseconds tell them apart, and have 16 digits."""
    ids = [new_id() for _ in range(100)]
    assert {16} == set(map(len, ids)) and 100 == len(set(ids))
    assert sorted(one[:11] for one in ids) == [one[:11] for one in ids]
