"""Escalate: sub-questions by a language model, where the passages found without one are not sufficient."""

from __future__ import annotations

from ...core.errors import ModelError
from ...core.llm.gateway import Gateway
from ...prompts import prompted
from ...retrieval.candidate import Candidate
from ...retrieval.query.decompose import Decomposition
from ...retrieval.run import Run
from ..state import State, Watch, add_found, new_best
from .steps import second_look

#: tokens that sub-questions may have
MOST = 400


async def escalate(state: State, run: Run) -> State:
    """Have the question split, search for its parts, and rank all that was found by then anew.

    Nothing is asked where nothing was found at all, or where the policy says so. A model that fails, or whose
    sub-questions are no such, costs nothing but its call: the ranking stays as it is, and the event says why.
    """
    llm = run.model(state.get("spent", []))
    if llm is None or not state["ranked"] or run.expired() or not run.config.escalation(state.get("sufficiency")):
        return State()
    watch = Watch("escalate", state)
    notices: list[str] = []
    questions: list[str] = []
    try:
        questions = await _split(run.question, llm)
    except ModelError as error:
        notices.append(f"the question was not split: {error}")
    spent = llm.taken()
    if not questions or run.expired():
        event = watch.event(queries=0, notices=notices)
        run.emit(event)
        return State(events=[event], spent=spent)
    return State(spent=spent, **_pursued(questions, state, run, watch))


async def _split(question: str, llm: Gateway) -> list[str]:
    """Return the sub-questions, or nothing where the question stays whole."""
    messages = prompted("decompose", f"Question: {question}")
    questions = (await llm.structured("escalate", messages, Decomposition, max_tokens=MOST)).questions
    return questions if questions != [question] else []


def _pursued(questions: list[str], state: State, run: Run, watch: Watch) -> State:
    """Return what the sub-questions change: what was found, its ranking, and how each was asked."""
    config = run.config
    new, asked = config.pursuit.pursue(questions, run, first=config.first, ranker=config.ranker)
    found = [Candidate(**{**one, "hop": state["searches"]}) for one in new]
    looked = second_look(add_found(state["found"], found), run)
    event = watch.event(
        queries=len(asked),
        found=len({one["id"] for one in found}),
        new=new_best(state, looked.ranked),
        notices=looked.notices,
    )
    run.emit(event)
    return State(found=found, ranked=looked.ranked, sufficiency=looked.sufficiency, asked=asked, events=[event])
