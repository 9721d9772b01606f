"""The examples run, each in a process and a folder of its own, and show what they are there to show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from polyhop.encoders import Encoder
from tests.documents import ROOT, environment

#: example -> what it must print
SHOWN = {
    "01_ask_the_example": ["303 passages indexed", "Beware! The Blob > Larry Hagman", "Mary Martin"],
    "02_index_a_folder": ["3 files: 3 indexed, 0 unchanged", "3 files: 0 indexed, 3 unchanged", "kept for 35 days"],
    "03_filters": [
        "canteen, note, plan-2023, plan-2024",
        "not year exists" + " " * 34 + "note\n",
        "filter, column 22:",
    ],
    "04_several_collections": ["tickets + handbook", "holding its green button for ten seconds. [2]"],
    "05_stream_the_hops": ["search", "'bridges': ['Jaws'", "finish", "Cincinnati. [1]"],
    "06_batch_and_async": ["The Third Man, Carol Reed in", "born in Tokyo. [2]"],
    "07_resume_a_killed_run": ["first process\n  search\n  killed\n", "repeated\n  ", "  search\n  rerank\n  finish\n"],
    "08_your_own_search": ["search alone: ['Checkout']", "Harbour Team (via link, path ['Checkout'])", "in Lisbon"],
    "09_a_tool_for_an_agent": ["find_passages", '"title": "Steven Spielberg"', "In Cincinnati [2]"],
    "10_with_an_llm": [
        "scripted: Steven",
        "supported: He directed Jaws in 1975.",
        "NOT BORNE OUT: Jaws was filmed in Paris.",
    ],
    "11_exclusions": [
        "left out: Casino Royale, GoldenEye",
        "Casino Royale, The Mask of Zorro\n    only from 1996 to 2010, by metadata 'year'",
        "it was not used as a filter",
    ],
    "13_replayed_model": [
        "Steven |Spielberg, |who",
        "scripted: supported [True]",
        "asked: Question: Where was the director of Jaws born?",
    ],
    "12_chat": [
        "understood as: Who is the mother of Larry Hagman?",
        "understood as: When was Beware! The Blob released?",
        "understood as: When was Dancing Pirate released?",
        "And when?\n  understood as: When was the director of film Human Flow born?",
    ],
    "14_tool_catalogue": [
        "rows: 2 added, 0 changed, 0 removed",
        "search: 2 tools bear this name, offered by",
        "addBook: it has no description",
        "rows: 0 added, 0 changed, 1 removed",
        "python: 1 added",
        "'name': 'get_forecast'",
    ],
    "15_many_tools": [
        "bound: search_tools, get_forecast\n",
        "bound: search_tools, send_mail, get_forecast\n",
        "tool: send_mail: the weather",
    ],
    "16_a_toolkit": [
        "send_mail: send a letter about it to my sister",
        "bind: ['get_forecast', 'send_mail']",
        "2 days of rain in Oslo",
        "there is no tool 'delete_mail'",
    ],
    "17_a_proxy_before_mcp_servers": [
        "['search_tools', 'call_tool']",
        "sent 'Hello' to Anna",
        "error: Error executing tool send_letter",
        "error: there is no tool 'burn_letters'",
    ],
    "21_an_mcp_server": [
        "['retrieve', 'ask', 'explain', 'select_tools', 'list_collections']",
        "progress: search 1: 2 passages, 2 of them new",
        "Steven Spielberg: Steven Spielberg was born in Cincinnati.",
        "Sources:\n[1] Jaws (polyhop://default/passages/",
        "[1] Jaws  named in the question",
    ],
    "18_inside_your_graph": ["search 0\nhop 1\nsearch 1\nrerank 1\nfinish 1\n", "Seven Samurai > Akira Kurosawa"],
    "19_haystack_pipeline": ["Seven Samurai > Akira Kurosawa was", "\nQuestion: Where was"],
    "20_llama_index_query": ["title: Akira Kurosawa\n", "\nAkira Kurosawa ['Seven Samurai']\n"],
}
#: and what not: a second first search, a draft that a filter leaves out
HIDDEN = {"07_resume_a_killed_run": "  search\n  hop\n"} | dict.fromkeys(
    ("19_haystack_pipeline", "20_llama_index_query"), "by somebody"
)
LONGEST = 60


def test_every_example_is_tested() -> None:
    """No example is without a test, and none is longer than a screen or two."""
    lengths = {path.stem: len(path.read_text(encoding="utf-8").splitlines()) for path in _examples()}

    assert sorted(SHOWN) == sorted(lengths)
    assert {} == {name: length for name, length in lengths.items() if length > LONGEST}


def test_every_example_says_how_it_is_run() -> None:
    """The first line of an example holds the command that runs it."""
    firsts = {path.name: path.read_text(encoding="utf-8").splitlines()[0] for path in _examples()}

    assert [] == [name for name, line in firsts.items() if f"python examples/{name}" not in line]


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_example_runs(name: str, tmp_path: Path, embedder: Encoder) -> None:
    """The example ends well, prints what it promises, complains of nothing and leaves nothing behind."""
    command = [sys.executable, "-P", str(ROOT / "examples" / f"{name}.py")]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, encoding="utf-8")

    assert (0, "") == (done.returncode, done.stderr)
    assert [] == [fragment for fragment in SHOWN[name] if fragment not in done.stdout]
    assert HIDDEN.get(name, "Traceback") not in done.stdout
    assert [] == list(tmp_path.iterdir())


def _examples() -> list[Path]:
    return sorted((ROOT / "examples").glob("*.py"))
