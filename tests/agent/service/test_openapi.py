"""The OpenAPI description is so: schemathesis finds no answer that it does not describe, and no failure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from polyhop.encoders import Encoder
from tests import corpus
from tests.tools.catalogues import MAIL, WEATHER, lines

from .served import Served, command, outside, until

pytestmark = pytest.mark.slow  # a server of its own takes seconds to start, on a busy machine many

#: `SCHEMATHESIS="--max-examples 100 --phases examples,coverage,fuzzing,stateful"` looks longer
MORE = os.environ.get("SCHEMATHESIS", "--max-examples 2 --phases examples,fuzzing").split()
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def filled(server: Served) -> dict[str, str]:
    """Upload a file that links to another document, and return what is there by the parameters that name it."""
    text = b"Jaws is a film by [Steven Spielberg](../Steven%20Spielberg.md)."
    sent = server.client.post("/collections/default/uploads", files=[("files", ("films/jaws.md", text))]).json()
    until(lambda: server.client.get(f"/uploads/{sent['id']}").json()["state"] == "done", "the file is read")
    passage = server.client.get("/collections/default/texts/films/jaws.md").json()["passages"][0]["id"]
    key = "films/jaws.md"
    return {
        "path.name": "default",
        "path.key": key,
        "path.id": passage,
        "path.upload": sent["id"],
        "query.document": key,
    }


def configured(there: dict[str, str]) -> str:
    """Return a configuration by which two of three requests name what is there, and none deletes it by name."""
    told = []
    for number, (parameter, value) in enumerate(there.items()):
        told += [f"[dictionaries.there{number}]", f"values = [{json.dumps(value)}]"]
        told += [f'[parameters."{parameter}"]', f'dictionary = "there{number}"', "probability = 0.67"]
    for operation, parameter in (("delete_collection", "path.name"), ("delete_document", "path.key")):
        told += [
            "[[operations]]",
            f'include-operation-id = "{operation}"',
            f'parameters = {{ "{parameter}" = "spare" }}',
        ]
    return "\n".join(told)


def test_every_answer_is_described(tmp_path: Path, embedder: Encoder) -> None:
    """Whatever is sent, the status, the media type and the body are those of the description.

    What is named is mostly there, so that more than refusals is looked at.
    """
    corpus.collection(tmp_path / "home", embedder, name="default").close()
    command(tmp_path / "home", "tools", "add", str(lines(tmp_path / "tools.jsonl", [WEATHER, MAIL])))
    with Served(tmp_path / "home", keep_originals="true") as server:
        (tmp_path / "schemathesis.toml").write_text(configured(filled(server)), encoding="utf-8")
        words = ["run", f"{server.url}/openapi.json", "--checks", CHECKS, "--seed", "1", "--no-color", *MORE]
        done = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", *words],
            cwd=tmp_path,
            env=outside(),
            capture_output=True,
            text=True,
            check=False,
        )

    print(done.stdout[-3_000:])
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
