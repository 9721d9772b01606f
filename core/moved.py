"""Old names of modules, which work for one more release and warn."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

PACKAGE = __name__.partition(".")[0]
#: what 0.1 called a module or a folder of modules, and what it is called now
MOVED = {
    "agent.asking": "agent.options",
    "agent.cli.demo": "agent.cli.ask",
    "agent.cli.index": "agent.cli.collections",
    "agent.cli.keep": "agent.cli.collections",
    "agent.cli.move": "agent.cli.collections",
    "agent.machine": "agent.runtime",
    "agent.profile": "retrieval.config",
    "agent.shape": "agent.results",
    "core.llm.budget": "core.llm.role",
    "core.llm.lite": "core.llm.litellm_model",
    "core.llm.local": "core.llm.transformers_model",
    "core.llm.own": "core.llm.callable_model",
    "core.llm.structured": "core.llm.gateway",
    "graphs.bearing": "answering.citations.misattribution",
    "graphs.context": "retrieval.run",
    "graphs.data": "answering.quoted",
    "graphs.decide": "answering.extractive.decide",
    "graphs.exchange": "answering.citations.swapped_names",
    "graphs.explain": "answering.extractive.explain",
    "graphs.extract": "answering.extractive.extract",
    "graphs.nodes.finish": "graphs.nodes.steps",
    "graphs.nodes.hop": "graphs.nodes.steps",
    "graphs.nodes.judge": "graphs.nodes.steps",
    "graphs.nodes.plan": "graphs.nodes.steps",
    "graphs.nodes.rank": "graphs.nodes.steps",
    "graphs.nodes.rerank": "graphs.nodes.steps",
    "graphs.nodes.search": "graphs.nodes.steps",
    "graphs.polarity": "answering.citations.polarity",
    "graphs.quotable": "answering.extractive.quotable",
    "graphs.reading": "answering.citations.reading",
    "graphs.same": "answering.citations.synonyms",
    "graphs.spend": "retrieval.escalation",
    "graphs.stop": "retrieval.stop",
    "graphs.support": "answering.citations.check",
    "graphs.sync": "graphs.loop",
    "graphs.walk": "graphs.loop",
    "graphs.watch": "graphs.state",
    "graphs.weighing": "answering.extractive.scorer",
    "retrieval.cosines": "core.vectors",
    "retrieval.dates": "core.dates",
    "retrieval.embed": "encoders",
    "retrieval.embed.export": "encoders.minilm",
    "retrieval.embed.kept": "encoders.graph_cache",
    "retrieval.embed.sentence": "encoders.sentence_transformer",
    "retrieval.embed.text": "encoders.role",
    "retrieval.embed.weights": "encoders.minilm",
    "retrieval.fuse": "retrieval.fusion",
    "retrieval.hop.checkpoint": "retrieval.hop.treehop_network",
    "retrieval.hop.gate": "retrieval.hop.treehop_network",
    "retrieval.hop.locate": "retrieval.hop.mentions",
    "retrieval.ingest": "ingest",
    "retrieval.ingest.chunk": "store.chunk",
    "retrieval.ingest.clean": "ingest.documents",
    "retrieval.ingest.read": "ingest.readers",
    "retrieval.ingest.rows": "ingest.documents",
    "retrieval.ingest.sections": "store.chunk",
    "retrieval.ingest.skipped": "ingest.documents",
    "retrieval.ingest.tokens": "store.chunk",
    "retrieval.ingest.walk": "ingest.index",
    "retrieval.query.beside": "retrieval.query.reformulations",
    "retrieval.query.candidates": "retrieval.query.short_answers",
    "retrieval.query.check": "core.check",
    "retrieval.query.condense": "conversation",
    "retrieval.query.condense.binding": "conversation.references",
    "retrieval.query.condense.nouns": "conversation.names",
    "retrieval.query.evokes": "retrieval.query.short_answers",
    "retrieval.query.expansion": "retrieval.query.reformulations",
    "retrieval.query.feedback": "retrieval.query.reformulations",
    "retrieval.query.period": "retrieval.query.instructions",
    "retrieval.query.phrases": "retrieval.query.instructions",
    "retrieval.query.pursue": "retrieval.escalation",
    "retrieval.query.readings": "retrieval.query.instructions",
    "retrieval.query.short": "retrieval.query.short_answers",
    "retrieval.query.understood": "retrieval.candidate",
    "retrieval.query.wanted": "retrieval.query.short_answers",
    "retrieval.query.written": "retrieval.query.reformulations",
    "retrieval.rerank.adapted": "retrieval.rerank.adapter",
    "retrieval.rerank.adapter_weights": "retrieval.rerank.adapter",
    "retrieval.rerank.features": "retrieval.rerank.listwise",
    "retrieval.rerank.head": "retrieval.rerank.role",
    "retrieval.rerank.sentence": "retrieval.rerank.sentence_cross_encoder",
    "retrieval.rerank.sufficiency": "retrieval.rerank.role",
    "retrieval.sentences": "core.words",
    "retrieval.store": "store",
    "retrieval.store.exchange": "store.transfer",
    "retrieval.store.filter_nodes": "store.filter",
    "retrieval.store.filter_parse": "store.filter",
    "retrieval.store.intake": "store.write",
    "retrieval.store.place": "store.location",
    "retrieval.store.recent": "store.search",
    "retrieval.store.reindex": "store.write",
    "retrieval.store.schema": "store.record",
    "retrieval.types": "core.types",
    "retrieval.weights_file": "core.weights_file",
    "retrieval.words": "core.words",
    "retrieval.working": "retrieval.run",
    "tools.passages": "agent.adapters.langchain",
    "agent.cli.chat": "agent.cli.ask",
    "agent.cli.serve": "agent.cli.tools",
    "agent.evaluate.calibration": "agent.evaluate.metrics",
    "agent.evaluate.remember": "agent.evaluate.compare",
    "agent.evaluate.table": "agent.show",
    "agent.explain": "agent.show",
    "agent.toolbox.hands": "agent.toolbox.toolkit",
    "agent.toolbox.offer": "agent.toolbox.search",
    "agent.toolbox.reach": "agent.toolbox.search",
    "agent.toolbox.serve": "agent.toolbox.proxy",
    "tools.importers.functions": "tools.importers.definitions",
    "tools.importers.json_lines": "tools.importers.definitions",
    "tools.references": "tools.schema",
    "tools.select.cognates": "tools.select.gloss",
    "tools.select.language": "tools.select.glossary",
    "tools.select.needs": "tools.select.choose",
    "tools.select.terms": "tools.select.lexicon",
    "tools.text": "tools.tool",
    "training.examples": "training.harness",
    "training.options": "training.harness",
    "training.treehop.own": "training.treehop.examples",
    "training.treehop.pool": "training.pool",
    "training.treehop.questions": "training.questions",
    "training.treehop.recipe": "training.treehop.network",
    "training.watch": "training.harness",
}


class Moved(MetaPathFinder):
    """Finds a module under its old name: the very module that has the new one."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how an old name is loaded, or nothing where it is none."""
        new = new_name(fullname)
        return None if new is None else ModuleSpec(fullname, _Alias(fullname, new))


class _Alias(Loader):
    """Gives the module with the new name in the place of a module of its own."""

    def __init__(self, old: str, new: str) -> None:
        self._old, self._new = old, new
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module with the new name."""
        warnings.warn(
            f"{self._old} is {self._new} now; the old name goes with the next release", DeprecationWarning, stacklevel=2
        )
        module = import_module(self._new)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module what it was: importlib has just given it the old name's specification."""
        module.__spec__ = self._spec


def new_name(fullname: str) -> str | None:
    """Return what an old name became, the longest known part of it counting, or nothing."""
    package, _, name = fullname.partition(".")
    if package != PACKAGE:
        return None
    for old in sorted(MOVED, key=len, reverse=True):
        if name == old or name.startswith(old + "."):
            return f"{PACKAGE}.{MOVED[old]}{name[len(old) :]}"
    return None


def install() -> None:
    """Find old names from now on; asked for more than once it does nothing more."""
    if not any(isinstance(finder, Moved) for finder in sys.meta_path):
        # First: the folder behind an old name would otherwise be searched, and its modules loaded a second time.
        sys.meta_path.insert(0, Moved())
