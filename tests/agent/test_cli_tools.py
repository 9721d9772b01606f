"""`polyhop tools`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyhop.encoders import Encoder
from tests.tools.catalogues import MAIL, WEATHER, lines

from .commands import run, run_json


@pytest.mark.slow
def test_tools_are_added_listed_selected_and_synced(tmp_path: Path, embedder: Encoder) -> None:
    """A remembered file is read again, and what it lost is gone; what a request needs is selected, or nothing is."""
    path, home = lines(tmp_path / "tools.jsonl", [WEATHER, MAIL]), tmp_path / "home"
    (added,) = run_json("tools", "add", path, home=home)
    listed = run("tools", "list", "--where", "required = 'city'", home=home).stdout
    selected = run("tools", "select", "Will the weather be fine in the city these next days?", "-k", "1", home=home)
    chosen = run_json("tools", "select", "call `sendMail`", "-k", "1", "--where", "name = 'sendMail'", home=home)
    lines(path, [MAIL])
    (synced,) = run_json("tools", "sync", home=home)

    assert selected.stdout.startswith("get_forecast  ")
    assert ["sendMail"] == [one["function"]["name"] for one in chosen["tools"]]
    assert (2, "get_forecast  Tell the weather of the next days in a city.") == (added["added"], listed.strip())
    assert (1, 1) == (synced["unchanged"], synced["removed"])
    assert ["sendMail"] == [one["shown"] for one in run_json("tools", "list", home=home)]
    nothing = run("tools", "select", "Cook soup", "--where", "name = 'cook'", home=home, code=1).stdout
    assert "Nothing: there is no tool to choose from" in nothing


@pytest.mark.slow
def test_what_is_wrong_is_shown_and_is_a_fault(tmp_path: Path, embedder: Encoder) -> None:
    """A bad line is listed with its remedy, a dead server does not keep the file out, and the exit code is 1."""
    path = tmp_path / "tools.jsonl"
    path.write_text(f"{json.dumps(MAIL)}\nno json\n")
    result = run("tools", "add", path, "--mcp", "/no/such/server", home=tmp_path / "home", code=1)

    assert "line 2" in result.stdout and "mend the line" in result.stdout and "1 added" in result.stdout
    assert "there is no '/no/such/server'" in result.stderr


def test_nothing_to_add_is_the_callers_mistake(tmp_path: Path) -> None:
    """Without a source the exit code is 2 and no catalogue is made."""
    assert "give files or addresses" in run("tools", "add", home=tmp_path / "home", code=2).stderr
    assert not (tmp_path / "home").exists()


def test_queries_of_a_model_need_one_that_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says where a model is named."""
    monkeypatch.delenv("POLYHOP_LLM", raising=False)
    assert "POLYHOP_LLM" in run("tools", "select", "Fly", "--llm", home=tmp_path, code=2).stderr
