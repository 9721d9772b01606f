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
    from ..answering.citations.check import Citation, check_citations
    from ..conversation import Condensed, condense
    from ..core.errors import CallerError, ModelError, OperatorError, PolyhopError
    from ..core.files import read_rows
    from ..core.llm import Budget, Ledger, LiteLLM, OwnModel
    from ..core.llm.transformers_model import LocalModel
    from ..core.settings import Settings
    from ..core.types import Document, Hit, Passage
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
    from ..retrieval.fusion.adaptive import Adaptive
    from ..retrieval.fusion.guided import Guided
    from ..retrieval.fusion.minmax import MinMax
    from ..retrieval.fusion.role import Fusion
    from ..retrieval.fusion.rrf import ReciprocalRank, rrf
    from ..retrieval.hop.directional import DirectionalHop
    from ..retrieval.hop.link import LinkHop
    from ..retrieval.hop.pagerank import PageRankHop
    from ..retrieval.hop.role import Bridge, Find, HopUpdater, Query
    from ..retrieval.hop.shared import SharedNameHop
    from ..retrieval.hop.span import SpanHop
    from ..retrieval.hop.tree import Growth, grow, merged
    from ..retrieval.hop.treehop import TreeHop
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
    from ..retrieval.rerank.sentence_cross_encoder import SentenceCross
    from ..retrieval.rerank.sufficiency import ALWAYS, Sufficiency
    from ..retrieval.run import Run
    from ..store.collection import Collection
    from ..store.location import Options
    from ..store.transfer import adopt, export, import_file
    from ..tools.catalogue import Catalogue
    from ..tools.follow import Follower, Patience
    from ..tools.importers.functions import Functions
    from ..tools.importers.json_lines import JsonLines
    from ..tools.importers.langchain import LangChainTools
    from ..tools.importers.mcp import McpServer
    from ..tools.importers.openapi import OpenApi
    from ..tools.importers.python import PythonFunctions
    from ..tools.importers.role import Tools
    from ..tools.select.prompt import QueryPrompt
    from ..tools.sources import sources_of
    from ..tools.tool import Note, SyncReport, Tool
    from .agent import Agent
    from .chat import Chat
    from .evaluate.compare import Evaluation
    from .profile import AUGMENTERS, RERANKERS, Profile
    from .results import Answer, RankedPassage, Retrieval, Spending, SubQuestion
    from .selection import SelectedTool, Selection, ToolSelector

#: the names of each module, which is imported when one of them is used
_MODULES = {
    "..core.errors": "CallerError ModelError OperatorError PolyhopError",
    "..core.files": "read_rows",
    "..core.llm": "Budget Ledger LiteLLM OwnModel",
    "..core.llm.transformers_model": "LocalModel",
    "..core.settings": "Settings",
    "..graphs.stop": "AfterHops AfterSeconds Progress Stop WhenDry WhenHopeless WhenSettled WhenSufficient",
    "..answering.citations.check": "Citation check_citations",
    "..retrieval.fusion.adaptive": "Adaptive",
    "..retrieval.fusion.guided": "Guided",
    "..retrieval.fusion.minmax": "MinMax",
    "..retrieval.fusion.role": "Fusion",
    "..retrieval.fusion.rrf": "ReciprocalRank rrf",
    "..retrieval.hop.directional": "DirectionalHop",
    "..retrieval.hop.link": "LinkHop",
    "..retrieval.hop.pagerank": "PageRankHop",
    "..retrieval.hop.role": "Bridge Find HopUpdater Query",
    "..retrieval.hop.shared": "SharedNameHop",
    "..retrieval.hop.span": "SpanHop",
    "..retrieval.hop.tree": "Growth grow merged",
    "..retrieval.hop.treehop": "TreeHop",
    "..conversation": "Condensed condense",
    "..retrieval.query.expansion": "Expansion",
    "..retrieval.query.feedback": "Feedback",
    "..retrieval.query.first": "FirstSearch",
    "..retrieval.query.gate": "Gate",
    "..retrieval.rerank.cover": "Cover",
    "..retrieval.rerank.cross": "CrossEncoder",
    "..retrieval.rerank.duplicates": "Duplicates",
    "..retrieval.rerank.e2rank": "E2Rank",
    "..retrieval.rerank.listwise": "Estimate Listwise",
    "..retrieval.rerank.path": "PathScore",
    "..retrieval.rerank.rocchio": "Rocchio",
    "..retrieval.rerank.role": "Ranked Ranker Reranker",
    "..retrieval.rerank.sentence_cross_encoder": "SentenceCross",
    "..retrieval.rerank.sufficiency": "ALWAYS Sufficiency",
    "..store.collection": "Collection",
    "..store.transfer": "adopt export import_file",
    "..store.location": "Options",
    "..core.types": "Document Hit Passage",
    "..retrieval.run": "Run",
    "..tools.catalogue": "Catalogue",
    "..tools.follow": "Follower Patience",
    "..tools.importers.functions": "Functions",
    "..tools.importers.json_lines": "JsonLines",
    "..tools.importers.langchain": "LangChainTools",
    "..tools.importers.mcp": "McpServer",
    "..tools.importers.openapi": "OpenApi",
    "..tools.importers.python": "PythonFunctions",
    "..tools.importers.role": "Tools",
    "..tools.select.prompt": "QueryPrompt",
    "..tools.sources": "sources_of",
    "..tools.tool": "Note SyncReport Tool",
    ".agent": "Agent",
    ".chat": "Chat",
    ".evaluate.compare": "Evaluation",
    ".profile": "AUGMENTERS Profile RERANKERS",
    ".results": "Answer RankedPassage Retrieval Spending SubQuestion",
    ".selection": "SelectedTool Selection ToolSelector",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}

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
    "LocalModel",
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
    "QueryPrompt",
    "Ranked",
    "RankedPassage",
    "Ranker",
    "ReciprocalRank",
    "Reranker",
    "Retrieval",
    "Rocchio",
    "Run",
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
