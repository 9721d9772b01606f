"""The command line: answers, lists, removal, and what a user's mistake looks like."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from polyhop.agent import Agent, __version__
from polyhop.agent.cli import app
from polyhop.agent.cli.common import BUG, INTERRUPTED
from polyhop.agent.hop_svg import hop_tree_svg
from polyhop.encoders import Encoder

from .commands import QUESTION, files, run, run_json


@pytest.fixture
def home(tmp_path: Path, embedder: Encoder) -> Path:
    """Return a home with an indexed collection."""
    run("index", files(tmp_path / "docs"), home=tmp_path / "home")
    return tmp_path / "home"


def test_version_is_printed() -> None:
    """--version prints the version and nothing else."""
    assert f"polyhop {__version__}\n" == CliRunner().invoke(app, ["--version"]).stdout


def test_ask_shows_hops_passages_answer_and_timings(home: Path) -> None:
    """An answer comes with the tree of hops, the ranked passages with their sources, citations and times."""
    shown = run("ask", QUESTION, home=home).stdout

    assert "Steven Spielberg  link “steven spielberg”" in shown
    assert "quoted from the passages" in shown
    assert "born in Cincinnati. [" in shown
    assert "films.jsonl" in shown
    assert "ms in all; stopped:" in shown


def test_ask_as_json_is_one_document(home: Path) -> None:
    """--json prints the answer with passages, paths and events as one document."""
    said = run_json("ask", QUESTION, "-k", 2, home=home)
    passages = said["retrieval"]["passages"]

    assert {"Jaws (film)", "Steven Spielberg"} == {passage["title"] for passage in passages}
    linked = next(passage for passage in passages if passage["via"] == "link")
    assert ["Jaws (film)"] == [step["title"] for step in linked["path"]]
    assert said["extractive"] and said["found"]


def test_explain_shows_the_steps_and_the_metadata(home: Path) -> None:
    """--explain shows what each search did, whole passages and their metadata, on any output."""
    shown = run("ask", QUESTION, "--explain", home=home).stdout

    assert "· search 1:" in shown
    assert "year=1946" in shown


def test_retrieve_explains_each_passage(home: Path) -> None:
    """--explain says through which hop, by which words and with which score a passage came; without it nobody does."""
    explained, bare = (run("retrieve", QUESTION, *more, home=home).stdout for more in (["--explain"], []))

    assert "hop 1, link through “Steven Spielberg”, characters 32 to 48 of “Jaws (film)”" in explained
    assert "score " in explained and "score " not in bare


def test_the_sufficiency_is_shown(home: Path) -> None:
    """A line says how likely the passages are enough; --explain says it in words; --json has the number."""
    plain, explained = (run("retrieve", QUESTION, *more, home=home).stdout for more in ([], ["--explain"]))
    known = run_json("retrieve", QUESTION, home=home)["sufficiency"]

    assert f"sufficient: {100 * known:.0f} %\n" in plain
    enough = "the first five passages hold all that the question needs"
    assert f"{enough}; not calibrated for this collection; without a second look" in explained


def test_an_answer_says_how_sure_it_is(home: Path) -> None:
    """The probability that it is right stands in its heading, and that of the passages below only if asked for."""
    sure = run_json("ask", QUESTION, home=home)["confidence"]
    plain, explained = (run("ask", QUESTION, *more, home=home).stdout for more in ([], ["--explain"]))

    assert f"Answer, right with {100 * sure:.0f} % probability" in plain
    assert "sufficient:" not in plain and "sufficient:" in explained


def test_the_quality_profile_looks_again(home: Path) -> None:
    """--profile quality asks further updaters and rerankers, which `fast` does not, and --explain shows it."""
    events = {
        profile: run_json("retrieve", QUESTION, "--profile", profile, home=home)["events"]
        for profile in ("fast", "quality")
    }
    looked = {profile: [one["again"] for one in own if "again" in one] for profile, own in events.items()}

    assert {"fast": [False], "quality": [True]} == looked
    for profile, said, told in (("fast", "order", "without"), ("quality", "second look", "after")):
        shown = run("ask", QUESTION, "--profile", profile, "--explain", home=home).stdout
        assert f"· {said}: " in shown and f"; {told} a second look" in shown


def test_retrieve_keeps_to_the_filter(home: Path) -> None:
    """Only documents that the filter lets pass are found."""
    found = run_json("retrieve", QUESTION, "--where", "year >= 1900", home=home)["passages"]

    assert {1975, 1946} == {passage["metadata"]["year"] for passage in found}


def test_one_hop_finds_no_link(home: Path) -> None:
    """--max-hops 0 searches once and follows nothing."""
    assert 0 == run_json("retrieve", QUESTION, "--max-hops", 0, home=home)["hops"]


def test_a_finished_run_of_a_thread_is_asked_anew(home: Path, tmp_path: Path) -> None:
    """--thread with --checkpoints keeps the run in a file, and asking again still answers."""
    options = ("--thread", "one", "--checkpoints", tmp_path / "runs.sqlite")
    first = run_json("ask", QUESTION, *options, home=home)

    assert first["text"] == run_json("ask", QUESTION, *options, home=home)["text"]
    assert (tmp_path / "runs.sqlite").stat().st_size > 0


def test_several_collections_are_searched_as_one(home: Path, tmp_path: Path) -> None:
    """--collection may be given more than once."""
    other = files(tmp_path / "more", rows=[{"id": 9, "title": "Cincinnati", "text": "Cincinnati lies in Ohio."}])
    run("index", other, "--collection", "places", home=home)
    found = run_json("retrieve", "Where does Cincinnati lie?", "-c", "default", "-c", "places", home=home)["passages"]

    assert {"Cincinnati", "Steven Spielberg"} <= {passage["title"] for passage in found}


def test_status_shows_all_collections_and_verifies(home: Path) -> None:
    """Without a name every collection is shown, and --verify proves it whole."""
    run("index", home.parent / "docs", "--collection", "second", home=home)
    facts = run_json("status", "--verify", home=home)

    assert [("default", []), ("second", [])] == [(found["name"], found["problems"]) for found in facts]
    assert "verified" in run("status", "--verify", "-c", "default", home=home).stdout


def test_status_reports_a_difference(home: Path) -> None:
    """A record that was tampered with makes --verify list what differs and exit with 1."""
    import sqlite3

    connection = sqlite3.connect(home / "default" / "record.sqlite")
    with connection:
        connection.execute("DELETE FROM names")
    connection.close()

    assert "names: " in run("status", "--verify", home=home, code=1).stdout


def test_status_of_an_empty_home_says_what_to_do(tmp_path: Path) -> None:
    """A home without collections is no error."""
    assert "polyhop index PATH" in run("status", home=tmp_path / "none").stdout


def test_list_prints_a_line_a_document(home: Path) -> None:
    """Elsewhere than on a terminal each line is key and title, and --limit says how many are left."""
    result = run("list", "--limit", 3, home=home)

    assert ["Danube", "Jaws (film)", "Steven Spielberg"] == [line.split("\t")[1] for line in result.stdout.splitlines()]
    assert "and 1 more" in result.stderr


def test_remove_by_filter_asks_first(home: Path) -> None:
    """Without a terminal to ask on, removing by filter wants --yes."""
    assert "--yes" in run("remove", "--where", "year < 1950", home=home, code=2).stderr
    assert {"removed": 2} == run_json("remove", "--where", "year < 1950", "--yes", home=home)
    assert {"Jaws (film)", "Danube"} == {found["title"] for found in run_json("list", home=home)["documents"]}


def test_remove_by_key_knows_its_keys(home: Path) -> None:
    """A key that is not there is refused before anything is removed."""
    key = run_json("list", "--where", "year = 1156", home=home)["documents"][0]["key"]

    assert "no document 'absent'" in run("remove", key, "absent", home=home, code=2).stderr
    assert {"removed": 1} == run_json("remove", key, home=home)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ask", "  "), "the question is empty"),
        (("ask", "x", "--where", "year >="), "filter, column"),
        (("ask", "x", "-k", "0"), "k must be"),
        (("ask", "x", "--max-hops", "99"), "--max-hops or POLYHOP_MAX_HOPS is 99"),
        (("ask", "x", "--profile", "slow"), "--profile or POLYHOP_PROFILE is 'slow'"),
        (("ask", "x", "--fusion", "cold"), "--fusion or POLYHOP_FUSION is 'cold'"),
        (("ask", "x", "--updaters", "sideways"), "unknown hop updater 'sideways'"),
        (("ask", "x", "--collection", "absent"), "no collection 'absent'"),
        (("ask", "x", "--thread", "t"), "checkpoints"),
        (("remove",), "either keys or --where"),
        (("import",), "give either FILE"),
    ],
)
def test_a_mistake_is_one_message(home: Path, arguments: tuple[str, ...], said: str) -> None:
    """What the caller did wrong is said on standard error without a traceback; the exit code is 2."""
    result = run(*arguments, home=home, code=2)

    assert result.stderr.startswith("polyhop: ")
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert "" == result.stdout


def test_a_bad_environment_variable_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot be read is reported by the name of its variable."""
    monkeypatch.setenv("POLYHOP_K", "many")

    assert "POLYHOP_K is 'many'" in run("ask", "x", home=home, code=2).stderr


