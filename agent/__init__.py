"""What people call: open collections, index, retrieve, ask.

    from polyhop.agent import Agent

    with Agent.open(".polyhop") as agent:
        agent.index(["docs"])
        print(agent.ask("Who is the mother of the director of film Polish-Russian War?").text)

Names are loaded when they are used, so that importing this package costs nothing. The parts that a profile is made of
are imported from their rooms; docs/parts.md lists them.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from ..core import moved

if TYPE_CHECKING:
    from ..answering.citations.check import Citation, check_citations
    from ..core.errors import CallerError, ModelError, OperatorError, PolyhopError
    from ..core.llm.callable_model import OwnModel
    from ..core.llm.litellm_model import LiteLLM
    from ..core.llm.role import Budget, Ledger
    from ..core.llm.transformers_model import LocalModel
    from ..core.settings import Settings
    from ..core.types import Document, Passage
    from ..retrieval.config import Config
    from ..retrieval.stop import MaxHops, Stop
    from ..store.chroma import adopt
    from ..store.collection import Collection
    from ..store.location import Options
    from ..store.transfer import export, import_file
    from ..tools.catalogue import Catalogue
    from ..tools.importers.definitions import Functions, JsonLines
    from ..tools.importers.langchain import LangChainTools
    from ..tools.importers.mcp import McpServer
    from ..tools.importers.openapi import OpenApi
    from ..tools.importers.python import PythonFunctions
    from ..tools.importers.role import Tools
    from ..tools.sources import sources_of
    from ..tools.tool import SyncReport, Tool
    from .agent import Agent
    from .chat import Chat
    from .evaluate.compare import Evaluation
    from .results import Answer, RankedPassage, Retrieval, Spending, SubQuestion
    from .selection import SelectedTool, Selection, ToolSelector

#: the names of each module, which is imported when one of them is used
_MODULES = {
    "..answering.citations.check": "Citation check_citations",
    "..core.errors": "CallerError ModelError OperatorError PolyhopError",
    "..core.llm.role": "Budget Ledger",
    "..core.llm.callable_model": "OwnModel",
    "..core.llm.litellm_model": "LiteLLM",
    "..core.llm.transformers_model": "LocalModel",
    "..core.settings": "Settings",
    "..core.types": "Document Passage",
    "..retrieval.config": "Config",
    "..retrieval.stop": "MaxHops Stop",
    "..store.chroma": "adopt",
    "..store.collection": "Collection",
    "..store.location": "Options",
    "..store.transfer": "export import_file",
    "..tools.catalogue": "Catalogue",
    "..tools.importers.definitions": "Functions JsonLines",
    "..tools.importers.langchain": "LangChainTools",
    "..tools.importers.mcp": "McpServer",
    "..tools.importers.openapi": "OpenApi",
    "..tools.importers.python": "PythonFunctions",
    "..tools.importers.role": "Tools",
    "..tools.sources": "sources_of",
    "..tools.tool": "SyncReport Tool",
    ".agent": "Agent",
    ".chat": "Chat",
    ".evaluate.compare": "Evaluation",
    ".results": "Answer RankedPassage Retrieval Spending SubQuestion",
    ".selection": "SelectedTool Selection ToolSelector",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = [
    "Agent",
    "Answer",
    "Budget",
    "CallerError",
    "Catalogue",
    "Chat",
    "Citation",
    "Collection",
    "Config",
    "Document",
    "Evaluation",
    "Functions",
    "JsonLines",
    "LangChainTools",
    "Ledger",
    "LiteLLM",
    "LocalModel",
    "MaxHops",
    "McpServer",
    "ModelError",
    "OpenApi",
    "OperatorError",
    "Options",
    "OwnModel",
    "Passage",
    "PolyhopError",
    "PythonFunctions",
    "RankedPassage",
    "Retrieval",
    "SelectedTool",
    "Selection",
    "Settings",
    "Spending",
    "Stop",
    "SubQuestion",
    "SyncReport",
    "Tool",
    "ToolSelector",
    "Tools",
    "__version__",
    "adopt",
    "check_citations",
    "export",
    "import_file",
    "sources_of",
]

try:
    __version__ = version("polyhop")
except PackageNotFoundError:
    __version__ = "0"

moved.install()


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    return moved.exported(__name__, name)
