"""What goes over the wire: requests are checked by these models, answers are described by them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...core.check import MAX_QUESTION
from .jobs import JobState
from .shelf import Profile

Scalar = str | int | float | bool
#: names of collections, as `store/location.py` has them
CollectionName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$", examples=["default"])]
TOOLS = "tools"


class RequestBody(BaseModel):
    """What every request has in common: nothing that is misspelt is passed over."""

    model_config = ConfigDict(extra="forbid")


class SearchBody(RequestBody):
    """Where to search, and for how much."""

    collections: list[CollectionName] = Field(
        ["default"], min_length=1, max_length=8, description="searched as one; they must have the same embedder"
    )
    k: int | None = Field(None, ge=1, le=1_000, description="passages to return; the server's setting if null")
    where: str = Field("", max_length=10_000, description="a filter on metadata", examples=["", "year >= 1970"])
    profile: Profile | None = Field(None, description="how much reranking; the server's setting if null")


class RetrieveBody(SearchBody):
    """A question whose passages are wanted."""

    question: str = Field(
        min_length=1, max_length=MAX_QUESTION, examples=["In which city was the director of Jaws born?"]
    )


class AskBody(RetrieveBody):
    """A question that is to be answered."""

    stream: bool = Field(False, description="answer by server-sent events with AG-UI's event names")


class TurnBody(RequestBody):
    """What one side said before; an assistant's turn may name the titles that it rests on."""

    role: Literal["user", "assistant"]
    content: str = Field(max_length=100_000)
    question: str | None = Field(None, max_length=100_000, description="how a user's turn was understood")
    titles: list[Annotated[str, Field(max_length=10_000)]] | None = Field(None, max_length=100)

    def turn(self) -> dict[str, Any]:
        """Return it as an agent takes it; of the two extras each role has one."""
        return self.model_dump(exclude_none=True, exclude={"titles" if self.role == "user" else "question"})


class ChatBody(SearchBody):
    """The turns of a conversation, of which the last, a user's, is to be answered."""

    messages: list[TurnBody] = Field(
        min_length=1,
        max_length=1_000,
        examples=[
            [
                {"role": "user", "content": "Who directed Jaws?"},
                {"role": "assistant", "content": "Steven Spielberg."},
                {"role": "user", "content": "Where was he born?"},
            ]
        ],
    )
    stream: bool = False


class SelectBody(RequestBody):
    """What is to be done, for which tools are wanted."""

    request: str = Field(min_length=1, max_length=MAX_QUESTION, examples=["Convert 20 euros to yen"])
    collection: CollectionName = Field(TOOLS, description="a catalogue, as `polyhop tools add` makes one")
    k: int = Field(5, ge=1, le=200)
    where: str = Field("", max_length=10_000, examples=["", "server = 'bank'"])


class DocumentBody(RequestBody):
    """A document; one of the same key takes its place."""

    key: str = Field(min_length=1, max_length=4_096, examples=["films/jaws.md"])
    text: str = Field(min_length=1, max_length=50_000_000, examples=["Jaws is a film by Steven Spielberg."])
    title: str = Field("", max_length=10_000, examples=["Jaws"])
    metadata: dict[str, Scalar | list[Scalar]] = Field(default_factory=dict, examples=[{"year": 1975}])
    source: str = Field("", max_length=10_000)


class DocumentsBody(RequestBody):
    """Documents that are added, or take the place of those of the same keys."""

    documents: list[DocumentBody] = Field(min_length=1, max_length=10_000)


# Answers


class StepBody(BaseModel):
    """A passage on the way to another."""

    id: str
    title: str


class SpanBody(BaseModel):
    """Where a name stands that was followed: characters of a passage's text, or of the question if `passage` is ""."""

    passage: str
    text: str
    start: int
    end: int


class PassageBody(BaseModel):
    """A passage, with how it was found: `kind` of way, `via` which updater, along which `path`, in which `hop`.

    `parts` are what its score is made of.
    """

    id: str
    document: str
    title: str
    heading: str
    text: str
    metadata: dict[str, Any]
    source: str
    score: float
    via: str
    name: str
    path: list[StepBody]
    hop: int
    span: SpanBody | None
    parts: dict[str, float]
    duplicates: list[StepBody]
    kind: str
    page: int
    start: int | None
    end: int | None


class RetrievalBody(BaseModel):
    """The passages for a question, best first, and how the run went."""

    question: str
    passages: list[PassageBody]
    events: list[dict[str, Any]]
    hops: int
    stopped: str
    notices: list[str]
    sufficiency: float | None = Field(description="probability that the first five hold all that is needed")
    spent: dict[str, dict[str, float]]
    sub_questions: list[dict[str, Any]]
    turn: str
    instructions: list[str]
    run: str = Field(description="the id of the run, which log lines and traces bear")
    left_out: list[dict[str, Any]] = []


class CitationBody(BaseModel):
    """A sentence of an answer, the numbers of the passages that it cites, and whether they bear it out."""

    sentence: str
    passages: list[int]
    supported: bool
    why: str
    quote: str | None = None
    places: list[dict[str, Any]] = []


class AnswerBody(BaseModel):
    """An answer and the passages that it rests on, which citations count from 1."""

    question: str
    text: str
    citations: list[CitationBody]
    extractive: bool
    found: bool
    retrieval: RetrievalBody
    model: str
    notices: list[str]
    confidence: float | None


class ChatAnswerBody(AnswerBody):
    """The answer to the last turn, and all turns to send with the next one."""

    messages: list[dict[str, Any]]


class ToolBody(BaseModel):
    """A tool that a request needs."""

    name: str
    score: float
    reason: str
    description: str
    definition: dict[str, Any] = Field(description="the function definition that a language model is sent")
    alternatives: list[str]


class SelectionBody(BaseModel):
    """The tools that a request needs; none where the catalogue has nothing for it, and `why`."""

    request: str
    tools: list[ToolBody]
    answerable: float
    abstained: bool
    why: str
    intents: list[str]


class CollectionBody(BaseModel):
    """A collection."""

    name: str
    kind: Literal["documents", "tools"]
    documents: int
    passages: int
    embedder: str
    notices: list[str]


class CollectionsBody(BaseModel):
    """The collections of the tenant."""

    collections: list[str]


class DocumentRow(BaseModel):
    """A document in a list."""

    key: str
    title: str
    source: str


class DocumentsPage(BaseModel):
    """Documents by key; `next` is where the next page begins, null on the last."""

    documents: list[DocumentRow]
    next: str | None


class DocumentView(DocumentRow):
    """A document with its passages in their order."""

    metadata: dict[str, Any]
    passages: list[dict[str, Any]]


class WrittenBody(BaseModel):
    """What became of documents; they are on disk and can be found. `skipped` pairs keys with reasons."""

    added: int
    changed: int
    unchanged: int
    removed: int
    passages: int
    skipped: list[list[str]]


class UploadBody(BaseModel):
    """An upload; it is on disk, and is read as soon as its turn comes, after a crash too."""

    id: str
    collection: str
    state: JobState
    files: list[str]
    bytes: int
    file: str = Field(description="the file that is read")
    read: int = Field(description="characters that were embedded so far")
    documents_added: int
    documents_changed: int
    documents_removed: int
    passages: int
    skipped: list[list[str]]
    error: str


class HealthBody(BaseModel):
    """How the server is."""

    status: Literal["ok"]
    version: str
