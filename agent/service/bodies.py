"""What goes over the wire: requests are checked by these models, answers are described by them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...core.check import MAX_QUESTION
from ...retrieval.stop import MOST_HOPS
from .jobs import FileState, JobState
from .shelf import AgentWish, Profile

Scalar = str | int | float | bool
#: names of collections, as `store/location.py` has them
CollectionName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$", examples=["default"])]
TOOLS = "tools"
#: a stop rule that a request may name; the settings may name a class besides, which is the operator's affair
_SHARE = r"(?:0?\.[0-9]{1,4}|0|1|1\.0)"
_RULE = rf"(?:dry|settled|(?:hopeless|sufficient)(?:={_SHARE})?)"


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
    hops: int | None = Field(
        None, ge=0, le=MOST_HOPS, description="hops after the first search at the most; the server's setting if null"
    )
    stop: str | None = Field(
        None,
        max_length=100,
        pattern=rf"^(?:{_RULE}(?:,{_RULE})*)?$",
        description="rules that end a run sooner, with commas, or none; the server's setting if null",
        examples=[None, "dry", "settled,sufficient=0.9"],
    )
    svg: bool = Field(False, description="whether the hops are drawn too, as SVG in the field `svg` of the outcome")

    def wish(self) -> AgentWish:
        """Return how the question is to be searched for."""
        return AgentWish(self.profile, self.hops, self.stop)


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
    svg: str | None = Field(None, description="the hops as a drawing, where it was asked for")
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
    svg: str | None = Field(None, description="the hops as a drawing, where it was asked for")


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


class LineBody(BaseModel):
    """Where a line of a PDF stands: its characters of the passage, its box in points from the page's top left."""

    start: int
    end: int
    page: int
    x0: float
    y0: float
    x1: float
    y1: float


class PieceBody(BaseModel):
    """A passage in its document: its number there, from 0, and its characters in the document's text, where known."""

    id: str
    place: int
    heading: str
    page: int = Field(description="from 1; 0 in formats without pages")
    start: int | None
    end: int | None
    text: str
    lines: list[LineBody]


class PassageView(PieceBody):
    """A passage with what stands around it; `previous` and `next` are the ids of its neighbours."""

    document: str
    title: str
    source: str
    metadata: dict[str, Any]
    previous: str | None
    next: str | None
    original: bool = Field(description="whether the file is kept and can be fetched")


class TextBody(DocumentRow):
    """The text of a document, in its passages; `next` is the `after` of the next page, null on the last."""

    metadata: dict[str, Any]
    original: bool = Field(description="whether the file is kept and can be fetched")
    count: int = Field(description="passages in all")
    passages: list[PieceBody]
    next: int | None


class LinkEnd(BaseModel):
    """A document, and the passage in it that is meant, "" for the document as such."""

    document: str
    title: str
    passage: str


class LinkRowBody(BaseModel):
    """A link as its author wrote it: characters `start` to `end` of the passage `from`, and where they lead."""

    model_config = ConfigDict(populate_by_name=True)
    kind: Literal["hyperlink", "listed", "reference", "identifier", "footnote"]
    words: str
    begins: LinkEnd = Field(alias="from")
    start: int
    end: int
    address: str = Field(description="what was written, in the form in which addresses are compared")
    anchor: str
    to: LinkEnd | None = Field(description="null where no document has the address, or none that the filter lets pass")


class LinksPage(BaseModel):
    """Links of a document; `next` is the `after` of the next page, null on the last."""

    links: list[LinkRowBody]
    next: int | None


class NameBearer(BaseModel):
    """A document that bears a name, and how it comes by it."""

    document: str
    title: str
    kind: Literal["title", "lead", "short", "alias"]


class NameRow(BaseModel):
    """A name, in the form in which names are compared, and up to eight documents that bear it."""

    name: str
    documents: list[NameBearer]


class NamesPage(BaseModel):
    """Names, sorted; `next` is where the next page begins, null on the last."""

    names: list[NameRow]
    next: str | None


class ToolRow(BaseModel):
    """A tool of a catalogue; `name` is how language models see it, score and reason are those of a search."""

    id: str
    name: str
    server: str
    owner: str
    kind: str
    tags: list[str]
    description: str
    required: list[str]
    optional: list[str]
    outputs: list[str]
    score: float | None
    reason: str | None
    definition: dict[str, Any] = Field(description="the function definition that a language model is sent")


class ToolsPage(BaseModel):
    """Tools by id, or the best for some words; `next` is where the next page begins, null on the last."""

    tools: list[ToolRow]
    next: str | None
    answerable: float | None = Field(description="probability that the catalogue has what the words ask for")


class WrittenBody(BaseModel):
    """What became of documents; they are on disk and can be found. `skipped` pairs keys with reasons."""

    added: int
    changed: int
    unchanged: int
    removed: int
    passages: int
    skipped: list[list[str]]


class WarningBody(BaseModel):
    """What looks wrong about what was read, how much of it there is, and where, at most ten places."""

    what: str
    detail: str
    places: list[str]


class FileBody(BaseModel):
    """What came of one file; `reasons` say what of it was not read, `dropped` counts characters left out on purpose.

    A file is `skipped` where nothing of it was read, and read `partly` where some rows or pages were not.
    """

    file: str
    state: FileState
    documents: int
    reasons: list[str]
    dropped: dict[str, int]
    warnings: list[WarningBody]


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
    dropped: dict[str, int] = Field(description="characters left out on purpose, by kind, such as navigation")
    results: list[FileBody] = Field(description="the files that were looked at so far")
    error: str


class RunRow(BaseModel):
    """A kept run in a list; `ms` is how long it took."""

    id: str
    at: str
    task: str
    question: str
    collections: list[str]
    ms: float
    stopped: str


class RunsBody(BaseModel):
    """The runs that are kept, the newest first."""

    runs: list[RunRow]


class RunBody(BaseModel):
    """A kept run: what was asked, of which collections, under which settings, and what came of it."""

    model_config = ConfigDict(extra="allow")
    id: str
    at: str
    task: str
    question: str
    k: int
    where: str
    collections: list[dict[str, Any]]
    settings: dict[str, Any]
    result: dict[str, Any] = Field(description="as `/retrieve` or `/ask` has answered")


class HealthBody(BaseModel):
    """How the server is."""

    status: Literal["ok"]
    version: str
