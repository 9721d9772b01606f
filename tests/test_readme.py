"""What the documents say is so: their code runs, their commands work, their tables are those of the code."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from polyhop.encoders import Encoder, load, with_transform
from tests.documents import ROOT, blocks, environment, execute, files, write_films
from tests.encoders.contract import failing as encoder_failing
from tests.retrieval.hop.contract import World, failing, world
from tests.retrieval.rerank import contract as reranking
from tests.retrieval.rerank.contract import Scene, scene

__all__ = ["scene", "world"]

DOCUMENTS = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
SHELL = [
    (document, line) for document in DOCUMENTS for block in blocks(document, "sh") for line in block.text.splitlines()
]
COMMANDS = [line for document, line in SHELL if line.startswith("polyhop ")]
_BUILT = {"__pycache__", "build"}


def build_refresh() -> ModuleType:
    """Return the script that generates parts of the README."""
    spec = importlib.util.spec_from_file_location("refresh", ROOT / "docs" / "refresh.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFRESH: Any = build_refresh()
README = REFRESH.README.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("document", [name for name in DOCUMENTS if blocks(name, "python")])
def test_python_blocks_run(document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: Encoder) -> None:
    """The Python blocks of a document run one after the other and print what they promise."""
    write_films(tmp_path / "docs")
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("POLYHOP_") and name not in environment():
            monkeypatch.delenv(name)

    execute(document)


def test_the_hop_updater_of_the_guide_keeps_the_contract(world: World) -> None:
    """Whoever copies the example begins with an updater that passes every check."""
    with files("CONTRIBUTING.md") as modules:
        updater = modules["polyhop.retrieval.hop.rest"].RestHop()

        assert set() == failing(updater, world)
        assert updater == modules["tests.retrieval.hop.test_rest"].RestHop()


@pytest.mark.parametrize(("embedder_name", "transform"), [
    ("polyhop.encoders.letters:Letters", ""), ("all-MiniLM-L6-v2", "polyhop.encoders.power:Power=0.5"),
])  # fmt: skip
def test_the_encoders_of_the_guide_keep_the_contract(embedder_name: str, transform: str) -> None:
    """The encoder and the query transform of the examples, chosen by `module:Class`, pass every check."""
    with files("CONTRIBUTING.md") as modules:
        assert {"polyhop.encoders.letters", "polyhop.encoders.power"} <= set(modules)
        assert set() == encoder_failing(with_transform(load(embedder_name), transform))


@pytest.mark.slow
def test_the_reranker_of_the_guide_keeps_the_contract(scene: Scene) -> None:
    """So does whoever begins with that example."""
    with files("CONTRIBUTING.md") as modules:
        reranker = modules["polyhop.retrieval.rerank.nearest"].Nearest()

        assert set() == reranking.failing(reranker, scene)
        assert reranker == modules["tests.retrieval.rerank.test_nearest"].Nearest()


def test_the_stop_rule_of_the_guide_passes_its_test() -> None:
    """The test that stands beside the example is run too."""
    with files("CONTRIBUTING.md") as modules:
        modules["tests.retrieval.test_few"].test_it_ends_once_a_search_finds_few()


@pytest.mark.slow
def test_commands_run(tmp_path: Path, embedder: Encoder) -> None:
    """The `polyhop` commands of the documents end well, one after the other in one folder."""
    write_films(tmp_path / "docs")
    said = {}
    for command in COMMANDS:
        words = shlex.split(command)[1:]
        done = subprocess.run(
            [sys.executable, "-P", "-m", "polyhop.agent", *words],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            encoding="utf-8",
        )
        said[command] = (done.returncode, done.stderr if done.returncode else "")

    assert dict.fromkeys(COMMANDS, (0, "")) == said


def test_every_shell_line_is_known() -> None:
    """A shell block holds polyhop commands, targets of the Makefile, benchmarks and scripts that exist."""
    targets = set(re.findall(r"^(\w+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    unknown = []
    for document, line in SHELL:
        words = [word for word in shlex.split(line, comments=True) if not re.match(r"[A-Z_]+=", word)]
        place = words[2].replace(".", "/") if words[:2] == ["python", "-m"] else ""
        module = place and any((ROOT / name).is_file() for name in (f"{place}.py", f"{place}/__main__.py"))
        script = words[:1] == ["python"] and (ROOT / words[1]).is_file()
        make = words[:1] == ["make"] and words[1] in targets
        if not (words[:1] == ["polyhop"] or module or script or make):
            unknown.append((document, line))

    assert [] == unknown


@pytest.mark.slow
@pytest.mark.parametrize("name", REFRESH.PARTS)
def test_generated_parts_are_current(name: str) -> None:
    """Tables and help in the README are what the code says today; `python docs/refresh.py` renews them."""
    assert REFRESH.PARTS[name]() == REFRESH.part(name, README)


@pytest.mark.slow
def test_the_picture_shows_what_the_demo_finds(embedder: Encoder) -> None:
    """The trees in the picture are those of today, up to the scores; `python docs/refresh.py` draws them anew."""
    assert _words(REFRESH.picture()) == _words(REFRESH.PICTURE.read_text(encoding="utf-8"))


def test_the_folder_table_lists_the_folders() -> None:
    """The README names every folder of the repository, and none that is gone."""
    there = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    there = {name for name in there if name not in _BUILT and not name.endswith(".egg-info")}
    assert sorted(there) == re.findall(r"^\| `(\w+)/` \|", README, re.MULTILINE)


def test_examples_are_counted_right() -> None:
    """The README says how many examples there are."""
    numbers = (
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty twenty-one twenty-two twenty-three twenty-four"
    ).split()
    count = len(list((ROOT / "examples").glob("[0-9]*.py")))
    assert [numbers[count]] * 2 == re.findall(r"([\w-]+) short programs", README)


def test_links_lead_somewhere() -> None:
    """Every file that a document links to is there."""
    missing = []
    for document in [*DOCUMENTS, "CHANGELOG.md"]:
        text = (ROOT / document).read_text(encoding="utf-8")
        targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
        missing += [(document, target) for target in targets if not ((ROOT / document).parent / target).exists()]

    assert [] == missing


@pytest.mark.filterwarnings("ignore:.* now; the old name goes:DeprecationWarning")
def test_the_changelog_names_what_exists() -> None:
    """Every qualified name in the changelog can be imported, those of older versions with a warning."""
    names = set(re.findall(r"`(polyhop(?:\.\w+)+)`", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")))
    assert names
    assert [] == [name for name in sorted(names) if not _exists(name)]


def _exists(name: str) -> bool:
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part, None)
        return found is not None
    return False


def _words(svg: str) -> list[str]:
    """Return the text of a picture without its scores and probabilities."""
    return [re.sub(r"\d+\.\d+|\d+ %", "", text) for text in re.findall(r"<text[^>]*>(.*?)</text>", svg)]
