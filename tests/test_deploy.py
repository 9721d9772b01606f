"""The files that run polyhop as a service hold what docs/deploy.md promises."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from polyhop.agent.cli.server import serve
from polyhop.agent.service.limits import ServerLimits
from polyhop.core.settings import Settings
from tests.documents import ROOT, blocks

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: Any = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
UNIT = ROOT / "deploy" / "polyhop.service"
GUIDE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
DEFAULTS: dict[str, Any] = {name: one.default for name, one in inspect.signature(serve).parameters.items()}
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs Debian's package systemd")


def instructions(stage: int = -1) -> list[tuple[str, str]]:
    """Return the instructions of a stage of the Dockerfile, each with its text on one line."""
    lines = [line for line in DOCKERFILE.replace("\\\n", " ").splitlines() if line.strip() and line[0] != "#"]
    stages: list[list[tuple[str, str]]] = []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, " ".join(rest.split())))
    return stages[stage]


def said(word: str) -> list[str]:
    """Return what the image's own stage says under an instruction."""
    return [text for name, text in instructions() if name == word]


def unit() -> dict[str, str]:
    """Return the assignments of the unit; a later one replaces an earlier one."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def test_the_image_runs_as_nobody_in_particular() -> None:
    """The user has a number, so that an orchestrator sees that it is not root, and owns the data alone."""
    [user] = said("USER")
    number = user.split(":")[0]

    assert number.isdigit() and int(number) >= 10_000
    assert any(f"--uid {number}" in line for line in said("RUN"))
    assert [f"--from=build --chown={user} /data /data"] == [one for one in said("COPY") if "chown" in one]


def test_what_is_written_lies_in_the_volume() -> None:
    """Collections, keys, caches and whatever libraries keep at home; the rest of the file system may be read-only."""
    [volume] = said("VOLUME")
    environment = dict(one.split("=", 1) for one in " ".join(said("ENV")).split())

    for name in ("HOME", "POLYHOP_HOME", "POLYHOP_CACHE"):
        assert Path(environment[name]).is_relative_to(volume)
    assert {f"POLYHOP_{name.upper()}" for name in Settings.model_fields} >= {
        name for name in environment if name.startswith("POLYHOP_")
    }
    assert "1" == environment["HF_HUB_OFFLINE"]


def test_the_graphs_of_the_models_are_made_when_the_image_is() -> None:
    """The build writes the cache that the image's own stage reads, and tries the installation by it."""
    built = instructions(0)
    cache = next(text.split("=", 1)[1] for word, text in built if word == "ENV" and "POLYHOP_CACHE" in text)

    assert f"POLYHOP_CACHE={cache}" in " ".join(said("ENV"))
    assert any("polyhop demo" in text for word, text in built if word == "RUN")


def test_the_image_serves_and_is_asked_whether_it_does() -> None:
    """The command is one of ours; port and path of the health check are those of `polyhop serve`."""
    [command], [entry], [check] = said("CMD"), said("ENTRYPOINT"), said("HEALTHCHECK")

    assert ["polyhop", "serve", "--host", "0.0.0.0"] == json.loads(entry) + json.loads(command)
    assert [str(DEFAULTS["port"])] == said("EXPOSE")
    assert f"http://127.0.0.1:{DEFAULTS['port']}/ready" in check


def test_the_version_of_python_is_one_that_we_support() -> None:
    """Both stages have the same image, so that what the first builds runs in the second."""
    images = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    [version] = {re.match(r"python:([\d.]+)-slim", image)[1] for image in images}  # type: ignore[index]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert 1 == len(set(images)) and 2 == len(images)
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]


def test_the_context_holds_what_the_wheel_is_built_of() -> None:
    """A room that is not let in would be missing from the image; nothing else is let in."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line[1:] for line in lines if line.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rooms = set(project["tool"]["setuptools"]["package-dir"].values())

    assert "*" in lines
    assert rooms | {"pyproject.toml", "constraints.txt", *project["project"]["license-files"]} == let_in


def test_compose_is_what_its_schema_takes() -> None:
    """The schema is that of the Compose specification."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(ROOT / "compose.yaml")], capture_output=True, text=True)

    assert (0, "") == (done.returncode, done.stderr)


def test_compose_runs_the_image_without_privileges() -> None:
    """The root of the file system is read-only, no capability is left, and others reach no port."""
    ours = COMPOSE["services"]["polyhop"]
    port, [volume] = DEFAULTS["port"], said("VOLUME")

    assert (True, ["/tmp"], ["ALL"]) == (ours["read_only"], ours["tmpfs"], ours["cap_drop"])
    assert ["no-new-privileges:true"] == ours["security_opt"]
    assert [f"127.0.0.1:{port}:{port}"] == ours["ports"]
    assert f"polyhop:{volume}" in ours["volumes"] and "polyhop" in COMPOSE["volumes"]
    assert int(ours["stop_grace_period"].rstrip("s")) > DEFAULTS["grace"] == ServerLimits().grace


def test_open_webui_finds_the_service() -> None:
    """It waits until questions are answered, and asks the address and with the key that the guide speaks of."""
    other = COMPOSE["services"]["open-webui"]
    environment = other["environment"]

    assert {"polyhop": {"condition": "service_healthy"}} == other["depends_on"]
    assert f"http://polyhop:{DEFAULTS['port']}/v1" == environment["OPENAI_API_BASE_URL"]
    assert "${POLYHOP_KEY:-}" == environment["OPENAI_API_KEY"] and "POLYHOP_KEY=" in GUIDE
    assert other["ports"][0].split(":")[1] in GUIDE


def test_the_unit_runs_our_command_in_its_own_folders() -> None:
    """It is a user of its own, and what it writes lies where systemd makes folders for it."""
    held, environment = unit(), dict(one.split("=", 1) for one in unit()["Environment"].split())

    assert held["ExecStart"].endswith("/polyhop serve")
    assert held["User"] == held["Group"] == "polyhop"
    assert f"/var/lib/{held['StateDirectory']}" == environment["POLYHOP_HOME"]
    assert f"/var/cache/{held['CacheDirectory']}" == environment["POLYHOP_CACHE"]
    assert int(held["TimeoutStopSec"]) > DEFAULTS["grace"]


@needs_systemd
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """Every line is understood, and its own measure of exposure, from 0 to 10, is low."""
    program = tmp_path / "polyhop"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    text = UNIT.read_text(encoding="utf-8").replace("/opt/polyhop/bin/polyhop", str(program))
    there = tmp_path / UNIT.name
    there.write_text(text, encoding="utf-8")
    checked = subprocess.run(["systemd-analyze", "verify", str(there)], capture_output=True, text=True)
    strict = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(there)]
    measured = subprocess.run(strict, capture_output=True, text=True)

    assert (0, "") == (checked.returncode, checked.stderr)
    assert 0 == measured.returncode, measured.stdout[-200:]


def test_the_guide_gets_there_in_ten_lines() -> None:
    """From nothing to an answer in Open WebUI; each line is a command of Docker's, or writes the key."""
    first = blocks("docs/deploy.md", "console")[0].text.strip().splitlines()

    assert len(first) <= 10
    assert all(line.startswith(("git ", "cd ", "docker compose ", "echo ", "cp ")) for line in first)