def test_a_bug_is_owned_up_to(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected exception is a short message, and with --debug a traceback."""
    from polyhop.agent.agent import Agent

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("over nothing")

    monkeypatch.setattr(Agent, "retrieve", broken)
    short = run("retrieve", "x", home=home, code=BUG).stderr
    long = run("--debug", "retrieve", "x", home=home, code=BUG).stderr

    assert "polyhop: ZeroDivisionError: over nothing\nthis is a bug in polyhop" in short
    assert "Traceback" not in short
    assert "Traceback" in long


def test_an_interrupt_says_what_is_safe(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends with 130 and a sentence."""
    from polyhop.agent.agent import Agent

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Agent, "index", stopped)

    assert "is safe" in run("index", home.parent / "docs", home=home, code=INTERRUPTED).stderr


def test_escape_codes_of_a_document_are_not_printed(tmp_path: Path, embedder: Encoder) -> None:
    """A text cannot send control sequences to the terminal."""
    docs = files(tmp_path / "docs", rows=[{"id": 1, "title": "Red \x1b[31m", "text": "Red \x1b[31m is a colour."}])
    run("index", docs, home=tmp_path / "home")

    assert "\x1b" not in run("ask", "What is red?", "--explain", home=tmp_path / "home").stdout


def test_the_hops_are_drawn_beside_the_answer(home: Path, tmp_path: Path) -> None:
    """--svg writes the picture that the library makes of the result, with what was left out; the answer is shown."""
    drawing = tmp_path / "hops.svg"
    asked = run("ask", QUESTION, "-k", 1, "--svg", drawing, home=home)

    written = drawing.read_text(encoding="utf-8")
    with Agent.open(home) as agent:
        assert hop_tree_svg(agent.ask(QUESTION, 1, explain=True).to_dict()) == written
    assert "below the first 1" in written and "Hops" in asked.stdout


def test_a_picture_on_standard_output_stands_there_alone(home: Path) -> None:
    """`--svg -` prints one SVG and nothing else, and does not go together with --json."""
    for command in ("ask", "retrieve"):
        drawn = run(command, QUESTION, "--svg", "-", home=home).stdout
        assert "{http://www.w3.org/2000/svg}svg" == ElementTree.fromstring(drawn).tag
    refused = run("retrieve", QUESTION, "--svg", "-", "--json", home=home, code=2)
    assert "give --svg a file" in refused.stderr and not refused.stdout
