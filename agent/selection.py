"""Choosing the tools that a request needs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

from ..core.llm.role import Budget, LanguageModel, Ledger
from ..core.settings import Settings
from ..core.types import Spent
from ..encoders import Encoder
from ..graphs.select import Selecting, Selector, Wanted, select
from ..graphs.state import Event
from ..tools.catalogue import DEFAULT, Catalogue
from ..tools.importers.role import ToolSource
from ..tools.select.choose import IntentCover, Needs, Twins
from ..tools.select.engine import Engine
from ..tools.select.model import ToolScorer, load
from ..tools.select.prompt import QueryPrompt
from ..tools.snapshot import Snapshot
from ..tools.tool import SyncReport, Tool
from .models import LanguageModels, Model


@dataclass(frozen=True, slots=True)
class SelectedTool:
    """A tool with its score, the part of the request that it serves, and tools that do the same.

    `name` is the shortest that is its alone. `gives` names the input that it gives to the tool `to`, where it was
    added for that.
    """

    name: str
    score: float
    reason: str
    tool: Tool
    alternatives: tuple[str, ...] = ()
    gives: str = ""
    to: str = ""

    def definition(self) -> dict[str, Any]:
        """Return the function definition that a language model is sent."""
        return self.tool.definition(self.name)


@dataclass(frozen=True, slots=True)
class Selection:
    """The tools that a request needs, or why there are none.

    `ranked` holds the k best in any case; `tools` is what to offer: those and what they depend on, or nothing where the
    selection `abstained`. `answerable` is the probability that the catalogue has what was asked for, `spent` what a
    language model took, if one wrote the queries.
    """

    request: str
    ranked: tuple[SelectedTool, ...]
    needed: tuple[SelectedTool, ...]
    answerable: float
    abstained: bool
    why: str
    intents: tuple[str, ...]
    events: tuple[Event, ...] = ()
    spent: tuple[Spent, ...] = ()

    @property
    def tools(self) -> tuple[SelectedTool, ...]:
        """Return what to offer."""
        return () if self.abstained else (*self.ranked, *self.needed)

    def definitions(self) -> list[dict[str, Any]]:
        """Return the function definitions of what is offered."""
        return [tool.definition() for tool in self.tools]


class ToolSelector:
    """Selects tools from a catalogue. It is a context manager; threads may share it.

    Args:
        catalogue: where the tools are.
        threshold: probability of being answerable below which nothing is offered; 0 never abstains.
        cover: how all that is asked is served before anything twice; None takes the tools by score alone.
        twins: what counts as doing the same; None shows every tool on its own.
        needs: how dependencies are found; None adds none.
        scorer: the trained one, the shipped one by default.
        llm: writes the queries of each selection, one for each tool needed: a language model, or several, each asked
            where those before it fail; also a function from messages to text. Without one, whatever the settings say, a
            request is taken apart by rules.
        prompt: how it is asked, such as one made by `polyhop.training.tool_queries`.
        budget: what all selections together may spend on it; the settings say what each may.

    Raises:
        CallerError: for what is no language model.
        OperatorError: for weights of the scorer that cannot be read.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        threshold: float | None = None,
        cover: IntentCover | None = IntentCover(),  # noqa: B008 - frozen
        twins: Twins | None = Twins(),  # noqa: B008 - frozen
        needs: Needs | None = Needs(),  # noqa: B008 - frozen
        scorer: ToolScorer | None = None,
        llm: LanguageModel | Model | Sequence[LanguageModel | Model] = (),
        prompt: QueryPrompt | None = None,
        budget: Budget | Ledger | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.engine = Engine(catalogue, scorer or load())
        # A model that the settings name is for answers; it is asked here only where it is given.
        self.models = LanguageModels.of(Settings().model_copy(update={"llm": ""}), llm, budget)
        self._selector = partial(Selector, self.engine, cover, twins, needs, threshold, prompt=prompt or QueryPrompt())

    @classmethod
    def open(
        cls,
        home: Path | str | None = None,
        name: str = DEFAULT,
        *,
        create: bool = False,
        embedder: Encoder | None = None,
        **options: Any,
    ) -> Self:
        """Open a catalogue by name; with `create` a missing one is made. `options` go to the constructor."""
        opening = Catalogue.create if create else Catalogue.open
        return cls(opening(home or Settings().home, name, embedder=embedder), **options)

    def sync(self, source: ToolSource) -> SyncReport:
        """Bring the catalogue in step with a source."""
        return self.catalogue.sync(source)

    def select(self, request: str, k: int = 5, *, where: str = "") -> Selection:
        """Return the tools that together do what a request asks, or none.

        Args:
            request: what is to be done, in plain words.
            k: how many tools to return at the most; tools that give an input of these may come in addition.
            where: a filter over `name`, `server`, `owner`, `tags`, `kind`, `required`, `optional`, `outputs`.

        Raises:
            CallerError: for an empty request, a bad filter or a bad k.
        """
        context = self._selector()
        context.llm = self.models.gateway(context.cancelled.is_set, context.started + context.seconds)
        state = select(Wanted(request=request, k=k, where=where), context)
        return shaped(state, self.engine.index().snapshot)

    async def aselect(self, request: str, k: int = 5, *, where: str = "") -> Selection:
        """Do what `select` does."""
        return await asyncio.to_thread(self.select, request, k, where=where)

    def close(self) -> None:
        """Close the catalogue."""
        self.models.close()
        self.catalogue.collection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


def shaped(state: Selecting, snapshot: Snapshot) -> Selection:
    """Return what a selection came to."""
    scores = {one["id"]: one["score"] for one in state["candidates"]}
    ranked = tuple(
        SelectedTool(
            name=snapshot.shown[row],
            score=scores[name],
            reason=state["reasons"][name],
            tool=snapshot.tools[row],
            alternatives=_names(state["alternatives"].get(name, ()), snapshot),
        )
        for name, row in _rows(state["chosen"], snapshot)
    )
    needed = []
    for need in state["needs"]:
        for _, row in _rows([need["id"]], snapshot):
            to = _names([need["to"]], snapshot)
            reason = f"gives {need['gives']} to {' '.join(to)}"
            tool, score = snapshot.tools[row], scores.get(need["id"], 0.0)
            needed.append(SelectedTool(snapshot.shown[row], score, reason, tool, gives=need["gives"], to=" ".join(to)))
    return Selection(
        request=state["request"],
        ranked=ranked,
        needed=tuple(needed),
        answerable=state["answerable"],
        abstained=bool(state["abstained"]),
        why=state["abstained"],
        intents=tuple(state["intents"]),
        events=tuple(state["events"]),
        spent=tuple(state.get("spent", ())),
    )


def _rows(ids: Sequence[str], snapshot: Snapshot) -> list[tuple[str, int]]:
    """Return the rows of tools that are still there."""
    return [(name, snapshot.row[name]) for name in ids if name in snapshot.row]


def _names(ids: Sequence[str], snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(snapshot.shown[row] for _, row in _rows(ids, snapshot))
