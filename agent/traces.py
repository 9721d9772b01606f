"""Runs that are kept: what was asked, under which settings, and all that came of it; shown, exported, asked again.

A run is one JSON file in the folder `_runs` of a home, so that tenants of a server do not share them. It is put there
whole or not at all, and only the newest are kept.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..core.errors import CallerError, OperatorError
from ..core.files import draft_of
from ..core.logs import get_logger
from ..core.settings import GROUPS, RETIRED, Settings
from ..store.collection import Collection
from .results import (
    Answer,
    LeftOutPassage,
    PathStep,
    RankedPassage,
    Retrieval,
    Span,
    Spending,
    SubQuestion,
)

if TYPE_CHECKING:
    from ..retrieval.retriever import Retriever
    from .runtime import PreparedRun

log = get_logger(__name__)

FOLDER, FORMAT = "_runs", 1
#: runs that are kept where nobody says how many
KEPT = 100
#: bytes of a run; a larger one keeps the beginnings of its passages only, and none where that is still too large
MOST_BYTES = 2_000_000
BEGINNING = 200
#: seconds after which what a killed process left half written is removed
STALE = 3_600
#: scores that differ by more are different
TOLERANCE = 1e-6
LAST = "last"
_ID = re.compile(r"[0-9a-f]{16}")
#: Settings that a run is asked again with; paths and addresses are those of the machine that asks.
_REPLAYED = (
    *("query_transform", *GROUPS["Retrieval"], "llm", "split", *GROUPS["Limits of a question"]),
    *(name for name in RETIRED if name not in ("chroma_url", "hops")),
)

#: a run as it is kept, plain JSON
RunRecord = Mapping[str, Any]
Thing = TypeVar("Thing")


class NoRun(CallerError):
    """There is no such run."""


# Kept runs


class RunStore:
    """The runs of a home, newest first; any number of threads and processes may keep some.

    Args:
        home: the folder of the collections.
        most: runs that are kept; where there are more, the oldest are deleted.
    """

    def __init__(self, home: Path | str, most: int = KEPT) -> None:
        self._folder, self._most = Path(home) / FOLDER, most

    def ids(self) -> list[str]:
        """Return the ids of the runs, newest first."""
        return sorted((path.stem for path in self._folder.glob("*.json") if _ID.fullmatch(path.stem)), reverse=True)

    def keep(self, record: RunRecord) -> None:
        """Write a run, and delete the oldest where there are too many.

        Raises:
            OperatorError: if it cannot be written.
        """
        data = _bounded(record)
        if data is None:
            log.warning("a run is too large to be kept", run=record["id"], most=MOST_BYTES)
            return
        path = self._folder / f"{record['id']}.json"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # Not synced: a power cut may cost the last run, which is then passed over.
            with draft_of(path) as draft:
                draft.write_bytes(data)
        except OSError as error:
            raise OperatorError(f"cannot write {str(path)!r} ({error}); free some space") from error
        for id in self.ids()[self._most :]:
            (self._folder / f"{id}.json").unlink(missing_ok=True)
        for draft in self._folder.glob(".*"):
            with suppress(FileNotFoundError):  # another process was faster
                if draft.stat().st_mtime < time.time() - STALE:
                    draft.unlink()

    def get(self, id: str) -> RunRecord:
        """Return a run by its id, by as much of the beginning of that as tells it from all others, or the `last`.

        Raises:
            NoRun: where there is none, or several.
            OperatorError: for a file that cannot be read.
        """
        there = self.ids()
        found = there[:1] if id == LAST else [one for one in there if id and one.startswith(id)]
        if len(found) != 1:
            what = f"several runs begin with {id!r}" if found else f"no run {id!r:.40}" if there else "no run"
            raise NoRun(f"{what} is kept in {str(self._folder.parent)!r}; `polyhop trace` lists those that are")
        try:
            return read(self._folder / f"{found[0]}.json")
        except CallerError as error:
            raise OperatorError(str(error)) from error

    def list(self) -> list[dict[str, Any]]:
        """Return a summary of each run, newest first; one that cannot be read is left out."""
        found = []
        for id in self.ids():
            with suppress(CallerError):  # deleted meanwhile, or torn by a power cut
                found.append(summary(read(self._folder / f"{id}.json")))
        return found


def keep(
    asked: PreparedRun, result: Answer | Retrieval, *, settings: Settings, own: Sequence[str], retriever: Retriever
) -> None:
    """Keep a run in the home of its collections, as the setting `runs` says; nowhere around a search of one's own.

    A run that cannot be kept has its result nevertheless: that is logged.

    Args:
        own: what of the agent is no setting, such as its `config`; such a run cannot be asked again alike.
    """
    first = members_of(retriever)[0]
    if not isinstance(first, Collection):
        return
    record = record_of(asked, result, settings=settings, own=own, retriever=retriever)
    try:
        RunStore(first.folder.parent, settings.runs).keep(record)
    except OperatorError as error:
        log.warning("a run was not kept", run=record["id"], error=str(error))


def members_of(retriever: Retriever) -> Sequence[Any]:
    """Return the collections that are searched as one, or what else is searched."""
    return getattr(retriever, "members", None) or [retriever]


def record_of(
    asked: PreparedRun, result: Answer | Retrieval, *, settings: Settings, own: Sequence[str], retriever: Retriever
) -> RunRecord:
    """Return a run as it is kept, plain JSON; the arguments are those of `keep`."""
    from . import __version__

    request = asked.request
    said = {"history": request["history"], "question": request["turn"]} if "history" in request else {}
    given = settings.model_dump(mode="json", include=set(_REPLAYED))
    return {
        "format": FORMAT,
        "id": asked.run.id,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "polyhop": __version__,
        "task": request["task"],
        "question": request.get("question", ""),
        "k": request["k"],
        "where": request["where"],
        **said,
        "collections": [
            {"name": one.name, "embedder": one.embedder.name, "generation": one.record.get("generation")}
            for one in members_of(retriever)
        ],
        # a retired setting warns where it is given, so only one that was
        "settings": {
            name: value for name, value in given.items() if name not in RETIRED or name in settings.model_fields_set
        },
        "own": list(own),
        "result": result.to_dict(),
    }


def read(path: Path) -> RunRecord:
    """Return the run in a file, as `polyhop trace RUN --json` writes it.

    Raises:
        CallerError: if it cannot be read, or holds no run.
    """
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise CallerError(
            f"cannot read a run from {str(path)!r} ({error}); `polyhop trace` lists those kept"
        ) from error
    if not _is_run(record):
        raise CallerError(f"{str(path)!r} holds no run of format {FORMAT}; `polyhop trace RUN --json` writes one")
    return record  # type: ignore[no-any-return]


def _is_run(record: Any) -> bool:
    """Say whether the parts of a run are there that everything here looks at."""
    kinds = {"id": str, "task": str, "question": str, "k": int, "where": str, "collections": list, "settings": dict}
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        return False
    result = record.get("result")
    right = all(isinstance(record.get(name), kind) for name, kind in kinds.items())
    return right and isinstance(result, dict) and isinstance(retrieval_in(result).get("passages"), list)


def _bounded(record: RunRecord) -> bytes | None:
    """Return a run as JSON that is not too large, with less of its passages where need be; None where nothing helps."""
    data = _json(record)
    if len(data) > MOST_BYTES:
        record = json.loads(data)
        for passage in retrieval_in(record["result"])["passages"]:
            passage["text"] = passage["text"][:BEGINNING]
        data = _json(record)
    return data if len(data) <= MOST_BYTES else None


def _json(record: RunRecord) -> bytes:
    return json.dumps(record, ensure_ascii=True, default=str).encode()


def retrieval_in(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the retrieval of a result, whether it is an answer or one itself; both plain JSON."""
    inside = result.get("retrieval", result)
    return inside if isinstance(inside, dict) else {}


