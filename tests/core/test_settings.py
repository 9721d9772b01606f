"""Settings: defaults, and what the environment makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from polyhop.core.settings import GROUPS, RETIRED, Settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every setting out of the environment."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"POLYHOP_{name.upper()}", raising=False)


def test_every_setting_is_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """`POLYHOP_<FIELD>` is read for each field, as the type of the field."""
    given = {
        "HOME": "/data",
        "K": "7",
        "SECONDS": "1.5",
        "LLM": "openai/x",
        "MAX_HOPS": "3",
        "UPDATERS": "link, directional",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"POLYHOP_{name}", value)
    settings = Settings()

    assert (Path("/data"), 7, 1.5) == (settings.home, settings.k, settings.seconds)
    assert ("openai/x", 3, "link, directional") == (settings.llm, settings.max_hops, settings.updaters)


@pytest.mark.parametrize(("name", "value"), [
    ("K", "0"), ("K", "many"), ("MAX_HOPS", "8"), ("HOPS", "9"), ("SECONDS", "0"), ("MAX_BYTES", "-1"),
    ("LLM_TIMEOUT", "0"),
])  # fmt: skip
def test_a_bad_value_is_refused_by_name(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value out of range, or none at all, is an error that names the field."""
    monkeypatch.setenv(f"POLYHOP_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_a_misspelt_setting_is_refused() -> None:
    """A field that is not there is an error instead of being passed over."""
    with pytest.raises(ValidationError, match="hom"):
        Settings(hom="/data")  # type: ignore[call-arg]


def test_home_understands_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tilde in the environment, where no shell expands it, is the home directory."""
    monkeypatch.setenv("POLYHOP_HOME", "~/collections")
    assert Path("~/collections").expanduser() == Settings().home


def test_settings_do_not_change() -> None:
    """Settings are values."""
    with pytest.raises(ValidationError):
        Settings().k = 3  # type: ignore[misc]


def test_every_setting_is_in_a_group_or_retired() -> None:
    """The documents show the groups; what is retired is shown nowhere, and there are few settings."""
    grouped = [name for group in GROUPS.values() for name in group]

    assert sorted(Settings.model_fields) == sorted([*grouped, *RETIRED])
    assert 28 >= len(grouped)


@pytest.mark.parametrize(("name", "value"), [
    ("fusion", "minmax"), ("augment", "feedback"), ("gate", "0.4"), ("distinct", "false"), ("treehop", "weights"),
    ("pairs", "7"), ("sure", "0.1"), ("unsure", "0.2"),
])  # fmt: skip
def test_a_retired_setting_holds_and_warns(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given as an argument or in the environment; the warning points at whoever gave it and says what to do."""
    with pytest.warns(DeprecationWarning) as told:
        given = Settings(**{name: value})  # type: ignore[arg-type]
    monkeypatch.setenv(f"POLYHOP_{name.upper()}", value)
    with pytest.warns(DeprecationWarning, match=f"POLYHOP_{name.upper()}"):
        assert getattr(given, name) == getattr(Settings(), name)

    assert str(getattr(given, name)).lower() == value
    assert [__file__] == [one.filename for one in told]
    assert RETIRED[name] in str(told[0].message)
