"""What version 0.1.0 left behind opens: a home, an export, an interrupted run, names and settings.

`data/v0_1/make.py` says how the data was made.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tarfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import polyhop.agent
from polyhop.agent import Agent, Catalogue, Collection, Document, Functions, Settings, ToolSelector, import_file
from polyhop.agent.testing import ScriptedModel
from polyhop.core.types import Vectors
from polyhop.core.weights_file import NoCheckpoint
from polyhop.encoders import Encoder
from polyhop.retrieval.escalation import WhenUnsure
from polyhop.retrieval.fusion.minmax import MinMax
from polyhop.retrieval.query.first import FirstSearch
from polyhop.retrieval.query.gate import Gate
from polyhop.retrieval.query.reformulations import Feedback
from polyhop.retrieval.rerank.cross import CrossEncoder
from tests.agent.commands import run
from tests.documents import environment

DATA = Path(__file__).parent / "data" / "v0_1"
EXPECTED: dict[str, Any] = json.loads((DATA / "expected.json").read_text())
FOUND = [row[0] for row in EXPECTED["passages"]]
QUESTION = "Where was the director of Jaws born?"
FUNCTIONS = [
    {"name": "get_forecast", "description": "Get the weather forecast for a city.", "parameters": {"type": "object"}},
    {"name": "send_mail", "description": "Send an e-mail to a person.", "parameters": {"type": "object"}},
]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Return a folder with everything that 0.1.0 made."""
    with tarfile.open(DATA / "made.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


def without_vector_index(home: Path) -> None:
    """Leave the records alone, of which everything else is made."""
    for folder in home.glob("*/polyhop-*"):
        shutil.rmtree(folder)


def found(agent: Agent) -> list[str]:
    """Return the ids of the passages of the known question; how they are scored is not that of 0.1."""
    return [passage.id for passage in agent.retrieve(QUESTION, k=4).passages]


def documents(collection: Collection) -> list[Document]:
    """Return the documents that 0.1.0 was given, as its collection tells them."""
    passages = collection.passages([row[0] for row in EXPECTED["passages"]]).values()
    return [Document(one.document, one.text, one.title, dict(one.metadata)) for one in passages]


@pytest.mark.parametrize("rebuilt", [False, True])
def test_a_home_is_opened(made: Path, embedder: Encoder, *, rebuilt: bool) -> None:
    """Rankings, filters and answers are the same, also where the vector index is made anew, which happens once."""
    if rebuilt:
        without_vector_index(made / "home")
    for opening in range(2):
        with Agent.open(made / "home", "films", embedder=embedder) as agent:
            notices = agent.collection.notices
            assert rebuilt == any("rebuilt" in one for one in notices) or opening
            assert ("polyhop index" in " ".join(notices)) == (opening == 0)
            assert FOUND == found(agent)
            assert EXPECTED["filtered"] == [
                passage.id for passage in agent.retrieve(QUESTION, k=4, where="year < 1950").passages
            ]
            assert EXPECTED["answer"] == agent.ask(QUESTION, k=4).text
    with Agent.open(made / "home", "films", embedder=embedder) as agent:
        assert [] == agent.collection.status()["notices"]


class Counting:
    """The embedder, which counts the texts that it embeds."""

    def __init__(self, embedder: Encoder) -> None:
        self.inner = embedder
        self.embedded: list[str] = []

    def __getattr__(self, name: str) -> Any:
        """Return what the embedder has; texts that go into its methods are counted."""
        own = getattr(self.inner, name)
        if not name.startswith("e"):
            return own

        def counted(texts: Sequence[str], *arguments: Any) -> Vectors:
            self.embedded += texts
            return np.asarray(own(texts, *arguments), np.float32)

        return counted


def test_unchanged_documents_keep_their_ids(made: Path, embedder: Encoder) -> None:
    """Added again they are known; files of another folder are new, but their passages are not embedded again."""
    counting: Any = Counting(embedder)
    with Agent.open(made / "home", "films", embedder=counting) as agent:
        report = agent.collection.add(documents(agent.collection))
        assert (4, 0, 0) == (report.unchanged, report.added, report.changed)
        assert FOUND == found(agent)
    counting.embedded.clear()
    with Agent.open(made / "home", "notes", embedder=counting) as agent:
        indexed = agent.index([made / "docs"])

        assert (2, 0) == (indexed.documents_added, indexed.embedded)
        assert [] == counting.embedded
        assert 2 == agent.index([made / "docs"]).unchanged


def notes_at(folder: Path, made: Path, embedder: Encoder) -> list[str]:
    """Let the files of `notes` have been in a folder when 0.1 read them, and return their names."""
    with Collection.open(made / "home", "notes", embedder=embedder) as collection:
        keys = collection.keys()
        cut = len(str(Path(keys[0]).parent)) + 1
        columns = {"files": ("path", "key"), "documents": ("key", "source"), "attributes": ("value",)}
        with collection.record.writing() as connection:
            for table, names in columns.items():
                for name in names:
                    connection.execute(
                        f"UPDATE {table} SET {name} = ? || substr({name}, ?) WHERE {name} LIKE '/%'", (str(folder), cut)
                    )
    return [Path(key).name for key in keys]


def test_files_of_0_1_get_keys_below_their_folder(made: Path, embedder: Encoder) -> None:
    """Once they are read again, which is said; the old keys are gone, nothing that is the same is embedded."""
    counting: Any = Counting(embedder)
    docs = made / "docs"
    names = notes_at(docs, made, embedder)
    with Agent.open(made / "home", "notes", embedder=counting) as agent:
        assert [str(docs / name) for name in names] == agent.collection.keys()
        report = agent.index([docs])

        assert (2, 2, 0, 2) == (report.indexed, report.reread, report.documents_added, report.documents_changed)
        assert names == agent.collection.keys()
        assert [] == counting.embedded
        assert 2 == agent.index([docs]).unchanged
        assert [] == agent.collection.verify()


def test_files_of_0_1_whose_folder_is_gone_are_not_kept_twice(made: Path, embedder: Encoder) -> None:
    """The same files under another folder take their place."""
    notes_at(made / "gone", made, embedder)
    with Agent.open(made / "home", "notes", embedder=embedder) as agent:
        report = agent.index([made / "docs"])

        assert (2, 2) == (len(report.moved), report.documents_removed)
        assert 2 == len(agent.collection.keys())


CONVERTING = """
import os, signal, sys
from polyhop.agent import Agent
from polyhop.store.location import Options
import polyhop.agent.agent as module
left, wanted = int(sys.argv[3]), sys.argv[4]
def observe(step):
    global left
    left -= step == wanted
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
module.Options = lambda **given: Options(observe=observe, **given)
with Agent.open(sys.argv[1], "notes") as agent:
    agent.index([sys.argv[2]])
"""


@pytest.mark.slow
@pytest.mark.parametrize(("step", "number"), [
    ("embedded", 1), ("pending", 1), ("upserted", 1), ("flipped", 1), ("pruned", 1),
])  # fmt: skip
def test_the_change_of_keys_survives_a_kill(step: str, number: int, made: Path, embedder: Encoder) -> None:
    """Killed after each step of the write path: each document is there once, under its old key or its new one."""
    docs = made / "docs"
    names = notes_at(docs, made, embedder)
    command = [sys.executable, "-c", CONVERTING, str(made / "home"), str(docs), str(number), step]
    assert -signal.SIGKILL == subprocess.run(command, env=environment(), check=False).returncode

    with Agent.open(made / "home", "notes", embedder=embedder) as agent:
        assert [] == agent.collection.verify()
        assert names == sorted(Path(key).name for key, _, _ in agent.collection.documents())
        agent.index([docs])
        assert names == agent.collection.keys()
        assert [] == agent.collection.verify()
        assert 2 == agent.index([docs]).unchanged


def test_an_export_is_imported(made: Path, embedder: Encoder) -> None:
    """With its ids, and without embedding anything."""
    counting: Any = Counting(embedder)
    with Collection.create(made / "home", "imported", embedder=counting) as collection:
        assert 4 == import_file(collection, made / "films.jsonl.gz", trusted=True).added
        assert [] == counting.embedded

        assert FOUND == found(Agent(collection))


def test_a_catalogue_is_opened(made: Path, embedder: Encoder) -> None:
    """Its tools are there, are known when their source is read again, and are found."""
    with Catalogue.open(made / "home", "tools", embedder=embedder) as catalogue:
        assert EXPECTED["tools"] == sorted(tool.id for tool in catalogue.tools())
        report = catalogue.sync(Functions(FUNCTIONS, owner="office"))
        assert (2, 0, 0) == (report.unchanged, report.added, report.changed)
        (chosen, *_) = ToolSelector(catalogue).select("What will the weather be like in Vienna?").tools
        assert "get_forecast" == chosen.tool.name


def test_an_interrupted_run_is_answered(made: Path, embedder: Encoder) -> None:
    """Whether it goes on from the checkpoint or begins anew, the answer is that of the whole run."""
    model = ScriptedModel([EXPECTED["written"]])
    with Agent.open(made / "home", "films", embedder=embedder, llm=model, checkpoints=made / "runs.sqlite") as agent:
        answer = agent.ask(QUESTION, k=4, thread="left")

    assert (EXPECTED["written"], ()) == (answer.text, tuple(answer.notices))
    assert [row[0] for row in EXPECTED["passages"]] == [passage.id for passage in answer.retrieval.passages]


OPENING = """
import os, signal, sys
from contextlib import contextmanager
from polyhop.store.collection import Collection
from polyhop.store.record import Record
left, writing = int(sys.argv[2]), Record.writing
@contextmanager
def killed(self):
    global left
    with writing(self) as connection:
        yield connection
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
Record.writing = killed
with Collection.open(sys.argv[1], "films"):
    pass
"""


@pytest.mark.slow
@pytest.mark.parametrize("done", [0, 1, 2])
def test_opening_survives_a_kill(done: int, made: Path, embedder: Encoder) -> None:
    """Killed in a transaction of the first opening, which makes the vector index, the next one finishes it."""
    without_vector_index(made / "home")
    command = [sys.executable, "-c", OPENING, str(made / "home"), str(done)]
    assert -signal.SIGKILL == subprocess.run(command, env=environment(), check=False).returncode

    with Agent.open(made / "home", "films", embedder=embedder) as agent:
        assert FOUND == found(agent)
        assert 4 == agent.collection.status()["passages"]


def test_every_name_of_0_1_is_found() -> None:
    """`polyhop.agent` has it, or knows where it is and warns."""
    moved = []
    for name in (DATA / "names.txt").read_text().split():
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            assert hasattr(polyhop.agent, name), name
        if name not in polyhop.agent.__all__:
            moved.append(name)
            assert [DeprecationWarning] == [one.category for one in told], name

    assert {"LinkHop", "Working", "AfterSeconds"} <= set(moved)


@pytest.mark.parametrize("name", [
    "agent.asking", "agent.machine", "core.llm.lite", "graphs.support", "graphs.data", "retrieval.embed.minilm",
    "retrieval.ingest.index", "retrieval.query.condense", "retrieval.store.collection", "retrieval.store.exchange",
    "retrieval.types", "retrieval.words", "retrieval.working",
])  # fmt: skip
def test_modules_of_0_1_are_found(name: str) -> None:
    """In a process of its own, where nothing else has been imported; with one warning that tells the new name."""
    code = f"import polyhop.{name}"
    done = subprocess.run(
        [sys.executable, "-W", "always::DeprecationWarning", "-c", code],
        env=environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert f"polyhop.{name} is polyhop." in done.stderr


def test_settings_of_0_1_still_hold(made: Path, embedder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration that uses those that are retired gives the parts that it gave, and says what to do instead."""
    given = {
        "FUSION": "minmax", "AUGMENT": "feedback", "GATE": "0.4", "DISTINCT": "false", "PAIRS": "7", "SURE": "0.1",
        "UNSURE": "0.2", "PROFILE": "auto", "UPDATERS": "link,treehop", "TREEHOP": str(made / "no.safetensors"),
        "RERANKERS": "learned,cross",
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(f"POLYHOP_{name}", value)
    with pytest.warns(DeprecationWarning) as told, pytest.raises(NoCheckpoint, match=r"no\.safetensors"):
        Agent.open(made / "home", "films", embedder=embedder)
    assert 8 == len(told)

    monkeypatch.setenv("POLYHOP_UPDATERS", "link")
    with pytest.warns(DeprecationWarning), Agent.open(made / "home", "films", embedder=embedder) as agent:
        config = agent.config
    assert (FirstSearch(fusion=MinMax()), Feedback(), None) == (config.first, config.augment, config.duplicates)
    assert (Gate("feedback", 0.4), 0.1, WhenUnsure(0.2)) == (config.gate, config.sure, config.escalation)
    assert [7] == [one.depth for one in config.rerankers if isinstance(one, CrossEncoder)]


def test_an_option_of_the_command_line_of_0_1_still_holds(made: Path) -> None:
    """It does what it did, and standard error says what to do instead."""
    told = run("retrieve", QUESTION, "--fusion", "rrf", "--collection", "films", home=made / "home")

    assert "Steven Spielberg" in told.stdout
    assert "POLYHOP_FUSION) goes with the next release" in " ".join(told.stderr.split())


def test_hops_of_0_1_counted_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound of three searches is one of two hops, and says so."""
    monkeypatch.setenv("POLYHOP_HOPS", "3")
    with pytest.warns(DeprecationWarning, match="POLYHOP_MAX_HOPS"):
        assert 2 == Settings().max_hops