def summary(record: RunRecord) -> dict[str, Any]:
    """Return what a list says of a run."""
    found = retrieval_in(record["result"])
    milliseconds = sum(event.get("ms", 0.0) for event in found.get("events", ()) if event.get("event") != "finish")
    return {
        "id": record["id"],
        "at": record.get("at", ""),
        "task": record["task"],
        "question": record["question"],
        "collections": [one.get("name", "") for one in record["collections"]],
        "ms": round(milliseconds, 1),
        "stopped": found.get("stopped", ""),
    }


# Kept results as they were


def result_of(record: RunRecord) -> Answer | Retrieval:
    """Return the result of a kept run as the object that it was.

    Raises:
        CallerError: where it lacks what an object needs.
    """
    try:
        said = record["result"]
        found = retrieval_in(said)
        retrieval = _made(
            Retrieval,
            found,
            passages=[_passage(one) for one in found["passages"]],
            spent={node: _made(Spending, one) for node, one in found.get("spent", {}).items()},
            sub_questions=[_made(SubQuestion, one) for one in found.get("sub_questions", ())],
            left_out=[_made(LeftOutPassage, one, path=_steps(one["path"])) for one in found.get("left_out", ())],
        )
        return _made(Answer, said, retrieval=retrieval) if "retrieval" in said else retrieval
    except (KeyError, TypeError, AttributeError) as error:
        raise CallerError(f"run {record['id']!r} lacks a part of its result: {error}") from error


def _passage(one: Mapping[str, Any]) -> RankedPassage:
    span = one.get("span")
    return _made(
        RankedPassage,
        one,
        path=_steps(one["path"]),
        duplicates=_steps(one.get("duplicates", ())),
        span=_made(Span, span) if span else None,
    )


