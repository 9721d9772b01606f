"""The agent: collections, a configuration, and the questions asked of them."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, Unpack, overload

from ..core.check import check_k
from ..core.errors import CallerError
from ..core.settings import Settings
from ..encoders import Encoder, load, with_transform
from ..encoders.role import accepted
from ..graphs.state import Event, State, Task
from ..retrieval.config import Config
from ..retrieval.rerank.listwise import FIRST
from ..retrieval.retriever import CallableRetriever, MultiRetriever, Retriever
from ..retrieval.run import Run
from ..store.collection import Collection
from ..store.location import Options
from .models import LanguageModels, Model
from .options import AgentOptions, QuestionOptions, check_agent_options, check_batch, checked, requested
from .results import Answer, Retrieval, answer_of, retrieval_of
from .runtime import PreparedRun, Runtime

if TYPE_CHECKING:
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.tools import StructuredTool

    from ..core.llm.role import Budget, LanguageModel, Ledger
    from ..ingest.index import IndexReport, Watcher
    from .batch import BatchRun, Errors
    from .calibration import Calibration
    from .chat import Chat
    from .evaluate.calibrate import CalibrationReport
    from .evaluate.compare import Evaluation
    from .evaluate.questions import GoldQuestion

Result = TypeVar("Result", "Answer", "Retrieval")


class Agent:
    """Answers questions from one or several collections.

    Make one with `Agent.open`, or with `Agent(retriever)` around a retriever of your own. All methods may be called
    from many threads; each has an `a…` twin for async code. It is a context manager.

    Args:
        retriever: where the passages are.
        config: how questions are answered; by default as the settings say.
        llm: the language model, or several, each asked where those before it fail; also a function from messages to
            text. By default as the settings say, and without one everything goes without.
        budget: what all questions together may spend on it; a `Ledger` may be shared with other agents.
        checkpoints: an SQLite file in which runs with a `thread` are kept, so that a killed one can be resumed.

    Raises:
        CallerError: for settings that name a part that there is not, or prices that cannot be read.
        OperatorError: for weights that cannot be used.
    """

    def __init__(
        self,
        retriever: Retriever,
        *,
        config: Config | None = None,
        llm: LanguageModel | Model | Sequence[LanguageModel | Model] | None = None,
        budget: Budget | Ledger | None = None,
        settings: Settings | None = None,
        checkpoints: Path | str | None = None,
        profile: Config | None = None,
    ) -> None:
        if profile is not None:
            warnings.warn(
                "Agent(profile=) is Agent(config=) now; the old name goes with the next release",
                DeprecationWarning,
                stacklevel=2,
            )
            config = profile
        self.settings = settings or Settings()
        self.retriever = retriever
        self.models = LanguageModels.of(self.settings, llm, budget)
        self.config = config or Config.of(self.settings, retriever, llm=bool(self.models.models))
        #: what no setting says, so that a kept run cannot be asked again alike
        self._own = [name for name, given in {"config": config, "language model": llm}.items() if given is not None]
        self._runtime = Runtime(checkpoints)
        self._collections: list[Collection] = []
        self._calibration: tuple[object, Calibration] | None = None

    @classmethod
    def open(
        cls,
        home: Path | str | None = None,
        *names: str,
        create: bool = False,
        embedder: Encoder | None = None,
        settings: Settings | None = None,
        **options: Unpack[AgentOptions],
    ) -> Agent:
        """Open collections by name, `default` if none is named; with `create` a missing one is made.

        Several collections are searched as one and must have the same embedder. `options` go to the constructor.

        Raises:
            CallerError: for a collection that is not there, or an option that is none.
            OperatorError: for a lock that is held, or a collection that cannot be read.
        """
        check_agent_options(options)
        settings = settings or Settings()
        opened: list[Collection] = []
        opening = Collection.create if create else Collection.open
        how = Options(
            index=settings.index,
            embedder=settings.embedder,
            query_transform=settings.query_transform,
            chunk_tokens=settings.chunk_tokens or 0,
            lease=True,
        )
        try:
            for name in dict.fromkeys(names or ("default",)):
                opened.append(opening(home or settings.home, name, embedder=embedder, options=how))
            agent = cls(opened[0] if len(opened) == 1 else MultiRetriever(opened), settings=settings, **options)
        except BaseException:
            for collection in opened:
                collection.close()
            raise
        agent._collections = opened
        return agent

    @classmethod
    def around(
        cls,
        search: Any,
        *,
        embedder: Encoder | None = None,
        settings: Settings | None = None,
        **options: Unpack[AgentOptions],
    ) -> Agent:
        """Put the hops around a search of your own: see `CallableRetriever` for what it may be.

        Raises:
            CallerError: for an option that is none.
            OperatorError: for an embedder that cannot be loaded.
        """
        check_agent_options(options)
        settings = settings or Settings()
        encoder = with_transform(accepted(embedder or load(settings=settings)), settings.query_transform)
        return cls(CallableRetriever(search, encoder), settings=settings, **options)

    @property
    def collections(self) -> Sequence[Collection]:
        """Return the collections that this agent opened; none around a retriever of your own."""
        return tuple(self._collections)

    @property
    def collection(self) -> Collection:
        """Return the first collection, the one that is written to.

        Raises:
            CallerError: where there is none, around a retriever of your own.
        """
        if not self._collections:
            raise CallerError("this agent stands around a retriever of your own; index with that, or use Agent.open")
        return self._collections[0]

    def index(
        self,
        paths: Sequence[str | Path],
        *,
        prune: bool = False,
        watcher: Watcher | None = None,
        everything: bool = False,
        links: bool = False,
        only: Sequence[str] | None = None,
        url: str = "",
    ) -> IndexReport:
        """Bring the first collection up to date with files and folders.

        Documents are known by their path below the folder that is named, so that it may be renamed.

        Args:
            paths: files, and folders that are read with all below them.
            prune: whether to remove the documents of files that are gone.
            watcher: is told how far the work is.
            everything: whether to read hidden files, what tools install or build, and what ignore files name too.
            links: whether to follow symbolic links that lead out of the paths.
            only: absolute paths; nothing else below `paths` is looked at.
            url: where the pages of the folder are on the web, so that links which say so lead to them; it is kept.

        Returns:
            An `IndexReport`: what was read, changed, left out and skipped, with the reasons.

        Raises:
            CallerError: a path does not exist, this agent opened no collection, or `url` is none.
        """
        from ..ingest.index import index_paths

        return index_paths(
            self.collection,
            paths,
            prune=prune,
            max_bytes=self.settings.max_bytes,
            watcher=watcher,
            everything=everything,
            links=links,
            keep_originals=self.settings.keep_originals,
            only=only,
            url=url,
        )

    # Questions

    def retrieve(self, question: str, k: int | None = None, **options: Unpack[QuestionOptions]) -> Retrieval:
        """Find the passages that together answer a question.

        The first search finds passages near the question. Then names in these passages are followed to other passages,
        as often as the configuration allows. All passages found are ranked, and the best are returned.

            found = agent.retrieve("Where was the director of Jaws born?", k=2)
            print([passage.title for passage in found.passages])  # ['Jaws', 'Steven Spielberg']

        Args:
            question: one question in plain words; it may also say what to leave out ("not about films").
            k: how many passages to return; by default the setting `k`, which is 5.
            where: a filter on the metadata of documents, such as `"year >= 2020"`.
            history: the earlier turns of a conversation, oldest first; a follow-up question is understood by them.
            thread: a name for the run. With `checkpoints`, the same call resumes a run that was killed.
            cancel: an event; once it is set, the run ends after its present step with what it has found.
            explain: whether `left_out` of the result says what was found besides, and why it is not among the k.
            listener: is called with each event of the run as it happens, in the thread that computes it; a run with a
                `thread` tells nobody.

        Returns:
            A `Retrieval`. Its `passages` are sorted, best first; there may be fewer than k. Each says its text, its
            score, and the `path` of passages that led to it. `sufficiency` is the estimated probability, from 0 to 1,
            that the first five passages hold everything the question needs.

        Raises:
            CallerError: the question is empty, or the filter, k, the history or an option is wrong.
            OperatorError: a file or a service that is needed failed.
        """
        asked = self._asked("retrieve", question, k, options)
        return self._retrieval(self._runtime.invoke(asked), asked)

    def ask(self, question: str, k: int | None = None, **options: Unpack[QuestionOptions]) -> Answer:
        """Answer a question from the passages that `retrieve` finds, with citations.

        A language model writes the answer if the agent has one. Otherwise it is made of sentences of the passages.
        The arguments are those of `retrieve`.

        Raises:
            CallerError: as for `retrieve`.
            OperatorError: as for `retrieve`.
        """
        asked = self._asked("answer", question, k, options)
        return self._answer(self._runtime.invoke(asked), asked)

    def stream(
        self, question: str, k: int | None = None, **options: Unpack[QuestionOptions]
    ) -> Iterator[Event | Answer]:
        """Yield the events of a run as they happen, then its `Answer`; leaving the loop ends the run.

        Raises:
            CallerError: as for `retrieve`.
            OperatorError: as for `retrieve`.
        """
        asked = self._asked("answer", question, k, options)
        asked.run.heard = True
        state = State()
        try:
            for mode, part in self._runtime.stream(asked):
                if mode == "custom":
                    yield part
                else:
                    state = part
        finally:
            asked.abandon()
        yield self._answer(state, asked)

    @overload
    def batch(
        self, questions: Sequence[str], k: int | None = None, **options: Unpack[QuestionOptions]
    ) -> list[Retrieval]: ...

    @overload
    def batch(
        self,
        questions: Sequence[str],
        k: int | None = None,
        *,
        errors: Literal["return"],
        **options: Unpack[QuestionOptions],
    ) -> list[Retrieval | Exception]: ...

    def batch(
        self,
        questions: Sequence[str],
        k: int | None = None,
        *,
        errors: Errors = "raise",
        **options: Unpack[QuestionOptions],
    ) -> Any:
        """Retrieve for many questions at once; questions are embedded and searched for together, which is faster.

        The results are those of one question at a time. A question that fails does not stop the others.

        Args:
            questions: any number of questions; k and the other options hold for all of them.
            errors: "raise" raises the first error once all questions are asked; "return" puts each error into the
                list, at the place of its question.

        Returns:
            A `Retrieval` for each question, in the order of the questions.

        Raises:
            CallerError: for a single string, a thread, or an option that is wrong for all questions.
        """
        return self._batch(questions, k, errors, options).run()

    # The same for async code

    async def aretrieve(self, question: str, k: int | None = None, **options: Unpack[QuestionOptions]) -> Retrieval:
        """Do what `retrieve` does.

        Raises:
            CallerError: as for `retrieve`.
            OperatorError: as for `retrieve`.
        """
        asked = self._asked("retrieve", question, k, options)
        return self._retrieval(await self._runtime.ainvoke(asked), asked)

    async def aask(self, question: str, k: int | None = None, **options: Unpack[QuestionOptions]) -> Answer:
        """Do what `ask` does.

        Raises:
            CallerError: as for `retrieve`.
            OperatorError: as for `retrieve`.
        """
        asked = self._asked("answer", question, k, options)
        return self._answer(await self._runtime.ainvoke(asked), asked)

    async def astream(
        self, question: str, k: int | None = None, **options: Unpack[QuestionOptions]
    ) -> AsyncIterator[Event | Answer]:
        """Do what `stream` does.

        Raises:
            CallerError: as for `retrieve`.
            OperatorError: as for `retrieve`.
        """
        asked = self._asked("answer", question, k, options)
        asked.run.heard = True
        state = State()
        try:
            async for mode, part in self._runtime.astream(asked):
                if mode == "custom":
                    yield part
                else:
                    state = part
        finally:
            asked.abandon()
        yield self._answer(state, asked)

    @overload
    async def abatch(
        self, questions: Sequence[str], k: int | None = None, **options: Unpack[QuestionOptions]
    ) -> list[Retrieval]: ...

    @overload
    async def abatch(
        self,
        questions: Sequence[str],
        k: int | None = None,
        *,
        errors: Literal["return"],
        **options: Unpack[QuestionOptions],
    ) -> list[Retrieval | Exception]: ...

    async def abatch(
        self,
        questions: Sequence[str],
        k: int | None = None,
        *,
        errors: Errors = "raise",
        **options: Unpack[QuestionOptions],
    ) -> Any:
        """Do what `batch` does; cancelling the task ends the runs.

        Raises:
            CallerError: as for `batch`.
        """
        batch = self._batch(questions, k, errors, options)
        try:
            return await asyncio.to_thread(batch.run)
        except asyncio.CancelledError:
            batch.stop()
            raise

    def evaluate(
        self,
        questions: Sequence[Mapping[str, Any] | GoldQuestion],
        *,
        without: Sequence[str] = (),
        plus: Sequence[str] = (),
        seed: int = 0,
        advance: Callable[[int], None] = lambda amount: None,
    ) -> Evaluation:
        """Compare this agent with plain searches on questions whose passages are known.

        Each question is a mapping with `question` and `gold`, a list of document keys, titles, passage ids, or objects
        with title and text. `without` and `plus` name parts of the run: each is left out, or added, in a variant that
        is compared too; `polyhop.agent.evaluate.variants` lists them. `advance` hears that another question is done.

        Raises:
            CallerError: for a question that is none, an unknown part, or gold of which the collections hold nothing.
        """
        from .evaluate import compare
        from .evaluate import questions as asked
        from .evaluate.variants import Setup

        return compare.evaluate(
            Setup(self.retriever, self.config),
            asked.questions_of(questions),
            lambda: [row for collection in self._collections for row in collection.documents()],
            without=without,
            plus=plus,
            seed=seed,
            advance=advance,
        )

    def calibrate(
        self,
        questions: Sequence[Mapping[str, Any] | GoldQuestion],
        *,
        advance: Callable[[int], None] = lambda amount: None,
    ) -> CalibrationReport:
        """Learn from questions whose passages are known what this agent's probabilities are worth in its collection.

        The questions are those of `evaluate`; one may also have an `answer`, or a list of them. All are asked, without
        a language model. From then on `Retrieval.sufficiency` and `Answer.confidence` are calibrated for every agent of
        the same profile, configuration and embedder, until questions are given again. Nothing else changes: neither
        the passages nor when a run stops.

        Returns:
            A `CalibrationReport`: how well the probabilities were calibrated before and after.

        Raises:
            CallerError: for a question that is none, fewer than 10 of them, gold of which the collection holds nothing,
                or an agent that has not exactly one collection.
            OperatorError: where the record cannot be written.
        """
        from .calibration import keep
        from .evaluate import calibrate
        from .evaluate import questions as asked

        if not isinstance(self.retriever, Collection):
            raise CallerError("a calibration is kept in a collection; open this agent with exactly one")
        report, lines = calibrate.calibrated(
            self._uncalibrated, asked.questions_of(questions), self.retriever, self.retriever.documents, advance=advance
        )
        keep(self.retriever, lines, self.config, self.settings.profile)
        return report

    @property
    def calibration(self) -> Calibration | None:
        """Return what the collection's record knows of the probabilities; of several collections nobody knows."""
        if not isinstance(self.retriever, Collection) or not (said := self.retriever.record.get("calibration")):
            return None
        from .calibration import known  # few collections have one

        state = said, self.retriever.record.get("generation")
        if self._calibration is None or self._calibration[0] != state:
            self._calibration = state, known(self.retriever, said, self.config, self.settings.profile)
        return self._calibration[1]

    def as_tool(self, name: str = "find_passages") -> StructuredTool:
        """Return retrieval as a LangChain tool, for an agent that decides itself when to look things up."""
        from .adapters.langchain import passages_tool

        return passages_tool(self, name)

    def as_retriever(self, k: int | None = None, where: str = "") -> BaseRetriever:
        """Return retrieval as a LangChain retriever, for a chain that looks things up with every question."""
        from .adapters.langchain import PassageRetriever

        def asked(question: str, emit: Callable[[Event], None]) -> PreparedRun:
            prepared = self._asked("retrieve", question, k, {"where": where})
            prepared.run.emit = emit
            return prepared

        def find(question: str, emit: Callable[[Event], None]) -> Retrieval:
            prepared = asked(question, emit)
            return self._retrieval(self._runtime.invoke(prepared), prepared)

        async def afind(question: str, emit: Callable[[Event], None]) -> Retrieval:
            prepared = asked(question, emit)
            return self._retrieval(await self._runtime.ainvoke(prepared), prepared)

        return PassageRetriever(find=find, afind=afind)

    def chat(self, history: Sequence[Mapping[str, Any]] = ()) -> Chat:
        """Return a new conversation, or one that goes on from the turns of another.

        Raises:
            CallerError: for a history that is none.
        """
        from .chat import Chat

        return Chat(self, history)

    def close(self) -> None:
        """Let go of collections and checkpoints."""
        self._runtime.close()
        self.models.close()
        for collection in self._collections:
            collection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _asked(self, task: Task, question: str, k: int | None, options: QuestionOptions) -> PreparedRun:
        request = requested(question, self.settings.k if k is None else k, options, task)
        cancel = options.get("cancel")
        run = Run(self.retriever, config=self.config, cancelled=cancel)
        run.llm = self.models.gateway(run.cancelled.is_set)
        run.emit = options.get("listener") or run.emit
        return PreparedRun(
            request,
            run,
            options.get("thread") or "",
            own_event=cancel is None,
            explain=options.get("explain", False) or self.settings.runs > 0,
        )

    def _uncalibrated(self, question: str, *, answered: bool) -> Answer | Retrieval:
        """Return what comes of a question without a language model, with its probabilities as they are."""
        asked = self._asked("answer" if answered else "retrieve", question, FIRST, {})
        asked.run.llm = None
        state = self._runtime.invoke(asked)
        return (answer_of if answered else retrieval_of)(state, self.retriever)

    def _batch(self, questions: Sequence[str], k: int | None, errors: Errors, options: QuestionOptions) -> BatchRun:
        from .batch import BatchRun

        check_batch(questions, options)
        checked(options)
        check_k(self.settings.k if k is None else k)
        ask = partial(self._asked, "retrieve", k=k, options=options)
        return BatchRun(questions, ask, retriever=self.retriever, retrieval_of=self._retrieval, errors=errors)

    def _retrieval(self, state: State, asked: PreparedRun) -> Retrieval:
        notices, run = self.config.notices, asked.run.id
        found = retrieval_of(state, self.retriever, notices, self.calibration, run=run, explain=asked.explain)
        return self._kept(found, asked)

    def _answer(self, state: State, asked: PreparedRun) -> Answer:
        notices, run = self.config.notices, asked.run.id
        said = answer_of(state, self.retriever, notices, self.calibration, run=run, explain=asked.explain)
        return self._kept(said, asked)

    def _kept(self, result: Result, asked: PreparedRun) -> Result:
        """Keep a run where that is set, and return its result; a run that cannot be kept has answered nevertheless."""
        if self.settings.runs:
            from .traces import keep

            keep(asked, result, settings=self.settings, own=self._own, retriever=self.retriever)
        return result
