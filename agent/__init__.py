"""What people call: open collections, index, retrieve, ask.

    from polyhop.agent import Agent

    with Agent.open(".polyhop") as agent:
        agent.index(["docs"])
        print(agent.ask("Who is the mother of the director of film Polish-Russian War?").text)

Names are loaded when they are used, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..core.errors import CallerError, ModelError, OperatorError, PolyhopError
    from ..core.files import read_rows
    from ..core.llm import Budget, Ledger, LiteLLM, OwnModel
    from ..core.settings import Settings
    from ..graphs.stop import (
        AfterHops,
        AfterSeconds,
        Progress,
        Stop,
        WhenDry,
        WhenHopeless,
        WhenSettled,
        WhenSufficient,
    )
    from ..graphs.support import Citation, check_citations
    from ..retrieval.fuse.adaptive import Adaptive
    from ..retrieval.fuse.guided import Guided
    from ..retrieval.fuse.minmax import MinMax
    from ..retrieval.fuse.role import Fusion
    from ..retrieval.fuse.rrf import ReciprocalRank, rrf
    from ..retrieval.hop.directional import DirectionalHop
    from ..retrieval.hop.link import LinkHop
    from ..retrieval.hop.pagerank import PageRankHop
    from ..retrieval.hop.role import Bridge, Find, HopUpdater, Query
    from ..retrieval.hop.shared import SharedNameHop
    from ..retrieval.hop.span import SpanHop
    from ..retrieval.hop.tree import Growth, grow, merged
    from ..retrieval.hop.treehop import TreeHop
    from ..retrieval.query.condense import Condensed, condense
    from ..retrieval.query.expansion import Expansion
    from ..retrieval.query.feedback import Feedback
    from ..retrieval.query.first import FirstSearch
    from ..retrieval.query.gate import Gate
    from ..retrieval.rerank.cover import Cover
    from ..retrieval.rerank.cross import CrossEncoder
    from ..retrieval.rerank.duplicates import Duplicates
    from ..retrieval.rerank.e2rank import E2Rank
    from ..retrieval.rerank.listwise import Estimate, Listwise
    from ..retrieval.rerank.path import PathScore
    from ..retrieval.rerank.rocchio import Rocchio
    from ..retrieval.rerank.role import Ranked, Ranker, Reranker
    from ..retrieval.rerank.sentence import SentenceCross
    from ..retrieval.rerank.sufficiency import ALWAYS, Sufficiency
    from ..retrieval.store.collection import Collection
    from ..retrieval.store.exchange import adopt, export, import_file
    from ..retrieval.store.place import Options
    from ..retrieval.types import Document, Hit, Passage
    from ..retrieval.working import Working
    from ..tools.catalogue import Catalogue
    from ..tools.follow import Follower, Patience
    from ..tools.importers.functions import Functions
    from ..tools.importers.json_lines import JsonLines
    from ..tools.importers.langchain import LangChainTools
    from ..tools.importers.mcp import McpServer
    from ..tools.importers.openapi import OpenApi
    from ..tools.importers.python import PythonFunctions
    from ..tools.importers.role import Tools
    from ..tools.sources import sources_of
    from ..tools.tool import Note, SyncReport, Tool
    from .agent import Agent
    from .chat import Chat
    from .evaluate.compare import Evaluation
    from .profile import AUGMENTERS, RERANKERS, Profile
    from .results import Answer, RankedPassage, Retrieval, Spending, SubQuestion
    from .selection import SelectedTool, Selection, ToolSelector

_HOMES = {
    "Catalogue": "..tools.catalogue",
    "Follower": "..tools.follow",
    "Functions": "..tools.importers.functions",
    "JsonLines": "..tools.importers.json_lines",
    "LangChainTools": "..tools.importers.langchain",
    "McpServer": "..tools.importers.mcp",
    "Note": "..tools.tool",
    "OpenApi": "..tools.importers.openapi",
    "Patience": "..tools.follow",
    "PythonFunctions": "..tools.importers.python",
    "SyncReport": "..tools.tool",
    "Tool": "..tools.tool",
    "Tools": "..tools.importers.role",
    "sources_of": "..tools.sources",
    "Duplicates": "..retrieval.rerank.duplicates",
    "Fusion": "..retrieval.fuse.role",
    "ReciprocalRank": "..retrieval.fuse.rrf",
    "MinMax": "..retrieval.fuse.minmax",
    "Guided": "..retrieval.fuse.guided",
    "Adaptive": "..retrieval.fuse.adaptive",
    "Bridge": "..retrieval.hop.role",
    "DirectionalHop": "..retrieval.hop.directional",
    "Feedback": "..retrieval.query.feedback",
    "Expansion": "..retrieval.query.expansion",
    "Gate": "..retrieval.query.gate",
    "Find": "..retrieval.hop.role",
    "FirstSearch": "..retrieval.query.first",
    "HopUpdater": "..retrieval.hop.role",
    "LinkHop": "..retrieval.hop.link",
    "Budget": "..core.llm",
    "Ledger": "..core.llm",
    "LiteLLM": "..core.llm",
    "OwnModel": "..core.llm",
    "PathScore": "..retrieval.rerank.path",
    "Profile": ".profile",
    "Progress": "..graphs.stop",
    "Query": "..retrieval.hop.role",
    "Working": "..retrieval.working",
    "adopt": "..retrieval.store.exchange",
    "export": "..retrieval.store.exchange",
    "import_file": "..retrieval.store.exchange",
    "Agent": ".agent",
    "Chat": ".chat",
    "Condensed": "..retrieval.query.condense",
    "condense": "..retrieval.query.condense",
    "Answer": ".results",
    "Evaluation": ".evaluate.compare",
    "Ranked": "..retrieval.rerank.role",
    "RankedPassage": ".results",
    "Ranker": "..retrieval.rerank.role",
    "Reranker": "..retrieval.rerank.role",
    "Retrieval": ".results",
    "Spending": ".results",
    "SubQuestion": ".results",
    "Collection": "..retrieval.store.collection",
    "Options": "..retrieval.store.place",
    "Document": "..retrieval.types",
    "Hit": "..retrieval.types",
    "Passage": "..retrieval.types",
    "Settings": "..core.settings",
    "SharedNameHop": "..retrieval.hop.shared",
    "SpanHop": "..retrieval.hop.span",
    "PageRankHop": "..retrieval.hop.pagerank",
    "PolyhopError": "..core.errors",
    "CallerError": "..core.errors",
    "OperatorError": "..core.errors",
    "ModelError": "..core.errors",
    "Growth": "..retrieval.hop.tree",
    "merged": "..retrieval.hop.tree",
    "grow": "..retrieval.hop.tree",
    "TreeHop": "..retrieval.hop.treehop",
    "Stop": "..graphs.stop",
    "AfterHops": "..graphs.stop",
    "AfterSeconds": "..graphs.stop",
    "WhenDry": "..graphs.stop",
    "WhenHopeless": "..graphs.stop",
    "WhenSettled": "..graphs.stop",
    "Citation": "..graphs.support",
    "check_citations": "..graphs.support",
    "read_rows": "..core.files",
    "rrf": "..retrieval.fuse.rrf",
    "ALWAYS": "..retrieval.rerank.sufficiency",
    "Cover": "..retrieval.rerank.cover",
    "CrossEncoder": "..retrieval.rerank.cross",
    "E2Rank": "..retrieval.rerank.e2rank",
    "Estimate": "..retrieval.rerank.listwise",
    "Listwise": "..retrieval.rerank.listwise",
    "Rocchio": "..retrieval.rerank.rocchio",
    "SentenceCross": "..retrieval.rerank.sentence",
    "Sufficiency": "..retrieval.rerank.sufficiency",
    "WhenSufficient": "..graphs.stop",
    "AUGMENTERS": ".profile",
    "RERANKERS": ".profile",
    "SelectedTool": ".selection",
    "Selection": ".selection",
    "ToolSelector": ".selection",
}

__all__ = [
    "ALWAYS",
    "AUGMENTERS",
    "RERANKERS",
    "Adaptive",
    "AfterHops",
    "AfterSeconds",
    "Agent",
    "Answer",
    "Bridge",
    "Budget",
    "CallerError",
    "Catalogue",
    "Chat",
    "Citation",
    "Collection",
    "Condensed",
    "Cover",
    "CrossEncoder",
    "DirectionalHop",
    "Document",
    "Duplicates",
    "E2Rank",
    "Estimate",
    "Evaluation",
    "Expansion",
    "Feedback",
    "Find",
    "FirstSearch",
    "Follower",
    "Functions",
    "Fusion",
    "Gate",
    "Growth",
    "Guided",
    "Hit",
    "HopUpdater",
    "JsonLines",
    "LangChainTools",
    "Ledger",
    "LinkHop",
    "Listwise",
    "LiteLLM",
    "McpServer",
    "MinMax",
    "ModelError",
    "Note",
    "OpenApi",
    "OperatorError",
    "Options",
    "OwnModel",
    "PageRankHop",
    "Passage",
    "PathScore",
    "Patience",
    "PolyhopError",
    "Profile",
    "Progress",
    "PythonFunctions",
    "Query",
    "Ranked",
    "RankedPassage",
    "Ranker",
    "ReciprocalRank",
    "Reranker",
    "Retrieval",
    "Rocchio",
    "SelectedTool",
    "Selection",
    "SentenceCross",
    "Settings",
    "SharedNameHop",
    "SpanHop",
    "Spending",
    "Stop",
    "SubQuestion",
    "Sufficiency",
    "SyncReport",
    "Tool",
    "ToolSelector",
    "Tools",
    "TreeHop",
    "WhenDry",
    "WhenHopeless",
    "WhenSettled",
    "WhenSufficient",
    "Working",
    "__version__",
    "adopt",
    "check_citations",
    "condense",
    "export",
    "grow",
    "import_file",
    "merged",
    "read_rows",
    "rrf",
    "sources_of",
]

try:
    __version__ = version("polyhop")
except PackageNotFoundError:
    __version__ = "0"


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