def _steps(steps: Iterable[Mapping[str, Any]]) -> tuple[PathStep, ...]:
    return tuple(PathStep(one["id"], one["title"]) for one in steps)


def _made(kind: type[Thing], given: Mapping[str, Any], **parts: Any) -> Thing:
    """Return a dataclass of what it knows of a mapping; a later version may have written more."""
    known = {one.name for one in fields(kind)}  # type: ignore[arg-type]
    return kind(**{**{name: value for name, value in given.items() if name in known}, **parts})


# Asking again


@dataclass(frozen=True, slots=True)
class RunDifference:
    """What is not as it was: `what`, as it was before and as it is now."""

    what: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Replay:
    """A run that was asked again: what differs, none where all is as it was, and what may be the reason."""

    run: str
    differences: Sequence[RunDifference]
    notices: Sequence[str]
    result: Mapping[str, Any]

    @property
    def same(self) -> bool:
        """Say whether all came out as it did before."""
        return not self.differences


def replay(record: RunRecord, home: Path | str, names: Sequence[str] = ()) -> Replay:
    """Ask a kept run's question again, with its options and settings, of the collections as they are now.

    Args:
        names: collections to ask in place of those that the run names.

    Raises:
        CallerError: for a collection that is not there, or a setting that this version does not know.
        OperatorError: as for `Agent.ask`.
    """
    from .agent import Agent

    chosen = [*names] or [str(one.get("name", "")) for one in record["collections"]]
    settings = _settings(record)
    with Agent.open(home, *chosen, settings=settings) as agent:
        history = {"history": record["history"]} if "history" in record else {}
        ask = agent.ask if record["task"] == "answer" else agent.retrieve
        result = ask(record["question"], record["k"], where=record["where"], explain=True, **history).to_dict()
        notices = list(_reasons(record, agent))
    now = json.loads(json.dumps(result, default=str))
    return Replay(record["id"], differences(record["result"], now), notices, now)


def _settings(record: RunRecord) -> Settings:
    given = {name: value for name, value in record["settings"].items() if name in _REPLAYED and value is not None}
    try:
        return Settings(**given, runs=0)
    except ValueError as error:
        raise CallerError(f"run {record['id']!r} has settings that do not hold here: {error}") from error


def _reasons(record: RunRecord, agent: Any) -> Iterable[str]:
    """Yield what is not as it was when the run was kept and may change what comes of it."""
    from . import __version__

    if record.get("polyhop") != __version__:
        yield f"the run is of polyhop {record.get('polyhop')}, this is {__version__}"
    for what in record.get("own", ()):
        yield f"the run had its own {what}, which no setting says; the default was used"
    then = {one.get("name"): one for one in record["collections"]}
    for collection in agent.collections:
        before = then.get(collection.name, {})
        if before.get("embedder") not in (None, collection.embedder.name):
            yield f"collection {collection.name!r} had the embedder {before['embedder']!r}"
        if before.get("generation") != collection.record.get("generation"):
            yield f"collection {collection.name!r} has been written to since"


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[RunDifference]:
    """Return in what two results differ, answers or retrievals as plain JSON; scores count from 1e-6 on."""
    old, new = retrieval_in(before), retrieval_in(now)
    found = [
        RunDifference(name, str(one.get(name, "")), str(other.get(name, "")))
        for one, other, name in [
            (old, new, "question"),
            (old, new, "hops"),
            (old, new, "stopped"),
            *((before, now, name) for name in ("found", "text") if name in before or name in now),
        ]
        if one.get(name) != other.get(name)
    ]
    found += _ranking_differences(old["passages"], new["passages"])
    cited = [[one.get("passages") for one in result.get("citations", ())] for result in (before, now)]
    if cited[0] != cited[1]:
        found.append(RunDifference("citations", str(cited[0]), str(cited[1])))
    return found


def _ranking_differences(old: Sequence[Any], new: Sequence[Any]) -> Iterable[RunDifference]:
    """Yield the passages that are gone or new, have another rank or another score."""
    then = {one["id"]: (rank, one) for rank, one in enumerate(old, start=1)}
    now = {one["id"]: (rank, one) for rank, one in enumerate(new, start=1)}
    for id, (rank, one) in then.items():
        name = one.get("title") or id
        if id not in now:
            yield RunDifference(f"passage {name!r}", f"rank {rank}", "not there")
            continue
        place, other = now[id]
        if place != rank:
            yield RunDifference(f"passage {name!r}", f"rank {rank}", f"rank {place}")
        # Scores are rounded to six decimals, so that neighbours differ by the tolerance and a hair.
        if abs(one["score"] - other["score"]) > 1.5 * TOLERANCE:
            yield RunDifference(f"score of {name!r}", f"{one['score']:.6f}", f"{other['score']:.6f}")
    for id, (rank, one) in now.items():
        if id not in then:
            yield RunDifference(f"passage {one.get('title') or id!r}", "not there", f"rank {rank}")
