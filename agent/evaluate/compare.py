"""Comparing a run with plain searches, and with variants of itself, on questions whose passages are known."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, TypeVar, cast

import numpy as np

from ...core.errors import CallerError
from ...retrieval.retriever import Retriever
from .metrics import estimates, scores_of_places
from .questions import Gold, GoldQuestion, by_title, is_there
from .systems import PassageLike, Search, bm25, dense, hybrid, polyhop
from .variants import Setup, is_variant, variants

T = TypeVar("T")
DEPTHS = (2, 5, 10)
BASELINE = "hybrid"
MAIN = "polyhop"
DIGITS = 5

#: hears that another question is done
Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class System:
    """The figures of one system.

    `figures` are [mean, low, high] by metric, low and high a 95 % bootstrap interval; `differences` the same of the
    paired difference to `against`. `ms` is the median of one question.
    """

    figures: Mapping[str, Sequence[float]]
    against: str
    differences: Mapping[str, Sequence[float]]
    ms: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well each system finds the gold of some questions; `missing` is the gold that the collection lacks."""

    questions: int
    gold: int
    missing: Sequence[str]
    systems: Mapping[str, System]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


def evaluate(
    setup: Setup,
    questions: Sequence[GoldQuestion],
    documents: Callable[[], Sequence[tuple[str, str, str]]],
    *,
    without: Sequence[str] = (),
    plus: Sequence[str] = (),
    seed: int = 0,
    advance: Advance = lambda amount: None,
) -> Evaluation:
    """Ask every system every question.

    Gold that is not in the collection counts as missed.

    Raises:
        CallerError: for an unknown part, or if the collection holds none of the gold.
    """
    memory = Memory()
    systems = searches(setup, memory, without=without, plus=plus)
    asking = {name: _to_depth(search) for name, search in systems.items()}
    warm = asking[MAIN] if any(map(is_variant, systems)) else None
    asked = ask(asking, [question.text for question in questions], memory=memory, warm=warm, advance=advance)
    places = {
        name: [places_of(question.gold, found) for question, (found, _) in zip(questions, answers, strict=True)]
        for name, answers in asked.items()
    }
    missing = missing_gold(questions, places, setup.retriever, documents)
    gold = sum(len(question.gold) for question in questions)
    milliseconds = {name: float(np.median([one for _, one in answers])) for name, answers in asked.items()}
    return Evaluation(len(questions), gold, missing, _systems(places, milliseconds, seed))


def searches(
    setup: Setup, memory: Memory, *, without: Sequence[str] = (), plus: Sequence[str] = ()
) -> dict[str, Search]:
    """Return the plain searches, the run itself and its variants, all on one memory.

    Raises:
        CallerError: for a part that there is not.
    """
    shared = Setup(cached(setup.retriever, memory), setup.config)
    found = {"dense": dense(shared.retriever), "bm25": bm25(shared.retriever), BASELINE: hybrid(shared.retriever)}
    made = {MAIN: shared} | variants(shared, without=without, plus=plus)
    return found | {name: polyhop(one.retriever, one.config) for name, one in made.items()}


def ask(
    systems: Mapping[str, Callable[[str], T]],
    questions: Sequence[str],
    *,
    memory: Memory,
    warm: Callable[[str], object] | None = None,
    advance: Advance = lambda amount: None,
) -> dict[str, list[tuple[T, float]]]:
    """Return for each system its answer to each question, and the milliseconds.

    Look-ups that systems share are made once and their time is counted for each. What is kept elsewhere, such as the
    words of a text, makes the first of several variants look slow: `warm` is asked before all, and not counted.
    """
    found: dict[str, list[tuple[T, float]]] = {name: [] for name in systems}
    for question in questions:
        memory.forget()
        if warm:
            warm(question)
        for name, search in systems.items():
            began, saved = time.perf_counter(), memory.saved
            answer = search(question)
            seconds = time.perf_counter() - began + memory.saved - saved
            found[name].append((answer, 1000 * seconds))
        advance(1)
    return found


def _to_depth(search: Search) -> Callable[[str], Sequence[PassageLike]]:
    return lambda question: search(question, DEPTHS[-1])


def places_of(gold: Sequence[Gold], found: Sequence[PassageLike]) -> list[int | None]:
    """Return the rank, from 1, of the first passage that meets each gold."""
    return [next((rank for rank, one in enumerate(found, start=1) if wanted.is_met(one)), None) for wanted in gold]


