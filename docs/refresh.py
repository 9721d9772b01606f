"""Write the generated parts of README.md and draw the picture of the hops: python docs/refresh.py

The parts stand between `<!-- begin NAME -->` and `<!-- end NAME -->`; the tests compare them with what this file makes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory

from polyhop.agent import Agent, Settings, example
from polyhop.agent.hop_svg import hop_tree_svg
from polyhop.core.settings import GROUPS
from polyhop.retrieval.rerank.path import PathScore
from polyhop.retrieval.run import KIND_WEIGHT

ROOT = Path(__file__).resolve().parent.parent
README, PICTURE = ROOT / "README.md", ROOT / "docs" / "hop-tree.svg"
TYPE = "compositional"


def settings() -> str:
    """Return the table of settings, by group."""
    rows = ["| variable | default | is |", "| --- | --- | --- |"]
    for group, names in GROUPS.items():
        rows.append(f"| **{group}** | | |")
        for name in names:
            field = Settings.model_fields[name]
            default = f"`{field.default}`" if str(field.default) else "empty"
            rows.append(f"| `POLYHOP_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


def commands() -> str:
    """Return what `polyhop --help` says."""
    plain = {key: value for key, value in os.environ.items() if key not in ("FORCE_COLOR", "GITHUB_ACTIONS")}
    environment = {**plain, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-P", "-m", "polyhop.agent", "--help"]
    said = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=True).stdout
    return "\n".join(["```text", *(line.rstrip() for line in said.strip().splitlines()), "```"])


def weights() -> str:
    """Return the numbers in the two formulas."""
    kinds = ", ".join(f"{kind.name.lower()} {weight:g}" for kind, weight in KIND_WEIGHT.items())
    rank = PathScore()
    parts = [field.name for field in fields(PathScore) if field.name.endswith("_weight")]
    scores = ", ".join(f"{name.removesuffix('_weight')} {getattr(rank, name):g}" for name in parts)
    return f"- `K`: {kinds}.\n- `w`: {scores}."


PARTS: Mapping[str, Callable[[], str]] = {"settings": settings, "commands": commands, "weights": weights}


def part(name: str, text: str) -> str:
    """Return what stands between the marks of a part."""
    begin, end = marks(name)
    if begin not in text or end not in text:
        raise ValueError(f"README.md has no part {name!r}; put it between {begin!r} and {end!r}")
    return text.partition(begin)[2].partition(end)[0].strip("\n")


def marks(name: str) -> tuple[str, str]:
    """Return the lines around a part."""
    return f"<!-- begin {name} -->\n", f"<!-- end {name} -->\n"


def picture() -> str:
    """Return the hops of the first question that `polyhop demo` asks, with its answer, as an SVG."""
    asked = next(one for one in example.questions() if one.type == TYPE)
    with TemporaryDirectory() as home, Agent.open(home, create=True) as agent, example.passages_path() as corpus:
        agent.index([corpus])
        return hop_tree_svg(agent.ask(asked.question).to_dict())


def main() -> None:
    """Bring README.md and the picture up to date."""
    text = README.read_text(encoding="utf-8")
    for name, make in PARTS.items():
        begin, end = marks(name)
        part(name, text)
        before, _, rest = text.partition(begin)
        text = "".join([before, begin, make(), "\n", end, rest.partition(end)[2]])
    README.write_text(text, encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")


if __name__ == "__main__":
    main()
