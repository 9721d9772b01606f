"""The OpenAPI description is so: schemathesis finds no answer that it does not describe, and no failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from polyhop.encoders import Encoder
from tests import corpus

from .served import Served, outside

pytestmark = pytest.mark.slow  # a server of its own takes seconds to start, on a busy machine many

#: `SCHEMATHESIS="--max-examples 100 --phases examples,coverage,fuzzing,stateful"` looks longer
MORE = os.environ.get("SCHEMATHESIS", "--max-examples 2 --phases examples,fuzzing").split()
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_every_answer_is_described(tmp_path: Path, embedder: Encoder) -> None:
    """Whatever is sent, the status, the media type and the body are those of the description."""
    corpus.collection(tmp_path / "home", embedder, name="default").close()
    with Served(tmp_path / "home") as server:
        words = ["run", f"{server.url}/openapi.json", "--checks", CHECKS, "--seed", "1", "--no-color", *MORE]
        done = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", *words],
            cwd=tmp_path,
            env=outside(),
            capture_output=True,
            text=True,
            check=False,
        )

    assert 0 == done.returncode, done.stdout[-5_000:]


def test_each_operation_says_what_it_takes(films: Served) -> None:
    """Each has a summary, and each body an example or fields that have one."""
    made = films.client.get("/openapi.json").json()
    operations = [one for path in made["paths"].values() for one in path.values()]
    bodies = [name for name in made["components"]["schemas"] if name.endswith("Body")]

    assert [] == [one["operationId"] for one in operations if not one.get("description")]
    assert {"AskBody", "ChatBody", "DocumentsBody", "CompletionBody", "ProblemBody"} <= set(bodies)
    for name in ("RetrieveBody", "SelectBody", "DocumentBody", "CompletionBody"):
        properties = made["components"]["schemas"][name]["properties"]
        assert [one for one in properties.values() if one.get("examples")], name