def missing_gold(
    questions: Sequence[GoldQuestion],
    places: Mapping[str, Sequence[Sequence[int | None]]],
    retriever: Retriever,
    documents: Callable[[], Sequence[tuple[str, str, str]]],
) -> list[str]:
    """Return the gold that nobody found and that is not there, with its place.

    Raises:
        CallerError: if that is all gold there is.
    """
    unfound = [
        (question, wanted)
        for number, question in enumerate(questions)
        for place, wanted in enumerate(question.gold)
        if not any(of_system[number][place] for of_system in places.values())
    ]
    titles = by_title(documents()) if unfound else {}
    missing = [f"{question.place}: {gold}" for question, gold in unfound if not is_there(gold, retriever, titles)]
    if len(missing) == sum(len(question.gold) for question in questions):
        raise CallerError(
            f"the collection holds none of the {len(missing)} gold passages, the first: {missing[0]}; "
            "give document keys or titles as `polyhop list` shows them, or choose another --collection"
        )
    return missing


def _systems(
    places: Mapping[str, Sequence[Sequence[int | None]]], milliseconds: Mapping[str, float], seed: int
) -> dict[str, System]:
    values = {name: scores_of_places(ranks, DEPTHS) for name, ranks in places.items()}
    against = {name: MAIN if is_variant(name) else BASELINE for name in values if name != BASELINE}
    differences = {(name, other): values[name] - values[other] for name, other in against.items()}
    estimated = estimates({(name, ""): own for name, own in values.items()} | differences, depths=DEPTHS, seed=seed)
    return {
        name: System(
            figures=_rounded(estimated[name, ""]),
            against=against.get(name, ""),
            differences=_rounded(estimated[name, against[name]]) if name in against else {},
            ms=round(milliseconds[name], 3),
        )
        for name in values
    }


def _rounded(figures: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    return {metric: [round(number, DIGITS) for number in numbers] for metric, numbers in figures.items()}


class Memory:
    """Results of calls by what was asked, with what each cost.

    `saved` are the seconds that remembered results would have cost, less those that looking them up took: a run's time
    and the growth of `saved` meanwhile are together what the run costs without this memory.
    """

    def __init__(self) -> None:
        self.saved = 0.0
        self._known: dict[tuple[Any, ...], tuple[Any, float]] = {}

    def once(self, work: Callable[[], T], *asked: Any) -> T:
        """Return the result of a call, made only if it is not remembered."""
        began = time.perf_counter()
        if asked in self._known:
            result, cost = self._known[asked]
            self.saved += cost - (time.perf_counter() - began)
            return result  # type: ignore[no-any-return]
        result = work()
        self._known[asked] = result, time.perf_counter() - began
        return result

    def forget(self) -> None:
        """Drop everything, as is due between questions: they share little."""
        self._known.clear()


def cached(retriever: Retriever, memory: Memory) -> Retriever:
    """Return a retriever that passes every call on, equal calls once; nothing may be written to it meanwhile.

    Results are copied, so that whoever changes one changes no other.
    """
    return cast(Retriever, _Cached(retriever, memory))


class _Cached:
    """A retriever or an encoder whose look-ups are remembered."""

    def __init__(self, inner: Any, memory: Memory) -> None:
        self._inner = inner
        self._memory = memory

    @cached_property
    def embedder(self) -> _Cached:
        return _Cached(self._inner.embedder, self._memory)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in _LOOK_UPS:
            return found

        def look_up(*asked: Any, **options: Any) -> Any:
            what = (*map(_key, asked), *sorted(options.items()))
            return _copied(self._memory.once(lambda: found(*asked, **options), name, *what))

        return look_up


_LOOK_UPS = frozenset(
    "dense lexical passages vectors frequency bearers mentioning heads linked linking background "
    "encode_passages encode_queries".split()
)


def _key(asked: Any) -> Any:
    """Return what is asked as a key; of many texts or numbers a digest, since thousands of names are asked at once."""
    if isinstance(asked, str) or not hasattr(asked, "__len__"):
        return asked
    if not isinstance(asked, np.ndarray) and all(isinstance(one, str) for one in asked):
        return blake2b("\0".join(asked).encode("utf-8", "surrogatepass"), digest_size=16).digest()
    rows = np.asarray(asked, np.float32)
    return rows.tobytes(), rows.shape


def _copied(found: Any) -> Any:
    """Return a copy of lists, mappings and arrays; what is inside is not changed by anybody."""
    if isinstance(found, Mapping):
        return {name: _copied(one) for name, one in found.items()}
    if isinstance(found, list):
        return [_copied(one) for one in found]
    return found.copy() if isinstance(found, np.ndarray) else found
