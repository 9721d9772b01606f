"""Choose: the passages that together answer the question go first, as a language model chooses them."""

from __future__ import annotations

from collections.abc import Sequence

from ...answering.quoted import evidence, quoted
from ...core.errors import ModelError
from ...core.llm.gateway import Gateway
from ...prompts import prompted
from ...retrieval.candidate import Candidate
from ...retrieval.rerank.choice import ChosenPassages, SetChoice, put_first
from ...retrieval.run import Run
from ..state import State, Watch, new_best

#: tokens that the numbers may have
MOST = 200


async def choose(state: State, run: Run) -> State:
    """Let the model choose among the first passages, and put what it chose before all others.

    The ranking stands where the model fails, chooses nothing, or chooses only what was not shown; the event says so.
    """
    choice, llm = run.config.choice, run.model(state.get("spent", []))
    if choice is None or llm is None or run.expired():
        return State()
    watch = Watch("choose", state)
    shown = [item for item in choice.shown(state["ranked"]) if run.known(item["id"]) is not None]
    notices: list[str] = []
    try:
        rows = await _rows(_texts(shown, choice, run), run.question, llm, notices)
    except ModelError as error:
        rows = []
        notices.append(f"no passages were chosen, and the ranking stands: {error}")
    ranked = put_first(state["ranked"], [shown[row]["id"] for row in rows])
    event = watch.event(found=len(rows), new=new_best(state, ranked), notices=notices)
    run.emit(event)
    changes = State(events=[event], spent=llm.taken())
    return State(**changes, ranked=ranked, sufficiency=run.config.estimate(ranked, run)) if rows else changes


async def _rows(texts: Sequence[str], question: str, llm: Gateway, notices: list[str]) -> list[int]:
    """Return which texts are chosen, from 0, in the order in which they are needed; what is odd about it is noted."""
    said = await llm.structured("choose", messages(question, texts), ChosenPassages, max_tokens=MOST)
    rows, odd = said.among(len(texts))
    if odd:
        notices.append(
            f"{llm.name!r} chose {odd[:5]}, which are none of the {len(texts)} passages; these were left out"
        )
    if not rows:
        notices.append(f"{llm.name!r} chose no passage, and the ranking stands")
    return rows


def _texts(shown: Sequence[Candidate], choice: SetChoice, run: Run) -> list[str]:
    """Return what the model reads of each passage: as data, without the sentences that are known to give orders."""
    known = [one.passage for item in shown if (one := run.known(item["id"])) is not None]
    texts = [f"{one.title}\n{one.text}" if one.title else one.text for one in known]
    return [quoted(evidence(text)[: choice.characters]) for text in texts]


def messages(question: str, texts: Sequence[str]) -> list[dict[str, str]]:
    """Return the conversation for the model: rules, then the passages as marked data, then the question."""
    passages = "\n".join(f"<passage number={n}>\n{text}\n</passage>" for n, text in enumerate(texts, start=1))
    return prompted("choose", f"{passages}\n\nQuestion: {question}")
